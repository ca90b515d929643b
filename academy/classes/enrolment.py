"""Places in a class: enrolment by the office, giving a place up, the waiting list that moves up by itself.

Every change of a class's places is made under the lock of its row, so that two at once count one after the other: never
more than its seats are taken, and as long as somebody waits no seat is free.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from academy.classes import access, rules
from academy.classes.kinds import PENDING, RUNNING, ApplicationState, ClassNewsKind, TurnState
from academy.classes.models import ClassApplication, ClassMember, GroupPlace, LecternTurn, TrainingClass
from academy.classes.news import announce, notify_member
from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.people import api as people
from academy.people.models import Member

NOT_RUNNING = msg("这个班已经结业或者取消，名单不能再改。请刷新页面。")


@dataclass(frozen=True)
class Enrolled:
    """What became of a list: how many have a place, wait for one, or were in the class before."""

    placed: int = 0
    waiting: int = 0
    known: int = 0


def count_places(tx: Tx, row: TrainingClass) -> int:
    """How many places of a class are taken."""
    return tx.scalar(select(func.count()).where(ClassMember.present_in(row.id))) or 0


def free_places(tx: Tx, row: TrainingClass) -> int | None:
    """How many places are free; None where the class has no number of seats."""
    return None if row.seats is None else max(0, row.seats - count_places(tx, row))


def enrol_members(tx: Tx, actor: Actor, row: TrainingClass, chosen: Sequence[Member]) -> Enrolled:
    """Give places to members in this order; who finds none free waits for one.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over.
        Invalid: a member who has left the register.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    registered = lock_registered(tx, [one.id for one in chosen])
    here, asking = present_members(tx, row), pending_applications(tx, row)
    free = free_places(tx, row)
    placed: dict[int, ClassApplication | None] = {}
    queued: dict[int, ClassApplication | None] = {}
    known = 0
    for member in dict.fromkeys(chosen):
        if member.id not in registered:
            raise Invalid(fields={"people": msg("%(name)s已经不在册，不能进班。", name=member.name)})
        application = asking.get(member.id)
        if member.id in here or (application is not None and application.state == ApplicationState.WAITING):
            known += 1
        elif free is None or len(placed) < free:
            placed[member.id] = application
        else:
            queued[member.id] = application
    place_members(tx, actor, row, placed)
    queue_members(tx, actor, row, queued)
    record(tx, actor, "class.enrolled", f"class:{row.public_id}", placed=len(placed), waiting=len(queued))
    return Enrolled(len(placed), len(queued), known)


def lock_running(tx: Tx, row: TrainingClass) -> None:
    """Lock a class until the transaction ends.

    Raises:
        Conflict: it is closed or cancelled.
    """
    lock_row(tx, row)
    if row.state not in RUNNING:
        raise Conflict(NOT_RUNNING)


def lock_registered(tx: Tx, members: Collection[int]) -> set[int]:
    """Those of the members who are on the register, by row id; they stay on it until the transaction ends.

    Who leaves it at the same moment gives up places that are committed, and gets none that are not.
    """
    query = select(Member.id).where(people.among(tx, Member.id, sorted(members)), people.is_present())
    return set(tx.scalars(query.order_by(Member.id).with_for_update(read=True)))


def present_members(tx: Tx, row: TrainingClass) -> set[int]:
    """Row ids of the members who have a place in a class."""
    return set(tx.scalars(select(ClassMember.member_id).where(ClassMember.present_in(row.id))))


def pending_applications(tx: Tx, row: TrainingClass) -> dict[int, ClassApplication]:
    """Row id of a member → the application that is not decided for good."""
    query = select(ClassApplication).where(ClassApplication.class_id == row.id, ClassApplication.state.in_(PENDING))
    return {one.member_id: one for one in tx.scalars(query)}


def place_members(tx: Tx, actor: Actor, row: TrainingClass, chosen: Mapping[int, ClassApplication | None]) -> None:
    """Give free places to members, by row id with the application of each; they are notified. The caller holds the
    class's lock and has counted."""
    day = rules.counting_day(row.last_day, clock.today())
    for member_id, application in chosen.items():
        tx.add(ClassMember(class_id=row.id, member_id=member_id, joined_on=day, added_by=actor.account_id))
        if application is not None:
            decide(application, ApplicationState.ENROLLED, actor)
    tx.flush()
    announce(tx, row, ClassNewsKind.PLACED, chosen)


