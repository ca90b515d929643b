"""Turns at the lectern, and the rate of those who took one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import joinedload

from academy.classes import access, rules
from academy.classes.enrolment import lock_running
from academy.classes.kinds import TurnState
from academy.classes.models import ClassMember, LecternTurn, TrainingClass
from academy.classes.news import notify_member
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import Page, page_of
from academy.core.text import tidy_text
from academy.people.models import Member

SIZE = 30


@dataclass(frozen=True)
class TurnPlan:
    """A turn as a form has it."""

    day: dt.date
    topic: str
    minutes: int


@dataclass(frozen=True)
class TurnRate:
    """How many of a class's members (of the day that counts) took a turn."""

    members: int
    taken: int

    @property
    def permille(self) -> int | None:
        """The rate in thousandths, rounded down, so that 1000 means everybody; None for a class without members."""
        return self.taken * 1000 // self.members if self.members else None


def plan_turn(tx: Tx, actor: Actor, row: TrainingClass, place: ClassMember, plan: TurnPlan) -> LecternTurn:
    """Plan a turn of somebody who is in the class.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over, or the member has left it.
        Invalid: a day outside the class, no topic, minutes out of range.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    tx.refresh(place)
    if place.left_on is not None or place.class_id != row.id:
        raise Conflict(msg("这位学员已经不在班里了。"))
    made = LecternTurn(
        class_id=row.id,
        member_id=place.member_id,
        day=_checked_day(row, plan.day),
        topic=_topic(plan.topic),
        minutes=_minutes(plan.minutes),
        created_by=actor.account_id,
    )
    tx.add(made)
    tx.flush()
    body = msg("您的登台排在%(day)s，题目是“%(topic)s”。", day=made.day, topic=made.topic)
    notify_member(tx, row, made.member_id, f"turn:{made.id}", body)
    record(tx, actor, "turn.planned", f"turn:{made.public_id}")
    return made


def _checked_day(row: TrainingClass, day: dt.date) -> dt.date:
    if not row.first_day <= day <= row.last_day:
        raise Invalid(fields={"day": msg("请填写开班期间的日期。")})
    return day


def _topic(text: str) -> str:
    kept = tidy_text(text, rules.TURN_TOPIC_LENGTH + 1)
    if not 1 <= len(kept) <= rules.TURN_TOPIC_LENGTH:
        raise Invalid(fields={"topic": msg("题目请写 1 到 %(most)s 个字。", most=rules.TURN_TOPIC_LENGTH)})
    return kept


def _minutes(minutes: int) -> int:
    if not 1 <= minutes <= rules.MOST_MINUTES:
        raise Invalid(fields={"minutes": msg("时长请填 1 到 %(most)s 分钟。", most=rules.MOST_MINUTES)})
    return minutes


def confirm_turn(tx: Tx, actor: Actor, row: TrainingClass, turn: LecternTurn, day: dt.date, minutes: int) -> None:
    """Enter that a turn was taken, on which day and for how long; confirmed twice is confirmed once.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over, the turn was cancelled, or it is the actor's own.
        Invalid: a day to come, outside the class, or on which the member was not in it; minutes out of range.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    tx.refresh(turn)
    if turn.state == TurnState.TAKEN:
        return
    _require_state(turn, TurnState.PLANNED)
    if actor.member_id == turn.member_id:
        raise Conflict(msg("自己的登台要由别人确认。"))
    if _checked_day(row, day) > clock.today():
        raise Invalid(fields={"day": msg("还没有到这一天。")})
    was_in = select(ClassMember.id).where(
        ClassMember.class_id == row.id, ClassMember.member_id == turn.member_id, ClassMember.held_on(day)
    )
    if tx.scalar(was_in.limit(1)) is None:
        raise Invalid(fields={"day": msg("这位学员那天不在班里。")})
    turn.day, turn.minutes, turn.state = day, _minutes(minutes), TurnState.TAKEN
    turn.confirmed_by, turn.confirmed_at = actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, "turn.confirmed", f"turn:{turn.public_id}", minutes=minutes)


def _require_state(turn: LecternTurn, *states: TurnState) -> None:
    if turn.state not in states:
        raise Conflict(msg("这次登台已经变了，请刷新页面。"))


