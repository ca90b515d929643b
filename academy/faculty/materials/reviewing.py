"""The review of syllabuses and handouts: decisions, and comments on passages."""

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty.material_kinds import MaterialState
from academy.faculty.material_models import MaterialComment, MaterialVersion
from academy.faculty.materials import access, messages, rules

MOST_COMMENTS = 200
DECIDED = msg("这一版已经有人处理过了，或者讲师撤回了，请刷新查看。")


def decide_material(tx: Tx, actor: Actor, version: MaterialVersion, *, approved: bool, reason: str) -> None:
    """Approve a version, or return it with a reason. Nobody decides on the own material.

    Raises:
        Invalid: returned without a reason, or too much was written.
        Conflict: somebody decided first, or it was taken back.
        Forbidden: it is the actor's own, or the actor reviews no material.
    """
    account_id = _lock(tx, actor, version)
    kept = rules.clean(reason, rules.REASON_LENGTH + 1)
    if len(kept) > rules.REASON_LENGTH:
        raise Invalid(fields={"reason": msg("意见不超过 %(most)s 个字。", most=rules.REASON_LENGTH)})
    if not approved and not kept:
        raise Invalid(fields={"reason": msg("退回请写明原因：要改什么、为什么。")})
    version.state = MaterialState.APPROVED if approved else MaterialState.RETURNED
    version.closed_at, version.reviewer_id, version.reason = clock.now(), account_id, kept
    tx.flush()
    days = days_of(version)
    verb = "material.approved" if approved else "material.returned"
    record(tx, actor, verb, f"material-version:{version.public_id}", number=version.number, days=days)
    messages.notify_writers(tx, version)


def days_of(version: MaterialVersion) -> int:
    """Days of the round of a version so far, or until it was closed; 0 for a draft."""
    if version.submitted_at is None:
        return 0
    return rules.round_days(version.submitted_at, version.closed_at or clock.now())


def add_material_comment(
    tx: Tx, actor: Actor, version: MaterialVersion, *, place: int | None, body: str
) -> MaterialComment:
    """Pin a comment to a passage, or a page of the file (from 1), of a version that waits.

    Raises:
        Invalid: there is no such passage, or nothing or too much was written.
        Conflict: it was decided on, or has too many comments.
        Forbidden: it is the actor's own, or the actor reviews no material.
    """
    account_id = _lock(tx, actor, version)
    text = rules.clean(body, rules.COMMENT_LENGTH + 1)
    wrong = {}
    if place is None or not 1 <= place <= len(version.passages):
        wrong["place"] = msg("请填 1 到 %(most)s 之间的段号或页码。", most=len(version.passages))
    if not 1 <= len(text) <= rules.COMMENT_LENGTH:
        wrong["body"] = msg("批注请写 1 到 %(most)s 个字。", most=rules.COMMENT_LENGTH)
    if wrong or place is None:
        raise Invalid(fields=wrong)
    count = select(func.count()).select_from(MaterialComment).where(MaterialComment.version_id == version.id)
    if (tx.scalar(count) or 0) >= MOST_COMMENTS:
        raise Conflict(msg("这一版的批注已经有 %(most)s 条，请退回后再写。", most=MOST_COMMENTS))
    quote = rules.quote_of(version.passages[place - 1])
    comment = MaterialComment(version_id=version.id, place=place, quote=quote, body=text, reviewer_id=account_id)
    tx.add(comment)
    tx.flush()
    record(tx, actor, "material.commented", f"material-version:{version.public_id}", place=place)
    return comment


def remove_material_comment(tx: Tx, actor: Actor, comment: MaterialComment) -> None:
    """Take back one's own comment before the decision.

    Raises:
        Conflict: it was decided on.
        Forbidden: it is somebody else's.
    """
    _lock(tx, actor, comment.version)
    if comment.reviewer_id != actor.account_id:
        raise Forbidden(f"material-comment:{comment.public_id}")
    tx.delete(comment)
    tx.flush()
    record(tx, actor, "material.comment_removed", f"material-version:{comment.version.public_id}", place=comment.place)


def settle_material_comment(tx: Tx, actor: Actor, comment: MaterialComment, answer: str) -> None:
    """Mark a comment as dealt with, with an answer if there is one to give. Once more changes the answer.

    Raises:
        Invalid: too much was written.
        Forbidden: the actor does not write this material.
    """
    account_id = _answer(tx, actor, comment)
    text = rules.clean(answer, rules.COMMENT_LENGTH + 1)
    if len(text) > rules.COMMENT_LENGTH:
        raise Invalid(fields={"answer": msg("回复不超过 %(most)s 个字。", most=rules.COMMENT_LENGTH)})
    comment.answer, comment.settled_at, comment.settled_by = text, clock.now(), account_id
    tx.flush()
    record(tx, actor, "material.comment_settled", f"material-version:{comment.version.public_id}", place=comment.place)


def reopen_material_comment(tx: Tx, actor: Actor, comment: MaterialComment) -> None:
    """Take back that a comment was dealt with. Raises as `settle_material_comment`."""
    _answer(tx, actor, comment)
    comment.settled_at = comment.settled_by = None
    tx.flush()
    record(tx, actor, "material.comment_reopened", f"material-version:{comment.version.public_id}", place=comment.place)


def _answer(tx: Tx, actor: Actor, comment: MaterialComment) -> int:
    lecture = comment.version.material.lecture
    lock_row(tx, lecture)
    account_id = access.require_writer(tx, actor, lecture)
    tx.refresh(comment)
    return account_id


def _lock(tx: Tx, actor: Actor, version: MaterialVersion) -> int:
    """Lock the lecture, read the version as it is now, and check that the actor may decide; the actor's account."""
    if actor.account_id is None or not access.is_material_reviewer(actor):
        raise Forbidden(f"material-version:{version.public_id}")
    lock_row(tx, version.material.lecture)
    tx.refresh(version, with_for_update={"of": MaterialVersion})
    if version.state == MaterialState.DRAFT:
        raise NotFound
    if access.is_own_version(tx, actor, version):
        raise Forbidden(f"material-version:{version.public_id}")
    if version.state != MaterialState.SUBMITTED:
        raise Conflict(DECIDED)
    return actor.account_id
