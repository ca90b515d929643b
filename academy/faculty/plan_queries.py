"""Reads of plans: the list of terms, and the board of one."""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.classes.api import TeachingTerm
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.faculty import plan_rules
from academy.faculty.access import is_programme_office, require_programme_office
from academy.faculty.evenings import evenings_for
from academy.faculty.kinds import LectureKind
from academy.faculty.lecture_queries import LectureRow, lecture_rows
from academy.faculty.materials import clearance
from academy.faculty.models import LecturerSubject, PoolMembership, ProgrammeLecture
from academy.faculty.plan_kinds import AssignmentState, PlanState
from academy.faculty.plan_models import Assignment, Omission, PlanRuling, TermPlan
from academy.faculty.plan_problem import STANDING
from academy.faculty.request_models import TopicRequest
from academy.faculty.request_queries import count_voices
from academy.library.models import Lecturer

GONE = (AssignmentState.DECLINED, AssignmentState.WITHDRAWN)


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
    """Drafts on evenings that are no more: a holiday was moved after planning. Of invitations see `doubts`."""
    lost: list[Assignment]
    """Invitations that were declined or withdrawn, the newest first."""
    omissions: Sequence[Omission]
    rulings: Sequence[PlanRuling]

    @property
    def is_running(self) -> bool:
        """Whether the planner has not answered the newest ruling yet."""
        return self.plan.planned_revision != self.plan.revision

    @property
    def free(self) -> list[dt.date]:
        """Evenings to come without a lecture on the timetable, and promised to nobody."""
        return [
            one.day
            for one in self.evenings
            if one.lecture is None
            and one.day > clock.today()
            and (one.assignment is None or one.assignment.state == AssignmentState.DRAFT)
        ]


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
    everything = tx.scalars(
        select(Assignment)
        .where(Assignment.plan_id == plan.id)
        .options(
            joinedload(Assignment.request).joinedload(TopicRequest.category),
            joinedload(Assignment.lecturer),
            joinedload(Assignment.lecture),
        )
        .order_by(Assignment.day, Assignment.id)
    ).all()
    rows = [row for row in everything if row.state not in GONE]
    # Where a lecturer chose an evening that was somebody's in the draft, the draft is being planned again.
    planned = {row.day: row for row in sorted(rows, key=lambda row: row.state != AssignmentState.DRAFT)}
    omitted = select(Omission).where(Omission.plan_id == plan.id).options(joinedload(Omission.request))
    ruled = (
        select(PlanRuling)
        .where(PlanRuling.plan_id == plan.id)
        .options(joinedload(PlanRuling.request), joinedload(PlanRuling.lecturer))
    )
    return PlanBoard(
        plan,
        [BoardEvening(day, lectures.get(day), planned.get(day)) for day in days],
        [row for row in rows if row.day not in days and row.state == AssignmentState.DRAFT],
        sorted((row for row in everything if row.state in GONE), key=lambda row: row.id, reverse=True),
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


def lecture_of_topic(tx: Tx, request: TopicRequest) -> LectureRow | None:
    """The lecture by which a topic is taught, with its lecturers; None while there is none. Three queries."""
    lecture = tx.scalar(
        select(ProgrammeLecture)
        .join(Assignment, Assignment.lecture_id == ProgrammeLecture.id)
        .where(
            Assignment.request_id == (request.merged_into_id or request.id),
            Assignment.state == AssignmentState.CONFIRMED,
        )
        .options(joinedload(ProgrammeLecture.classroom))
        .order_by(ProgrammeLecture.day.desc())
        .limit(1)
    )
    return lecture_rows(tx, [lecture])[0] if lecture is not None else None


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


def access_assignment(tx: Tx, actor: Actor, plan: TermPlan, public_id: str) -> Assignment:
    """An assignment of a plan, for the programme office.

    Raises:
        NotFound: it has none of that id.
        Forbidden: the actor does not run the programme.
    """
    require_programme_office(actor, f"assignment:{public_id}")
    row = tx.scalar(
        select(Assignment)
        .where(Assignment.plan_id == plan.id, Assignment.public_id == public_id)
        .options(
            joinedload(Assignment.request).joinedload(TopicRequest.category),
            joinedload(Assignment.lecturer),
            joinedload(Assignment.lecture),
            joinedload(Assignment.plan).joinedload(TermPlan.classroom),
        )
    )
    if row is None:
        raise NotFound
    return row


def drafts_of(tx: Tx, plan: TermPlan) -> list[Assignment]:
    """Assignments of a plan whose lecturers nobody has asked yet, by evening."""
    return list(tx.scalars(_drafts(plan)))


def _drafts(plan: TermPlan) -> Select[Assignment]:
    return (
        select(Assignment)
        .where(Assignment.plan_id == plan.id, Assignment.state == AssignmentState.DRAFT)
        .options(joinedload(Assignment.request), joinedload(Assignment.lecturer))
        .order_by(Assignment.day, Assignment.id)
    )


def access_drafts(tx: Tx, actor: Actor, plan: TermPlan, chosen: Collection[str]) -> list[Assignment]:
    """Drafts of a plan that somebody chose by their public ids, for the programme office; the caller has locked it.

    Raises:
        Invalid: none is chosen.
        Conflict: one of them is no draft of it any more: the plan was run again, or somebody else invited.
        Forbidden: the actor does not run the programme.
    """
    require_programme_office(actor, f"plan:{plan.public_id}")
    if not chosen:
        raise Invalid(fields={"chosen": msg("请勾上要请的老师。")})
    named = _drafts(plan).where(Assignment.public_id.in_(chosen)).execution_options(populate_existing=True)
    found = list(tx.scalars(named))
    if len(found) != len(set(chosen)):
        raise Conflict(msg("草案刚才变了，或者有人先请了。请看过再请。"))
    return found


def other_days(tx: Tx) -> list[Assignment]:
    """Invitations of drafts whose lecturers would rather come on another evening: the school agrees or not. By day."""
    asked = (
        select(Assignment)
        .join(TermPlan, TermPlan.id == Assignment.plan_id)
        .where(Assignment.state == AssignmentState.OTHER_DAY, TermPlan.state == PlanState.DRAFT)
        .options(joinedload(Assignment.request), joinedload(Assignment.lecturer), joinedload(Assignment.plan))
    )
    return list(tx.scalars(asked.order_by(Assignment.day, Assignment.id)))


def count_other_days(tx: Tx, actor: Actor) -> int:
    """How many lecturers wait for an answer about another evening, for the programme office."""
    if not is_programme_office(actor):
        return 0
    asked = select(func.count(Assignment.id)).join(TermPlan, TermPlan.id == Assignment.plan_id)
    waiting = (Assignment.state == AssignmentState.OTHER_DAY, TermPlan.state == PlanState.DRAFT)
    return tx.scalar(asked.where(*waiting)) or 0


@dataclass(frozen=True)
class MaterialDue:
    """What must be approved before an evening by the rule in force then, and by when it is submitted."""

    kinds: tuple[str, ...]
    """`MaterialKind` values."""
    day: dt.date


@dataclass(frozen=True)
class InvitationPage:
    """What an invitation says: to its lecturer behind the link, and to the office."""

    row: Assignment
    voices: int
    """How many people asked for the topic; nobody reads who they are."""
    material: MaterialDue | None
    """None where nothing has to be approved."""
    free: list[dt.date]
    """Other evenings of the term that are free and on which the lecturer can come."""
    takes_answer: bool

    @property
    def asked_day(self) -> dt.date:
        """The evening that was asked for."""
        return self.row.asked_day or self.row.day


def invitation_page(tx: Tx, row: Assignment) -> InvitationPage:
    """An invitation with what its page needs; about ten queries."""
    today = clock.today()
    is_open = row.state in plan_rules.OPEN and row.plan.state == PlanState.DRAFT
    asked = row.asked_day or row.day
    free = [day for day in evenings_for(tx, row) if day != asked] if is_open else []
    voices = count_voices(tx, [row.request_id]).get(row.request_id, 0)
    in_time = row.answer_by is not None and today <= row.answer_by
    return InvitationPage(row, voices, _material(tx, row.day), free, is_open and in_time)


def _material(tx: Tx, evening: dt.date) -> MaterialDue | None:
    rule = clearance.rule_on(clearance.rules_by_day(tx), evening)
    if rule is None or not rule.kinds:
        return None
    return MaterialDue(tuple(rule.kinds), plan_rules.material_by(clock.today(), evening, rule.due_days))
