"""What becomes of a plan: invitations that were accepted are confirmed as lectures, one by one or together.

Nothing is put on the timetable that no lecturer agreed to (docs/decisions/0066).
"""

from dataclasses import dataclass

from sqlalchemy import delete, func, select, update

from academy.classes.api import Classroom
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty import access, plan_rules
from academy.faculty.answers import ended, lock_draft
from academy.faculty.lectures import NewLecture, plan_lecture
from academy.faculty.models import ProgrammeLecture
from academy.faculty.plan_kinds import AssignmentState, PlanState
from academy.faculty.plan_models import Assignment, TermPlan
from academy.faculty.plans import replan
from academy.faculty.request_decisions import plan_topic

TENTHS = 20
"""Tenths of a class hour of an evening of the forum: two class hours."""
AGREED = (AssignmentState.ACCEPTED, AssignmentState.OTHER_DAY)


@dataclass(frozen=True)
class PlanCounts:
    """How many assignments of a plan are in which state; what a decision will do with each is on the page."""

    by_state: dict[str, int]

    def of(self, *states: str) -> int:
        """The number in any of the states."""
        return sum(self.by_state.get(state, 0) for state in states)


def count_assignments(tx: Tx, plan: TermPlan) -> PlanCounts:
    """The assignments of a plan by state."""
    counted = select(Assignment.state, func.count()).where(Assignment.plan_id == plan.id).group_by(Assignment.state)
    return PlanCounts(dict(tx.execute(counted).all()))


def confirm_assignment(tx: Tx, actor: Actor, row: Assignment) -> ProgrammeLecture:
    """Put a lecture on the timetable that its lecturer agreed to, on the evening that the lecturer chose; who asked
    for the topic is notified.

    Raises:
        Conflict: nobody agreed, the plan is decided, or something speaks against the evening meanwhile.
    """
    access.require_programme_office(actor, f"assignment:{row.public_id}")
    lock_draft(tx, row.plan)
    lock_row(tx, row)
    if row.state not in AGREED:
        raise Conflict(ended(row))
    return _confirm(tx, actor, row)


def _confirm(tx: Tx, actor: Actor, row: Assignment) -> ProgrammeLecture:
    try:
        made = plan_lecture(tx, actor, _lecture_of(row))
    except Invalid as error:
        raise Conflict(
            msg("%(day)s的“%(title)s”排不上：%(why)s", day=row.day, title=row.request.title, why=error.message)
        ) from error
    row.state, row.lecture_id = AssignmentState.CONFIRMED, made.id
    tx.flush()
    plan_topic(tx, actor, row.request)
    record(tx, actor, "invitation.confirmed", f"assignment:{row.public_id}", lecture=made.public_id)
    return made


def decide_plan(tx: Tx, actor: Actor, plan: TermPlan) -> int:
    """Confirm everything that lecturers accepted, and end the plan: whoever has not answered, or asked for a day that
    nobody agreed to, is asked no more, and those topics stay on the shortlist. Gives the number of new lectures. People
    decide: this is called by nobody but the programme office. `reopen_plan` takes it back.

    Raises:
        Conflict: it is decided, it is being planned again, nobody has accepted, or an evening was taken meanwhile.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    lock_draft(tx, plan)
    if plan.revision != plan.planned_revision:
        raise Conflict(msg("正在重新排，请等排好了再定。"))
    if not count_assignments(tx, plan).of(AssignmentState.ACCEPTED, AssignmentState.CONFIRMED):
        raise Conflict(msg("还没有一位老师答应。请先请老师，等答复来了再定。"))
    accepted = select(Assignment).where(Assignment.plan_id == plan.id, Assignment.state == AssignmentState.ACCEPTED)
    rows = tx.scalars(accepted.order_by(Assignment.day)).all()
    for row in rows:
        _confirm(tx, actor, row)
    tx.execute(delete(Assignment).where(Assignment.plan_id == plan.id, Assignment.state == AssignmentState.DRAFT))
    tx.execute(
        update(Assignment)
        .where(Assignment.plan_id == plan.id, Assignment.state.in_(plan_rules.HOLDING))
        .values(
            state=AssignmentState.WITHDRAWN,
            link_is_on=False,
            # A lecturer who is asked again is asked for the evening that the school had in mind.
            day=func.coalesce(Assignment.asked_day, Assignment.day),
            asked_day=None,
        )
    )
    plan.state, plan.decided_by, plan.decided_at = PlanState.DECIDED, actor.account_id, clock.now()
    tx.flush()
    record(tx, actor, "plan.decided", f"plan:{plan.public_id}", lectures=len(rows))
    return len(rows)


def reopen_plan(tx: Tx, actor: Actor, plan: TermPlan) -> None:
    """Go on planning a decided plan: its lectures stand, evenings that are left are planned from what there is now.

    Raises:
        Conflict: it is a draft, or its term is over.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    lock_row(tx, plan)
    if plan.state != PlanState.DECIDED:
        raise Conflict(msg("这份计划还是草稿。"))
    if plan.term.last_day <= clock.today():
        raise Conflict(msg("这个学期已经结束了。"))
    plan.state, plan.decided_by, plan.decided_at = PlanState.DRAFT, None, None
    record(tx, actor, "plan.reopened", f"plan:{plan.public_id}")
    replan(tx, plan, actor)


def set_place(tx: Tx, actor: Actor, plan: TermPlan, classroom: Classroom | None) -> None:
    """Where the forum of the plan's term meets: invitations name it, and lectures are put there.

    Raises:
        Conflict: the plan is decided.
    """
    access.require_programme_office(actor, f"plan:{plan.public_id}")
    lock_draft(tx, plan)
    plan.classroom_id = classroom.id if classroom else None
    tx.flush()
    record(tx, actor, "plan.place", f"plan:{plan.public_id}", classroom=classroom.public_id if classroom else "")


def _lecture_of(row: Assignment) -> NewLecture:
    return NewLecture(
        title=row.request.title,
        day=row.day,
        minute=row.plan.term.forum_minute,
        tenths=TENTHS,
        teachers=[(row.lecturer_id, 1000)],
        classroom=row.plan.classroom,
        category_id=row.request.category_id,
        assignment_id=row.id,
    )
