"""Proposed changes to the text of a published lecture: by its author, approved by a reviewer.

Captions and chapters belong to a file, and a file may already be shown to a whole city; a course's own revision does
not cover them. Until the approval, members see the approved text. Unpublished text is changed at once: the course
itself is still to be reviewed.
"""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import Page, count_of, page_of
from academy.core.unique import lock_row
from academy.library import messages, rules
from academy.library.access import reviews
from academy.library.kinds import ProposalKind
from academy.library.models import ContentProposal, Course, ItemVersion
from academy.library.queries import reviewable
from academy.media import api as media
from academy.media.api import CueChange, CueText, ParsedCaptions
from academy.media.models import Asset
from academy.notifications import api as notifications

CAPTIONS, CHAPTERS = ProposalKind.CAPTIONS, ProposalKind.CHAPTERS
PROPOSAL_NAMES: dict[str, Message] = {CAPTIONS: msg("字幕"), CHAPTERS: msg("章节")}
SIZE = 20


def published_course_of(tx: Tx, asset_id: int) -> Course | None:
    """The published course that shows a file; of several the oldest, whose reviewers decide."""
    return tx.scalar(
        select(Course)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .where(ItemVersion.asset_id == asset_id, Course.is_published)
        .order_by(Course.id)
        .limit(1)
        .options(joinedload(Course.organisation))
    )


def pending_proposal(tx: Tx, asset_id: int, kind: str, *, lock: bool = False) -> ContentProposal | None:
    """The open or returned proposal for a file."""
    query = select(ContentProposal).where(
        ContentProposal.asset_id == asset_id,
        ContentProposal.kind == kind,
        ContentProposal.state.in_(("open", "returned")),
    )
    return tx.scalar(query.with_for_update() if lock else query)


def save_captions(tx: Tx, actor: Actor, asset: Asset, cues: list[CueText], seen: int) -> int:
    """Save edited lines: directly, or as a proposal where the lecture is published. Returns the version to continue
    from.

    Raises:
        Conflict: somebody else saved since version `seen` was read, or has an open proposal.
    """
    course = published_course_of(tx, asset.id)
    if course is None:
        return media.save_captions(tx, actor, asset, cues, seen).version
    script = media.transcript_of(tx, asset.id)
    return _propose_cues(tx, actor, course, asset, cues, seen=seen, estimated=bool(script and script.estimated))


def import_captions(tx: Tx, actor: Actor, asset: Asset, parsed: ParsedCaptions) -> bool:
    """Replace the captions by those of a file; whether they are only proposed.

    Raises:
        Invalid: captions beyond the end of the lecture.
    """
    course = published_course_of(tx, asset.id)
    if course is None:
        media.keep_captions(tx, actor, asset, parsed)
        return False
    media.check_caption_length(asset, parsed)
    _propose_cues(tx, actor, course, asset, parsed.cues, seen=None, estimated=parsed.estimated)
    return True


def restore_captions(tx: Tx, actor: Actor, asset: Asset, number: int) -> bool:
    """Restore an earlier version; whether it is only proposed.

    Raises:
        NotFound: there is no such version.
    """
    course = published_course_of(tx, asset.id)
    if course is None:
        media.restore_captions(tx, actor, asset, number)
        return False
    found = media.caption_version(tx, asset, number)
    _propose_cues(tx, actor, course, asset, [*found.cues], seen=None, estimated=False)
    return True


def keep_recognised(tx: Tx, asset: Asset, rows: list[list[Any]]) -> bool:
    """Store captions by speech recognition; False where written captions exist or are proposed.

    For a published lecture they are proposed in the name of the file's owner: machine output is not published
    unreviewed. A pending proposal by a person stays as it is.
    """
    cues, course = media.read_cues(rows), published_course_of(tx, asset.id)
    if course is None:
        return media.replace_cues(tx, asset, cues, "asr")
    lock_row(tx, asset)  # the first captions by a person may be saved concurrently
    script = media.transcript_of(tx, asset.id)
    if (script is not None and script.origin != "asr") or pending_proposal(
        tx, asset.id, CAPTIONS, lock=True
    ) is not None:
        return False
    _propose_cues(tx, Actor(account_id=asset.account_id), course, asset, cues, seen=None, estimated=False)
    return True