def reopen_turn(tx: Tx, actor: Actor, row: TrainingClass, turn: LecternTurn) -> None:
    """Take a confirmation or a cancellation back; who is in the class and knows of the cancellation is notified again.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    tx.refresh(turn)
    if turn.state == TurnState.PLANNED:
        return
    present = select(ClassMember.id).where(ClassMember.present_in(row.id), ClassMember.member_id == turn.member_id)
    is_back = turn.state == TurnState.CANCELLED and tx.scalar(present) is not None
    turn.state, turn.confirmed_by, turn.confirmed_at = TurnState.PLANNED, None, None
    tx.flush()
    if is_back:
        body = msg("%(day)s的登台“%(topic)s”又排上了。", day=turn.day, topic=turn.topic)
        notify_member(tx, row, turn.member_id, f"turn-back:{turn.id}:{clock.now_ms()}", body)
    record(tx, actor, "turn.reopened", f"turn:{turn.public_id}")


def cancel_turn(tx: Tx, actor: Actor, row: TrainingClass, turn: LecternTurn) -> None:
    """Cancel a planned turn; cancelled twice is cancelled once.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over, or the turn was taken.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    tx.refresh(turn)
    _require_state(turn, TurnState.PLANNED, TurnState.CANCELLED)
    if turn.state == TurnState.CANCELLED:
        return
    turn.state = TurnState.CANCELLED
    tx.flush()
    body = msg("原定%(day)s的登台“%(topic)s”取消了。", day=turn.day, topic=turn.topic)
    notify_member(tx, row, turn.member_id, f"turn-cancelled:{turn.id}:{clock.now_ms()}", body)
    record(tx, actor, "turn.cancelled", f"turn:{turn.public_id}")


def _counted(row: TrainingClass) -> Select[int]:
    """Members of a class on the day that counts."""
    day = rules.counting_day(row.last_day, clock.today())
    return select(ClassMember.member_id).where(ClassMember.class_id == row.id, ClassMember.held_on(day)).distinct()


def _took_one(row: TrainingClass) -> ColumnElement[bool]:
    return exists().where(
        LecternTurn.class_id == row.id,
        LecternTurn.member_id == ClassMember.member_id,
        LecternTurn.state == TurnState.TAKEN,
    )


def turn_rate(tx: Tx, row: TrainingClass) -> TurnRate:
    """The rate of a class. Who left it counts neither as a member nor by the turn that they took."""
    members = tx.scalar(select(func.count()).select_from(_counted(row).subquery())) or 0
    taken = tx.scalar(select(func.count()).select_from(_counted(row).where(_took_one(row)).subquery())) or 0
    return TurnRate(members, taken)


def members_by_turn(tx: Tx, row: TrainingClass, *, taken: bool, number: int = 1) -> Page[Member]:
    """The members behind the rate: those who took a turn, or those who did not yet; by name."""
    counted = _counted(row).where(_took_one(row) if taken else ~_took_one(row))
    query = select(Member).where(Member.id.in_(counted)).options(joinedload(Member.organisation))
    return page_of(tx, query.order_by(Member.name, Member.id), number, SIZE)


def list_turns(tx: Tx, row: TrainingClass, state: TurnState | None, number: int = 1) -> Page[LecternTurn]:
    """Turns of a class: planned ones first, then taken ones, then cancelled ones; by day."""
    query = select(LecternTurn).where(LecternTurn.class_id == row.id).options(joinedload(LecternTurn.member))
    if state is not None:
        query = query.where(LecternTurn.state == state)
    order = case({state: place for place, state in enumerate(TurnState)}, value=LecternTurn.state)
    return page_of(tx, query.order_by(order, LecternTurn.day, LecternTurn.id), number, SIZE)


def turns_of_member(tx: Tx, row: TrainingClass, member_id: int) -> Sequence[LecternTurn]:
    """A member's turns in a class that were not cancelled, by day."""
    query = select(LecternTurn).where(
        LecternTurn.class_id == row.id, LecternTurn.member_id == member_id, LecternTurn.state != TurnState.CANCELLED
    )
    return tx.scalars(query.order_by(LecternTurn.day, LecternTurn.id)).all()


TURN_STATE_NAMES: dict[TurnState, Message] = {
    TurnState.PLANNED: msg("已排定"),
    TurnState.TAKEN: msg("已登台"),
    TurnState.CANCELLED: msg("已取消"),
}