def queue_members(tx: Tx, actor: Actor, row: TrainingClass, chosen: Mapping[int, ClassApplication | None]) -> None:
    """Put members at the end of the waiting list in this order; as `place_members`."""
    now = clock.now()
    for number, (member_id, application) in enumerate(chosen.items()):
        waiting = application or ClassApplication(class_id=row.id, member_id=member_id)
        decide(waiting, ApplicationState.WAITING, actor)
        # An older application has a smaller id: among equal instants it would come first.
        waiting.queued_at = now + dt.timedelta(microseconds=number)
        tx.add(waiting)
    tx.flush()
    announce(tx, row, ClassNewsKind.QUEUED, chosen)


def decide(application: ClassApplication, state: ApplicationState, actor: Actor, reason: str = "") -> None:
    """Enter a decision."""
    application.state, application.reason = state, reason
    application.decided_by, application.decided_at = actor.account_id, clock.now()


def move_up(tx: Tx, row: TrainingClass) -> int:
    """Give free places to those who wait, the first of them first; returns how many. The caller holds the class's lock.

    Who has left the register meanwhile gives way to the next. Nobody moves up into a class whose last day is over.
    """
    free = free_places(tx, row)
    if row.state not in RUNNING or free == 0 or clock.today() > row.last_day:
        return 0
    query = (
        select(ClassApplication)
        .where(ClassApplication.class_id == row.id, ClassApplication.state == ApplicationState.WAITING)
        .order_by(ClassApplication.queued_at, ClassApplication.id)
    )
    waiting = tx.scalars(query).all()
    registered = lock_registered(tx, [one.member_id for one in waiting])
    placed: dict[int, ClassApplication | None] = {}
    for application in waiting:
        if free is not None and len(placed) == free:
            break
        if application.member_id in registered:
            placed[application.member_id] = application
        else:
            decide(application, ApplicationState.LAPSED, SYSTEM)
    place_members(tx, SYSTEM, row, placed)
    if placed:
        record(tx, SYSTEM, "class.moved_up", f"class:{row.public_id}", moved=len(placed))
    return len(placed)


def leave_class(tx: Tx, actor: Actor, row: TrainingClass, place: ClassMember, reason: str) -> None:
    """End a member's place; the first who waits gets it in the same transaction. Ended twice is ended once.

    The member's own until the day before the class begins, the office's as long as it runs.

    Raises:
        Forbidden: somebody else's place.
        NotFound: the place is one of another class.
        Conflict: the class is over, or it has begun and the actor is not the office.
        Invalid: the office gives no reason.
    """
    if place.class_id != row.id:
        raise NotFound
    is_own = actor.member_id is not None and actor.member_id == place.member_id
    is_office = access.is_school_office(actor)
    if not is_office:
        access.require_own_place(actor, place)
    kept = tidy_text(reason, rules.REASON_LENGTH)
    if not is_own and not kept:
        raise Invalid(fields={"reason": msg("请写明原因。")})
    lock_running(tx, row)
    if is_own and not is_office and not rules.may_leave_by_oneself(row.first_day, clock.today()):
        raise Conflict(msg("已经开班了，退出请联系班主任或办公室。"))
    tx.refresh(place)
    if place.left_on is not None:
        return
    end_place(tx, row, place, kept)
    if not is_own:
        body = msg("学校给您办理了“%(name)s”的退班，有疑问请联系班主任或办公室。", name=row.name)
        notify_member(tx, row, place.member_id, f"ended:{place.id}", body)
    record(tx, actor, "class.left", f"class:{row.public_id}", own=is_own)
    move_up(tx, row)


def end_place(tx: Tx, row: TrainingClass, place: ClassMember, reason: str) -> None:
    """End a place with today, its place in a group and its planned turns with it. The caller holds the class's lock.

    After the class's last day it ends with that day: who is in no list of the class is in none of its figures either.
    """
    day = rules.counting_day(row.last_day, clock.today())
    place.left_on, place.left_reason = max(day, place.joined_on), reason
    tx.execute(delete(GroupPlace).where(GroupPlace.class_member_id == place.id))
    tx.execute(
        update(LecternTurn)
        .where(
            LecternTurn.class_id == place.class_id,
            LecternTurn.member_id == place.member_id,
            LecternTurn.state == TurnState.PLANNED,
        )
        .values(state=TurnState.CANCELLED)
    )
    tx.flush()


def lapse_applications(tx: Tx, row: TrainingClass) -> None:
    """End what is pending when a class is closed or cancelled; who asked is notified. The caller holds its lock."""
    pending = pending_applications(tx, row)
    for application in pending.values():
        decide(application, ApplicationState.LAPSED, SYSTEM)
    tx.flush()
    announce(tx, row, ClassNewsKind.LAPSED, pending)