def mark_captions_timed(tx: Tx, actor: Actor, asset: Asset) -> bool:
    """Store corrected times of estimated captions; whether they are only proposed.

    Raises:
        NotFound: there are no captions.
    """
    course = published_course_of(tx, asset.id)
    if course is None:
        media.mark_captions_timed(tx, actor, asset)
        return False
    proposed = pending_proposal(tx, asset.id, CAPTIONS)
    cues = proposed_cues(proposed) if proposed else media.cue_texts(tx, asset.id)
    if not cues:
        raise NotFound
    _propose_cues(tx, actor, course, asset, cues, seen=None, estimated=False)
    return True


def save_chapters(tx: Tx, actor: Actor, asset: Asset, text: str) -> bool:
    """Save edited chapters; whether they are only proposed.

    Raises:
        Invalid: see `chapters.parse_chapters`.
    """
    course = published_course_of(tx, asset.id)
    if course is None:
        media.save_chapters(tx, actor, asset, text)
        return False
    pairs = media.parse_chapters(text, asset.duration_ms or 0)
    _propose(tx, actor, course, asset, CHAPTERS, {"chapters": [list(pair) for pair in pairs]}, seen=None, version=0)
    return True


def _propose_cues(
    tx: Tx, actor: Actor, course: Course, asset: Asset, cues: list[CueText], *, seen: int | None, estimated: bool
) -> int:
    script = media.transcript_of(tx, asset.id)
    rows = [[cue.start_ms, cue.end_ms, cue.text, cue.confidence] for cue in cues]
    content = {"cues": rows, "estimated": estimated}
    version = script.version if script else 0
    return _propose(tx, actor, course, asset, CAPTIONS, content, seen=seen, version=version)


def _propose(
    tx: Tx,
    actor: Actor,
    course: Course,
    asset: Asset,
    kind: str,
    content: dict[str, Any],
    *,
    seen: int | None,
    version: int,
) -> int:
    assert actor.account_id is not None
    tx.execute(select(Asset.id).where(Asset.id == asset.id).with_for_update())  # two tabs, one proposal
    row = pending_proposal(tx, asset.id, kind, lock=True)
    if row is not None and row.account_id != actor.account_id and row.state == "open":
        raise Conflict(msg("另一位同志提交的修改正在等待审阅，审阅之后才能再改。"))
    if seen is not None and seen != (row.revision if row else version):
        raise Conflict(msg("别人刚刚改过这份字幕。请复制您未保存的文字，刷新页面后再改。"))
    if row is None:
        row = ContentProposal(asset_id=asset.id, kind=kind, revision=version, state="")
    is_new = row.state != "open"
    row.account_id, row.course_id, row.state, row.base_version = actor.account_id, course.id, "open", version
    row.content, row.revision, row.updated_at = content, row.revision + 1, clock.now()
    row.reviewer_id = row.decided_at = None
    tx.add(row)
    tx.flush()
    if is_new:
        record(tx, actor, f"{kind}.proposed", f"asset:{asset.public_id}", course=course.public_id)
        messages.notify_reviewers_of_proposal(tx, course, row)
    return row.revision


def proposed_cues(row: ContentProposal) -> list[CueText]:
    """The lines of a proposal."""
    return media.read_cues(row.content["cues"])


def proposed_chapters(row: ContentProposal) -> str:
    """The chapters of a proposal as lines."""
    return media.chapter_lines((start, title) for start, title in row.content["chapters"])


def open_proposals(tx: Tx, actor: Actor, number: int) -> Page[ContentProposal]:
    """Pending proposals for this reviewer, oldest first."""
    query = _open_proposals(actor).order_by(ContentProposal.updated_at, ContentProposal.id)
    query = query.options(joinedload(ContentProposal.course), joinedload(ContentProposal.asset))
    return page_of(tx, query, number, SIZE)


def count_open_proposals(tx: Tx, actor: Actor) -> int:
    """How many proposals `open_proposals` lists."""
    return count_of(tx, _open_proposals(actor))


def _open_proposals(actor: Actor) -> Select[ContentProposal]:
    return (
        select(ContentProposal)
        .join(Course, Course.id == ContentProposal.course_id)
        .where(ContentProposal.state == "open", reviewable(actor))
    )


def access_proposal(tx: Tx, actor: Actor, public_id: str) -> ContentProposal:
    """A proposal within the reviewer's scope.

    Raises:
        NotFound: there is none, or it was withdrawn.
        Forbidden: out of scope.
    """
    row = tx.scalar(
        select(ContentProposal)
        .where(ContentProposal.public_id == public_id)
        .options(joinedload(ContentProposal.course).joinedload(Course.organisation), joinedload(ContentProposal.asset))
    )
    if row is None:
        raise NotFound
    if not reviews(actor, row.course):
        raise Forbidden(f"proposal:{public_id}")
    return row


