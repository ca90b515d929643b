"""Manual corrections of completions: proposed by one person, approved by another, always audited."""

import datetime as dt
from typing import Any

from sqlalchemy import delete, func, select

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import Message, msg
from academy.core.unique import unique_or
from academy.jobs import api as jobs
from academy.learning.completions import hours_of_course
from academy.learning.events import CorrectionApproved, CourseStruck
from academy.learning.models import Completion, Correction, CourseStart, CreditHour, WatchLedger
from academy.learning.service import record_completion
from academy.library.models import Course, CourseItem
from academy.notifications import api as notifications
from academy.people import api as people
from academy.people.api import Unreadable
from academy.people.models import Member, Organisation

CORRECTION_PROPOSERS = (Role.NODE_ADMINISTRATOR, Role.BRANCH_SECRETARY)
CORRECTION_DECIDERS = (Role.NODE_ADMINISTRATOR,)
CORRECTION_KINDS: dict[str, Message] = {"register": msg("补登学完"), "strike": msg("撤销学完")}
LONGEST = 200
NOON = dt.time(12)


def propose_correction(
    tx: Tx, actor: Actor, member: Member, course: Course, *, kind: str, reason: str, studied_on: dt.date | None = None
) -> Correction:
    """Propose that a completion be registered (as of `studied_on`) or struck.

    Raises:
        Invalid: no reason, or no day on which that course could have been studied.
        Conflict: it is about the actor, there is nothing to correct, or a proposal is pending already.
    """
    if actor.account_id is None:
        raise Forbidden(f"member:{member.public_id}")
    _allow(tx, actor, member, *CORRECTION_PROPOSERS)
    if actor.member_id == member.id:
        raise Conflict(msg("不能更正本人的学习记录，请由别人提出。"))
    made = Correction(
        member_id=member.id,
        course_id=course.id,
        course_version=course.shown.content_number,
        kind=kind,
        studied_on=studied_on if kind == "register" else None,
        reason=_checked(course, kind, reason, studied_on),
        proposed_by=actor.account_id,
    )
    _possible(tx, made)
    with unique_or(tx, Conflict(msg("这门课已有一份更正在等审批。"))):
        tx.add(made)
    record(tx, actor, "correction.proposed", f"correction:{made.public_id}", member=member.public_id, kind=kind)
    return made


def _checked(course: Course, kind: str, reason: str, studied_on: dt.date | None) -> str:
    wrong: dict[str, Message] = {}
    text = ""
    try:
        text = people.read_text(reason, longest=LONGEST) or ""
    except Unreadable as error:
        wrong["reason"] = error.reason
    if not text and not wrong:
        wrong["reason"] = msg("请写明依据，比如签到表的日期和编号。")
    if kind not in CORRECTION_KINDS:
        wrong["kind"] = msg("请从列表里选择。")
    elif kind == "register":
        shelved = clock.to_city(course.published_at).date() if course.published_at else None
        if studied_on is None:
            wrong["studied_on"] = msg("请填写日期。")
        elif studied_on > clock.today():
            wrong["studied_on"] = msg("日期不能晚于今天。")
        elif shelved is not None and studied_on < shelved:
            wrong["studied_on"] = msg("这门课 %(day)s 才上架。", day=shelved)
    if wrong:
        raise Invalid(fields=wrong)
    return text


def _possible(tx: Tx, correction: Correction) -> None:
    held = tx.scalars(
        select(Completion.course_version).where(
            Completion.member_id == correction.member_id, Completion.course_id == correction.course_id
        )
    ).all()
    if correction.kind == "register" and correction.course_version in held:
        raise Conflict(msg("这门课已经登记为学完。"))
    if correction.kind == "strike" and not held:
        raise Conflict(msg("这门课没有学完的记录。"))


def approve_correction(tx: Tx, actor: Actor, correction: Correction) -> None:
    """Approve another person's proposal: rows, hours and coverage change in this transaction.

    Raises:
        Conflict: it is the actor's own or about the actor, was decided, or no longer applies.
    """
    member = _decide(tx, actor, correction)
    if actor.account_id is None or correction.proposed_by == actor.account_id or actor.member_id == member.id:
        raise Conflict(msg("不能批准自己提出的或本人的更正，请由另一位管理员批准。"))
    _possible(tx, correction)
    _close(tx, actor, correction, "approved")
    course = tx.get_one(Course, correction.course_id)
    if correction.kind == "register":
        _register(tx, actor, correction, course)
    else:
        _strike(tx, correction, course)
    _notify_member(tx, correction, course)


