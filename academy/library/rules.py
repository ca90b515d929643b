"""State transitions of a course, as pure functions. Nothing unreviewed reaches a member.

The way: draft → submitted → returned or approved → published → withdrawn.

An edit of something submitted, approved, returned or withdrawn re-opens it as a draft. A published course is not
edited in place: its author opens a *revision*, a draft beside it, and members keep the approved version until the
revision has been approved as well and replaces it. The version rises when published content changes (an item added,
removed or its file replaced); titles, summaries, order and covers leave it, and completions, unchanged.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from academy.core.i18n import Message, msg
from academy.library.models import CourseState
from academy.media.api import AssetState

S = CourseState


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


MOVES: dict[CourseVerb, dict[CourseState, CourseState]] = {
    CourseVerb.EDIT: {
        S.DRAFT: S.DRAFT,
        S.RETURNED: S.DRAFT,
        S.SUBMITTED: S.DRAFT,
        S.APPROVED: S.DRAFT,
        S.WITHDRAWN: S.DRAFT,
    },
    CourseVerb.SUBMIT: {S.DRAFT: S.SUBMITTED, S.RETURNED: S.SUBMITTED},
    CourseVerb.RETURN: {S.SUBMITTED: S.RETURNED, S.APPROVED: S.RETURNED},
    CourseVerb.APPROVE: {S.SUBMITTED: S.APPROVED},
    CourseVerb.PUBLISH: {S.APPROVED: S.PUBLISHED},
    CourseVerb.REPUBLISH: {S.WITHDRAWN: S.PUBLISHED},
    CourseVerb.WITHDRAW: {S.PUBLISHED: S.WITHDRAWN},
    CourseVerb.REVISE: {S.PUBLISHED: S.PUBLISHED},
    CourseVerb.DISCARD: {S.DRAFT: S.DISCARDED, S.RETURNED: S.DISCARDED},
}
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


def after(verb: CourseVerb, state: CourseState | str) -> CourseState | None:
    """The state after the verb, or None where it is not possible in `state`."""
    return MOVES[verb].get(CourseState(state))


def may(verb: CourseVerb, *, is_author: bool, is_reviewer: bool) -> bool:
    """Whether this person may do it: `is_reviewer` is whether the course is in their scope."""
    if verb in AUTHOR_VERBS:
        return is_author
    if verb in REVIEWER_VERBS:
        return is_reviewer and not is_author
    return is_author or is_reviewer


def offered_verbs(state: CourseState | str, *, is_author: bool, is_reviewer: bool) -> frozenset[CourseVerb]:
    """Every verb that is both possible now and allowed to this person: the page's buttons."""
    return frozenset(
        v for v in CourseVerb if after(v, state) is not None and may(v, is_author=is_author, is_reviewer=is_reviewer)
    )


def next_version(version: int, published_version: int | None) -> int:
    """The version after a change of content: one above the published one."""
    return version + 1 if version == published_version else version


@dataclass(frozen=True)
class ItemState:
    """The properties of an item that submitting checks."""

    title: str
    asset_state: str | None
    kind: str = "video"
    required: bool = True


def missing(*, title: str, summary: str, items: Sequence[ItemState]) -> list[Message]:
    """What is missing before a course can be submitted, as sentences."""
    wants: list[Message] = []
    if not title.strip():
        wants.append(msg("填写课程标题。"))
    if not summary.strip():
        wants.append(msg("写一段课程简介，告诉大家讲什么。"))
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