def approve_proposal(tx: Tx, actor: Actor, row: ContentProposal, *, seen: int | None) -> None:
    """Apply a proposal in its author's name. Nobody approves their own.

    Raises:
        Conflict: it was decided, or changed since it was read, or its base has changed.
        Forbidden: it is the actor's own.
    """
    _decide(tx, actor, row, "approved", seen)
    author = Actor(account_id=row.account_id)
    if row.kind == CHAPTERS:
        media.put_chapters(tx, row.asset, [(int(start), str(title)) for start, title in row.content["chapters"]])
    else:
        script = media.transcript_of(tx, row.asset_id)
        if (script.version if script else 0) != row.base_version:
            raise Conflict(msg("字幕在这期间已经变了，请退回作者，在新的字幕上再改。"))
        media.save_captions(
            tx, author, row.asset, proposed_cues(row), row.base_version, estimated=bool(row.content["estimated"])
        )
    record(tx, actor, f"{row.kind}.approved", f"asset:{row.asset.public_id}", proposal=row.public_id)
    _notify_author(tx, row, msg("您对《%(title)s》%(what)s的修改已通过，党员现在能看到。", **_words(row)))


def return_proposal(tx: Tx, actor: Actor, row: ContentProposal, *, comment: str, seen: int | None) -> None:
    """Return a proposal with a comment; its content is kept.

    Raises:
        Invalid: there is no comment.
        Conflict: it was decided, or changed since it was read.
    """
    text = rules.clean(comment)[: rules.COMMENT_LENGTH]
    if not text:
        raise Invalid(fields={"comment": msg("请写明需要修改的地方。")})
    _decide(tx, actor, row, "returned", seen)
    row.comment = text
    record(tx, actor, f"{row.kind}.returned", f"asset:{row.asset.public_id}", proposal=row.public_id)
    _notify_author(tx, row, msg("您对《%(title)s》%(what)s的修改被退回：%(why)s", why=text[:200], **_words(row)))


def withdraw_proposal(tx: Tx, actor: Actor, asset: Asset, kind: str) -> None:
    """Withdraw the proposal for a file that the actor may edit; the published text stays as it is.

    Raises:
        NotFound: there is none.
    """
    row = pending_proposal(tx, asset.id, kind, lock=True)
    if row is None:
        raise NotFound
    row.state, row.decided_at = "withdrawn", clock.now()
    record(tx, actor, f"{kind}.proposal_withdrawn", f"asset:{asset.public_id}", proposal=row.public_id)


def proposal_changes(tx: Tx, row: ContentProposal) -> list[CueChange] | None:
    """Removed and added lines; None where there is too much to compare."""
    if row.kind == CHAPTERS:
        now = [CueText(one.start_ms, one.start_ms, one.title) for one in media.chapters_of(tx, row.asset_id)]
        then = [CueText(int(start), int(start), str(title)) for start, title in row.content["chapters"]]
    else:
        now, then = media.cue_texts(tx, row.asset_id), proposed_cues(row)
    return [*media.compare_cues(now, then)] if max(len(now), len(then)) <= media.MOST_COMPARED else None


def _decide(tx: Tx, actor: Actor, row: ContentProposal, state: str, seen: int | None) -> None:
    tx.refresh(row, with_for_update={"of": ContentProposal})
    if actor.account_id is None or actor.account_id == row.account_id:
        raise Forbidden(f"proposal:{row.public_id}")
    if row.state != "open":
        raise Conflict(msg("这处修改已经有人处理过了，请刷新查看。"))
    if seen is not None and seen != row.revision:
        raise Conflict(msg("内容刚刚有修改，请重新查看后再决定。"))
    row.state, row.reviewer_id, row.decided_at = state, actor.account_id, clock.now()


def _words(row: ContentProposal) -> dict[str, Any]:
    return {"title": row.course.title, "what": PROPOSAL_NAMES[row.kind]}


def _notify_author(tx: Tx, row: ContentProposal, body: Message) -> None:
    page = "studio/captions/{}" if row.kind == CAPTIONS else "media/{}/chapters"
    notifications.notify(
        tx,
        key=f"proposal:{row.public_id}:{row.revision}:{row.state}",
        body=body,
        link="/" + page.format(row.asset.public_id),
        account_id=row.account_id,
        kind=f"proposal.{row.state}",
    )