def decline_correction(tx: Tx, actor: Actor, correction: Correction) -> None:
    """Decline a proposal; its proposer withdraws it with the same operation.

    Raises:
        Conflict: it was decided.
        Forbidden: neither an approver nor the proposer.
    """
    if correction.proposed_by == actor.account_id:
        tx.refresh(correction, with_for_update=True)
        _waiting(correction)
        _close(tx, actor, correction, "withdrawn")
        return
    _decide(tx, actor, correction)
    _close(tx, actor, correction, "declined")


def _decide(tx: Tx, actor: Actor, correction: Correction) -> Member:
    member = tx.get_one(Member, correction.member_id)
    _allow(tx, actor, member, *CORRECTION_DECIDERS)
    tx.refresh(correction, with_for_update=True)
    _waiting(correction)
    return member


def _waiting(correction: Correction) -> None:
    if correction.decision is not None:
        raise Conflict(msg("这份更正已经处理过了。"))


def _close(tx: Tx, actor: Actor, correction: Correction, decision: str) -> None:
    correction.decision, correction.decided_by, correction.decided_at = decision, actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, f"correction.{decision}", f"correction:{correction.public_id}", kind=correction.kind)


def _register(tx: Tx, actor: Actor, correction: Correction, course: Course) -> None:
    day = correction.studied_on or clock.today()
    # Noon of that day: only the day is known. Today's noon may still be in the future.
    at = min(clock.now(), dt.datetime.combine(day, NOON, clock.CITY).astimezone(dt.UTC))
    at_ms = int(at.timestamp() * 1000)
    jobs.publish(tx, CorrectionApproved(correction.member_id, course.id, [[course.shown.content_number, at_ms]]))
    record_completion(tx, actor, correction.member_id, course, at, "corrected")
    earned = _earned(tx, correction.member_id, course)
    minutes = course.shown.credit_minutes
    if minutes and earned <= 0:
        # Hours were given for this course once and removed since.
        _book(tx, correction, course, minutes - earned, "correction.registered", at)


def _strike(tx: Tx, correction: Correction, course: Course) -> None:
    key = {"member_id": correction.member_id, "course_id": course.id}
    rows = tx.scalars(select(Completion).filter_by(**key).with_for_update()).all()
    struck = [[row.course_version, int(row.completed_at.timestamp() * 1000)] for row in rows]
    correction.detail = {
        "struck": [
            {"version": row.course_version, "at": row.completed_at.isoformat(), "evidence": row.evidence}
            for row in rows
        ]
    }
    jobs.publish(tx, CorrectionApproved(correction.member_id, course.id, struck))
    for row in rows:
        tx.delete(row)
    if not _watched(tx, correction.member_id, course):
        tx.execute(
            delete(CourseStart).where(CourseStart.member_id == key["member_id"], CourseStart.course_id == course.id)
        )
    tx.flush()
    earned = _earned(tx, correction.member_id, course)
    if earned > 0:
        _book(tx, correction, course, -earned, "correction.struck", clock.now())
    jobs.publish(tx, CourseStruck(correction.member_id, course.id, struck))


def _watched(tx: Tx, member_id: int, course: Course) -> bool:
    """Whether any second of the course was credited: credit by watching is never removed."""
    query = (
        select(WatchLedger.item_id)
        .join(CourseItem, CourseItem.id == WatchLedger.item_id)
        .where(CourseItem.course_id == course.id, WatchLedger.member_id == member_id, WatchLedger.covered > 0)
    )
    return tx.scalar(query.limit(1)) is not None


def _earned(tx: Tx, member_id: int, course: Course) -> int:
    """Minutes that the member holds for this course, corrections included."""
    mine = (CreditHour.member_id == member_id, hours_of_course(course.public_id))
    return int(tx.scalar(select(func.sum(CreditHour.minutes)).where(*mine)) or 0)


def _book(tx: Tx, correction: Correction, course: Course, minutes: int, rule: str, at: dt.datetime) -> None:
    """Append-only: removed hours are a row of their own."""
    source = f"course:{course.public_id}#{correction.public_id}"
    tx.add(CreditHour(member_id=correction.member_id, minutes=minutes, rule=rule, source=source, earned_at=at))
    tx.flush()


def _notify_member(tx: Tx, correction: Correction, course: Course) -> None:
    params: dict[str, Any] = {"title": course.title}
    if correction.kind == "register":
        body = msg("您学过的“%(title)s”已由支部补登为学完。", **params)
    else:
        body = msg("“%(title)s”的学完记录已撤销。有疑问请联系支部，或写信到意见箱。", **params)
    key = f"correction:{correction.public_id}"
    notifications.notify(
        tx, key=key, body=body, link="/my/trainings", member_id=correction.member_id, kind="correction"
    )


def _allow(tx: Tx, actor: Actor, member: Member, *roles: Role) -> None:
    home = tx.get_one(Organisation, member.organisation_id)
    people.require_access(actor, home.path, f"member:{member.public_id}", *roles)
