"""Reads of plans: the list of terms, and the board of one."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.classes.api import TeachingTerm
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.faculty.access import require_programme_office
from academy.faculty.kinds import LectureKind
from academy.faculty.models import LecturerSubject, PoolMembership, ProgrammeLecture
from academy.faculty.plan_models import Assignment, Omission, PlanRuling, TermPlan
from academy.faculty.plan_problem import STANDING
from academy.faculty.request_models import TopicRequest
from academy.library.models import Lecturer


@dataclass(frozen=True)
class BoardEvening:
    """An evening of the forum: what stands on the timetable, else what the plan proposes."""

    day: dt.date
    lecture: ProgrammeLecture | None
    assignment: Assignment | None


@dataclass(frozen=True)
class PlanBoard:
    """Everything that the page of a plan shows."""

    plan: TermPlan
    evenings: list[BoardEvening]
    stranded: list[Assignment]
    """Assignments to evenings that are no more: a holiday was moved after planning."""
    omissions: Sequence[Omission]
    rulings: Sequence[PlanRuling]

    @property
    def is_running(self) -> bool:
        """Whether the planner has not answered the newest ruling yet."""
        return self.plan.planned_revision != self.plan.revision

    @property
    def free(self) -> list[dt.date]:
        """Evenings without a lecture on the timetable."""
        return [one.day for one in self.evenings if one.lecture is None]


def plans_by_term(tx: Tx) -> list[tuple[TeachingTerm, TermPlan | None]]:
    """Terms, the newest first, each with its plan."""
    plans = {plan.term_id: plan for plan in tx.scalars(select(TermPlan))}
    return [(term, plans.get(term.id)) for term in classes.list_terms(tx)]


def board_of(tx: Tx, plan: TermPlan) -> PlanBoard:
    """The board of a plan; seven queries however long the term is."""
    days = [one.day for one in classes.term_evenings(tx, plan.term)]
    standing = tx.scalars(
        select(ProgrammeLecture).where(
            ProgrammeLecture.term_id == plan.term_id,
            ProgrammeLecture.kind == LectureKind.FORUM,
            ProgrammeLecture.state.in_(STANDING),
        )
    )
    lectures = {one.day: one for one in standing}
    rows = tx.scalars(
        select(Assignment)
        .where(Assignment.plan_id == plan.id)
        .options(joinedload(Assignment.request).joinedload(TopicRequest.category), joinedload(Assignment.lecturer))
        .order_by(Assignment.day)
    ).all()
    planned = {row.day: row for row in rows}
    omitted = select(Omission).where(Omission.plan_id == plan.id).options(joinedload(Omission.request))
    ruled = (
        select(PlanRuling)
        .where(PlanRuling.plan_id == plan.id)
        .options(joinedload(PlanRuling.request), joinedload(PlanRuling.lecturer))
    )
    return PlanBoard(
        plan,
        [BoardEvening(day, lectures.get(day), planned.get(day)) for day in days],
        [row for row in rows if row.day not in days],
        tx.scalars(omitted.order_by(Omission.request_id)).all(),
        tx.scalars(ruled.order_by(PlanRuling.id)).all(),
    )


def possible_lecturers(tx: Tx, plan: TermPlan) -> list[tuple[str, str]]:
    """Lecturers of the pool that a ruling may name: public id of the membership, and name with office."""
    rows = tx.execute(
        select(PoolMembership.public_id, Lecturer.name, Lecturer.office)
        .join(Lecturer, Lecturer.id == PoolMembership.lecturer_id)
        .where(PoolMembership.lecturer_id.in_(select(LecturerSubject.lecturer_id)))
        .order_by(Lecturer.name)
    )
    return [(public_id, f"{name} · {office}") for public_id, name, office in rows]


def access_plan(tx: Tx, actor: Actor, public_id: str) -> TermPlan:
    """A plan, for the programme office.

    Raises:
        NotFound: there is none.
        Forbidden: the actor does not run the programme.
    """
    require_programme_office(actor, f"plan:{public_id}")
    row = tx.scalar(select(TermPlan).where(TermPlan.public_id == public_id).options(joinedload(TermPlan.term)))
    if row is None:
        raise NotFound
    return row


def access_ruling(tx: Tx, actor: Actor, plan: TermPlan, public_id: str) -> PlanRuling:
    """A ruling of a plan.

    Raises:
        NotFound: it has none of that id.
    """
    row = tx.scalar(select(PlanRuling).where(PlanRuling.plan_id == plan.id, PlanRuling.public_id == public_id))
    if row is None:
        raise NotFound
    return row
