"""Places in a class: enrolment by the office, giving a place up, the waiting list that moves up by itself.

Every change of a class's places is made under the lock of its row, so that two at once count one after the other: never
more than its seats are taken, and as long as somebody waits no seat is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from academy.classes import access, rules
from academy.classes.kinds import ApplicationState, ClassState, TurnState
from academy.classes.models import ClassApplication, ClassMember, GroupPlace, LecternTurn, TrainingClass
from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.notifications import api as notifications
from academy.people import api as people
from academy.people.models import Member

MOST = 2_000
"""People in one list."""
RUNNING = (ClassState.PLANNED, ClassState.OPEN)
PENDING = (ApplicationState.APPLIED, ApplicationState.WAITING)
NOT_RUNNING = msg("这个班已经结业或者取消，名单不能再改。请刷新页面。")


@dataclass(frozen=True)
class Enrolled:
    """What became of a list: how many have a place, wait for one, or were in the class before."""

    placed: int = 0
    waiting: int = 0
    known: int = 0


def count_places(tx: Tx, row: TrainingClass) -> int:
    """How many places of a class are taken."""
    taken = select(func.count()).where(ClassMember.class_id == row.id, ClassMember.left_on.is_(None))
    return tx.scalar(taken) or 0


def free_places(tx: Tx, row: TrainingClass) -> int | None:
    """How many places are free; None where the class has no number of seats."""
    return None if row.seats is None else max(0, row.seats - count_places(tx, row))


def enrol_members(tx: Tx, actor: Actor, row: TrainingClass, chosen: Sequence[Member]) -> Enrolled:
    """Give places to members in this order; who finds none free waits for one.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over.
        Invalid: too many at once, or a member who has left the register.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    if len(chosen) > MOST:
        raise Invalid(fields={"people": msg("一次最多 %(most)s 人。", most=MOST)})
    lock_running(tx, row)
    here, asking = _present(tx, row), _pending(tx, row)
    free = free_places(tx, row)
    placed = waiting = known = 0
    for member in dict.fromkeys(chosen):
        if member.status not in people.PRESENT_STATUSES:
            raise Invalid(fields={"people": msg("%(name)s已经不在册，不能进班。", name=member.name)})
        application = asking.get(member.id)
        if member.id in here or (application is not None and application.state == ApplicationState.WAITING):
            known += 1
        elif free is None or placed < free:
            place_member(tx, actor, row, member.id, application)
            placed += 1
        else:
            _queue(tx, actor, row, member.id, application)
            waiting += 1
    record(tx, actor, "class.enrolled", f"class:{row.public_id}", placed=placed, waiting=waiting)
    return Enrolled(placed, waiting, known)


def lock_running(tx: Tx, row: TrainingClass) -> None:
    """Lock a class until the transaction ends.

    Raises:
        Conflict: it is closed or cancelled.
    """
    lock_row(tx, row)
    if row.state not in RUNNING:
        raise Conflict(NOT_RUNNING)


def _present(tx: Tx, row: TrainingClass) -> set[int]:
    return set(
        tx.scalars(select(ClassMember.member_id).where(ClassMember.class_id == row.id, ClassMember.left_on.is_(None)))
    )


def _pending(tx: Tx, row: TrainingClass) -> dict[int, ClassApplication]:
    query = select(ClassApplication).where(ClassApplication.class_id == row.id, ClassApplication.state.in_(PENDING))
    return {one.member_id: one for one in tx.scalars(query)}


def place_member(
    tx: Tx, actor: Actor, row: TrainingClass, member_id: int, application: ClassApplication | None
) -> ClassMember:
    """Give one of the free places to a member, who is notified. The caller holds the class's lock and has counted."""
    made = ClassMember(class_id=row.id, member_id=member_id, joined_on=clock.today(), added_by=actor.account_id)
    tx.add(made)
    if application is not None:
        decide(application, ApplicationState.ENROLLED, actor)
    tx.flush()
    notify_member(tx, row, member_id, f"enrolled:{made.id}", msg("您已进入“%(name)s”，请看课表。", name=row.name))
    return made


def _queue(tx: Tx, actor: Actor, row: TrainingClass, member_id: int, application: ClassApplication | None) -> None:
    application = application or ClassApplication(class_id=row.id, member_id=member_id)
    tx.add(application)
    queue_application(tx, actor, row, application)


def queue_application(tx: Tx, actor: Actor, row: TrainingClass, application: ClassApplication) -> None:
    """Put an application at the end of the waiting list; its member is notified. The caller holds the class's lock."""
    decide(application, ApplicationState.WAITING, actor)
    application.queued_at = clock.now()
    tx.flush()
    body = msg("“%(name)s”满员了，您在候补名单上，有空位会自动补上并告诉您。", name=row.name)
    notify_member(tx, row, application.member_id, f"waiting:{application.id}", body)


def decide(application: ClassApplication, state: ApplicationState, actor: Actor, reason: str = "") -> None:
    """Enter a decision."""
    application.state, application.reason = state, reason
    application.decided_by, application.decided_at = actor.account_id, clock.now()


def notify_member(tx: Tx, row: TrainingClass, member_id: int, key: str, body: Message) -> None:
    """Notify a member of something about a class."""
    link = f"/my/classes/{row.public_id}"
    notifications.notify(tx, key=f"class.{key}", body=body, link=link, member_id=member_id, kind="class.place")


def move_up(tx: Tx, row: TrainingClass) -> int:
    """Give free places to those who wait, the first of them first; returns how many. The caller holds the class's lock.

    Who has left the register meanwhile gives way to the next.
    """
    free = free_places(tx, row)
    if row.state not in RUNNING or free == 0:
        return 0
    query = (
        select(ClassApplication, Member.status)
        .join(Member, Member.id == ClassApplication.member_id)
        .where(ClassApplication.class_id == row.id, ClassApplication.state == ApplicationState.WAITING)
        .order_by(ClassApplication.queued_at, ClassApplication.id)
    )
    moved = 0
    for application, status in tx.execute(query).all():
        if free is not None and moved == free:
            break
        if status in people.PRESENT_STATUSES:
            place_member(tx, SYSTEM, row, application.member_id, application)
            moved += 1
        else:
            decide(application, ApplicationState.LAPSED, SYSTEM)
    tx.flush()
    if moved:
        record(tx, SYSTEM, "class.moved_up", f"class:{row.public_id}", moved=moved)
    return moved


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
    end_place(tx, place, kept)
    record(tx, actor, "class.left", f"class:{row.public_id}", own=is_own)
    move_up(tx, row)


def end_place(tx: Tx, place: ClassMember, reason: str) -> None:
    """End a place with today, its place in a group and its planned turns with it. The caller holds the class's lock."""
    place.left_on, place.left_reason = max(clock.today(), place.joined_on), reason
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


def notify_members(tx: Tx, row: TrainingClass, key: str, body: Message) -> None:
    """Notify everybody who has a place in a class."""
    for member_id in sorted(_present(tx, row)):
        notify_member(tx, row, member_id, f"{key}:{member_id}", body)


def lapse_applications(tx: Tx, row: TrainingClass) -> None:
    """End what is pending when a class is closed or cancelled; who asked is notified. The caller holds its lock."""
    for application in _pending(tx, row).values():
        decide(application, ApplicationState.LAPSED, SYSTEM)
        body = msg("“%(name)s”不再收人，这次没有轮到您。", name=row.name)
        notify_member(tx, row, application.member_id, f"lapsed:{application.id}", body)
    tx.flush()
