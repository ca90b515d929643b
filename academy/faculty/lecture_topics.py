"""What becomes of a topic when its lecture is cancelled, missed, moved, or planned again; who asked is notified."""

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.unique import lock_row, unique_or
from academy.faculty.events import ClassLectureChanged, LectureChanged
from academy.faculty.lecture_models import ProgrammeLecture
from academy.faculty.plan_kinds import AssignmentState, LectureChange, PlanState
from academy.faculty.plan_models import Assignment
from academy.faculty.plans import replan
from academy.faculty.request_decisions import plan_topic, return_topic
from academy.jobs import api as jobs


def assignment_of(tx: Tx, lecture: ProgrammeLecture) -> Assignment | None:
    """The assignment that became a lecture; None for one that was planned by hand."""
    return tx.scalar(select(Assignment).where(Assignment.lecture_id == lecture.id))


def lose_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture, change: LectureChange) -> None:
    """A lecture was cancelled, or nobody came: its topic returns to the shortlist, its invitation ends."""
    row = assignment_of(tx, lecture)
    if row is None or row.state != AssignmentState.CONFIRMED:
        return
    row.state, row.reason = AssignmentState.WITHDRAWN, lecture.reason
    tx.flush()
    return_topic(tx, actor, row.request)
    announce_change(tx, lecture, change)
    _replan(tx, row)


def regain_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> None:
    """A lecture stands again: so does its invitation, unless the topic was given to somebody else meanwhile."""
    row = assignment_of(tx, lecture)
    if row is None or row.state != AssignmentState.WITHDRAWN:
        return
    lock_row(tx, row.plan)
    if not free_topic(tx, row):
        return
    row.state, row.reason = AssignmentState.CONFIRMED, ""
    tx.flush()
    plan_topic(tx, actor, row.request)
    _replan(tx, row)


def free_topic(tx: Tx, row: Assignment) -> bool:
    """Whether the topic of an assignment is given to nobody else; proposals that nobody was asked about are deleted.
    The caller has locked the plan."""
    others = select(Assignment).where(
        Assignment.plan_id == row.plan_id, Assignment.request_id == row.request_id, Assignment.id != row.id
    )
    for other in tx.scalars(others):
        if other.state == AssignmentState.DRAFT:
            tx.delete(other)
        elif other.state not in (AssignmentState.DECLINED, AssignmentState.WITHDRAWN):
            return False
    tx.flush()
    return True


def move_lecture(tx: Tx, lecture: ProgrammeLecture) -> None:
    """A lecture has another time: its assignment follows, who asked is notified, a draft is planned around it.

    Raises:
        Conflict: the evening is promised to another lecturer.
    """
    row = assignment_of(tx, lecture)
    if row is None:
        return
    if row.state == AssignmentState.CONFIRMED and row.day != lecture.day:
        taken = Conflict(msg("%(day)s晚上已经请了别的老师。", day=lecture.day))
        with unique_or(tx, taken):
            row.day = lecture.day
        _replan(tx, row)
    announce_change(tx, lecture, LectureChange.MOVED)


def _replan(tx: Tx, row: Assignment) -> None:
    """A draft is planned again: evenings and topics are others than it knows."""
    lock_row(tx, row.plan)
    if row.plan.state == PlanState.DRAFT:
        replan(tx, row.plan)


def announce_to_class(tx: Tx, lecture: ProgrammeLecture, change: LectureChange) -> None:
    """Have the members of a lecture's class notified; a lecture of a day that is over is no news."""
    if lecture.class_id is not None and lecture.day >= clock.today():
        jobs.publish(tx, ClassLectureChanged(lecture.id, change, clock.now_ms()))


def announce_change(tx: Tx, lecture: ProgrammeLecture, change: LectureChange) -> None:
    """Have those notified who asked for the topic of a lecture."""
    jobs.publish(tx, LectureChanged(lecture.id, change, clock.now_ms()))
