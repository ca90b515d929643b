"""State transitions of a course, as pure functions. Nothing unreviewed reaches a member.

The way of a version: draft → submitted → returned or approved → published → superseded.

An edit of something submitted, approved or returned re-opens it as a draft. What is published is not edited: its author
starts a *revision*, a version in work beside it, and members keep the approved one until the revision has been approved
as well and takes its place. Content gets another number when published content changes (an item added, removed, its
file replaced, or required or not); titles, summaries, order and covers leave it, and completions, unchanged.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from academy.core.i18n import Message, msg
from academy.library.kinds import VersionState
from academy.media.api import AssetState

S = VersionState


class CourseVerb(enum.StrEnum):
    """Operations on a course."""

    EDIT = "edit"
    SUBMIT = "submit"
    RETURN = "return"
    APPROVE = "approve"
    PUBLISH = "publish"
    REPUBLISH = "republish"
    WITHDRAW = "withdraw"
    REVISE = "revise"
    DISCARD = "discard"


@dataclass(frozen=True)
class CourseStanding:
    """Where a course stands: the state of its version in work (None without one), and what members see."""

    draft: VersionState | None = None
    is_published: bool = False
    """Whether there is a published version; members see it unless the course is withdrawn."""
    is_withdrawn: bool = False


MOVES: dict[CourseVerb, dict[VersionState, VersionState]] = {
    CourseVerb.EDIT: {S.DRAFT: S.DRAFT, S.RETURNED: S.DRAFT, S.SUBMITTED: S.DRAFT, S.APPROVED: S.DRAFT},
    CourseVerb.SUBMIT: {S.DRAFT: S.SUBMITTED, S.RETURNED: S.SUBMITTED},
    CourseVerb.RETURN: {S.SUBMITTED: S.RETURNED, S.APPROVED: S.RETURNED},
    CourseVerb.APPROVE: {S.SUBMITTED: S.APPROVED},
    CourseVerb.PUBLISH: {S.APPROVED: S.PUBLISHED},
    CourseVerb.DISCARD: {S.DRAFT: S.DISCARDED, S.RETURNED: S.DISCARDED},
}
"""What happens to the version in work."""
AUTHOR_VERBS = frozenset({CourseVerb.EDIT, CourseVerb.SUBMIT, CourseVerb.REVISE, CourseVerb.DISCARD})
# Decisions: never by the author.
REVIEWER_VERBS = frozenset({CourseVerb.RETURN, CourseVerb.APPROVE, CourseVerb.REPUBLISH})
# Either: the content was approved already, or is being withdrawn.
EITHER_VERBS = frozenset({CourseVerb.PUBLISH, CourseVerb.WITHDRAW})

KINDS = ("video", "audio", "document")
# Kinds of items that completion can be based on: watched, listened to, or read page by page.
COUNTED = ("video", "audio", "document")
TITLE_LENGTH, SUMMARY_LENGTH, NAME_LENGTH, OFFICE_LENGTH, COMMENT_LENGTH = 120, 4000, 60, 120, 2000
ITEMS_MOST = 100
CATEGORY_LENGTH = 20
CREDIT_MOST = 600
PAGE_MINUTES, READING_MINUTES = 2, 20
"""Credit for a page of a document, and the least for a course that is only read."""
MINUTE_MS = 60_000


def after(verb: CourseVerb, standing: CourseStanding) -> CourseStanding | None:
    """Where the course stands after the verb, or None where it is not possible now."""
    draft, shown = standing.draft, standing.is_published and not standing.is_withdrawn
    hidden = standing.is_published and standing.is_withdrawn
    if verb is CourseVerb.REVISE:
        return replace(standing, draft=draft or S.DRAFT) if shown else None
    if verb is CourseVerb.WITHDRAW:
        # What was approved before counts no more: a reviewer is to know of the withdrawal.
        return (
            replace(standing, is_withdrawn=True, draft=S.SUBMITTED if draft is S.APPROVED else draft) if shown else None
        )
    if verb is CourseVerb.REPUBLISH:
        return replace(standing, is_withdrawn=False) if hidden else None
    if draft is None:
        # The author of a withdrawn course edits it at once: nobody sees the published version.
        return replace(standing, draft=S.DRAFT) if verb is CourseVerb.EDIT and hidden else None
    target = MOVES[verb].get(draft)
    if target is None or (target is S.DISCARDED and standing.is_withdrawn and not hidden):
        return None
    if target is S.PUBLISHED:
        return CourseStanding(None, is_published=True)
    return replace(standing, draft=None if target is S.DISCARDED else target)


def may(verb: CourseVerb, *, is_author: bool, is_reviewer: bool) -> bool:
    """Whether this person may do it: `is_reviewer` is whether the course is in their scope."""
    if verb in AUTHOR_VERBS:
        return is_author
    if verb in REVIEWER_VERBS:
        return is_reviewer and not is_author
    return is_author or is_reviewer


def offered_verbs(standing: CourseStanding, *, is_author: bool, is_reviewer: bool) -> frozenset[CourseVerb]:
    """Every verb that is both possible now and allowed to this person: the page's buttons."""
    return frozenset(
        verb
        for verb in CourseVerb
        if after(verb, standing) is not None and may(verb, is_author=is_author, is_reviewer=is_reviewer)
    )


Listed = Sequence[tuple[int, int, bool]]
"""Items of a version: id, number, whether it is required."""


def content_number(listed: Listed, number: int, published: Listed | None, published_number: int) -> int:
    """The number of a version's content: that of the published version where it has the same items in the same
    versions with the same of them required, in any order; else the next.

    Where nothing is published (None), `number` stays.
    """
    if published is None:
        return number
    return published_number if sorted(listed) == sorted(published) else published_number + 1


@dataclass(frozen=True)
class ItemState:
    """The properties of an item that submitting checks."""

    title: str
    asset_state: str | None
    kind: str = "video"
    required: bool = True


def missing(*, title: str, summary: str, items: Sequence[ItemState]) -> list[Message]:
    """What is missing before a course can be submitted, as sentences."""
    return [*missing_particulars(title=title, summary=summary), *missing_files(items)]


def missing_particulars(*, title: str, summary: str) -> list[Message]:
    """What the fields of a course lack."""
    wants: list[Message] = []
    if not title.strip():
        wants.append(msg("填写课程标题。"))
    if not summary.strip():
        wants.append(msg("写一段课程简介，告诉大家讲什么。"))
    return wants


def missing_files(items: Sequence[ItemState]) -> list[Message]:
    """What the items of a course lack."""
    wants: list[Message] = []
    if not items:
        wants.append(msg("至少上传一个课件。"))
    elif not any(item.required and item.kind in COUNTED for item in items):
        wants.append(msg("至少要有一个必学的课件，才算得出谁学完了。"))
    for item in items:
        if item.asset_state == AssetState.FAILED:
            wants.append(msg("“%(title)s”未能处理，请重试或更换文件。", title=item.title))
        elif item.asset_state is None or item.asset_state == AssetState.DELETED:
            wants.append(msg("“%(title)s”没有文件，请上传。", title=item.title))
        elif item.asset_state != AssetState.READY:
            wants.append(msg("“%(title)s”还在处理，完成后就能提交。", title=item.title))
    return wants


def propose_credit(playing_ms: int, pages: int) -> int:
    """Minutes of credit for what has to be completed: its playing time and its documents' pages.

    A film counts its minutes, at least one; a page counts `PAGE_MINUTES`; what is only read, `READING_MINUTES` or more.
    """
    minutes = round(playing_ms / MINUTE_MS) + PAGE_MINUTES * pages
    return min(CREDIT_MOST, max(1 if playing_ms else READING_MINUTES, minutes))


def clean(text: str | None) -> str:
    """Stored form of a text: without control and bidirectional formatting characters, trimmed."""
    kept = (c for c in text or "" if c in "\n\t" or (c.isprintable() and c not in _TURNING))
    return "".join(kept).strip()


_TURNING = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def check_fields(
    *, title: str, summary: str, lecturer: str, office: str, threshold_permille: int, credit_minutes: int
) -> dict[str, Message]:
    """Errors of a course's fields, by field."""
    wrong: dict[str, Message] = {}
    if not title:
        wrong["title"] = msg("请填写标题。")
    elif len(title) > TITLE_LENGTH or "\n" in title:
        wrong["title"] = msg("标题请写成一行，不超过 %(most)s 个字。", most=TITLE_LENGTH)
    if len(summary) > SUMMARY_LENGTH:
        wrong["summary"] = msg("简介不超过 %(most)s 个字。", most=SUMMARY_LENGTH)
    if len(lecturer) > NAME_LENGTH:
        wrong["lecturer"] = msg("姓名不超过 %(most)s 个字。", most=NAME_LENGTH)
    if len(office) > OFFICE_LENGTH:
        wrong["office"] = msg("单位和职务不超过 %(most)s 个字。", most=OFFICE_LENGTH)
    if office and not lecturer:
        wrong["lecturer"] = msg("请填写主讲人姓名。")
    if not 1 <= threshold_permille <= 1000:
        wrong["threshold"] = msg("完成标准应在百分之一到百分之百之间。")
    if not 0 <= credit_minutes <= CREDIT_MOST:
        wrong["credit_minutes"] = msg("学时应在 0 到 %(most)s 分钟之间。", most=CREDIT_MOST)
    return wrong


MOMENT = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,3})[:：](\d{1,2})")


def read_moment(text: str) -> int | None:
    """Milliseconds of a typed moment of a film, 3:12 or 1:02:05; None for anything else."""
    found = MOMENT.fullmatch(text[:16].strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000


def read_page(text: str) -> int | None:
    """A typed page number, from 1; None for anything else."""
    number = text.strip()
    return int(number) if len(number) < 6 and number.isascii() and number.isdecimal() and int(number) else None
