"""A term of the database as a problem for the planner: lecturers, topics, evenings, rulings. Keys are row ids."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select

from academy.classes import api as classes
from academy.classes.api import TeachingTerm
from academy.core.database import Tx
from academy.faculty.kinds import ConsentKind, LectureKind, LectureState, PoolState
from academy.faculty.models import (
    AvailabilityWindow,
    LecturerAbsence,
    LecturerConsent,
    LecturerSubject,
    LectureTeacher,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
)
from academy.faculty.obligations import Obligation, list_obligations
from academy.faculty.plan_kinds import AssignmentState, RulingState
from academy.faculty.plan_models import Assignment, PlanRuling, TermPlan
from academy.faculty.plan_rules import HOLDING
from academy.faculty.planning.problem import (
    Candidate,
    Duty,
    PlannedLecture,
    PlannedTopic,
    PlanningProblem,
    Ruling,
    Sitting,
)
from academy.faculty.request_kinds import RequestState
from academy.faculty.request_models import TopicRequest
from academy.faculty.request_queries import count_voices
from academy.faculty.rules import ObligationState
from academy.library.models import Category, Lecturer

STANDING = (LectureState.PLANNED, LectureState.HELD)
OWED = (ObligationState.OVERDUE, ObligationState.SOON, ObligationState.OPEN)
BETWEEN_TERMS = dt.timedelta(days=60)
"""From a term's end to the next one's first evening, while the next term is not entered."""
ANY_SEATS = 5000
"""Seats of the forum, which moves where there is space."""


def problem_of(tx: Tx, plan: TermPlan, on: dt.date) -> PlanningProblem:
    """What there is to plan for a term from a day on: its evenings without a lecture, and the shortlist. What lecturers
    were invited to stays as it is: their evenings and topics are no part of the problem."""
    evenings = free_evenings(tx, plan.term, on)
    candidates = candidates_for(tx, plan.term, evenings, on)
    promised = select(Assignment.request_id).where(Assignment.plan_id == plan.id, Assignment.state.in_(HOLDING))
    rows = tx.scalars(
        select(TopicRequest)
        .where(TopicRequest.state == RequestState.SHORTLISTED, TopicRequest.id.not_in(promised))
        .order_by(TopicRequest.id)
    ).all()
    topics = _topics(tx, rows)
    known = {one.key for one in topics}, {one.key for one in candidates}
    return PlanningProblem(
        candidates,
        topics,
        tuple(Sitting(day.isoformat(), day, ANY_SEATS) for day in evenings),
        next_term(tx, plan.term),
        tuple(_rulings(tx, plan, *known)),
        tuple(_previous(tx, plan)),
    )


def ruling_of(row: PlanRuling) -> Ruling:
    """A ruling as the planner knows it."""
    lecturer = str(row.lecturer_id) if row.lecturer_id else None
    return Ruling(str(row.request_id), lecturer, row.day, wanted=row.is_wanted)


def free_evenings(tx: Tx, term: TeachingTerm, on: dt.date, *, but_for: int | None = None) -> list[dt.date]:
    """Evenings of the forum after a day that have no lecture and are promised to no lecturer, holidays left out;
    `but_for` is an assignment whose own evening is free for it."""
    taken = set(
        tx.scalars(
            select(ProgrammeLecture.day).where(
                ProgrammeLecture.term_id == term.id,
                ProgrammeLecture.kind == LectureKind.FORUM,
                ProgrammeLecture.state.in_(STANDING),
            )
        )
    )
    promised = select(Assignment.day).join(TermPlan, TermPlan.id == Assignment.plan_id)
    promised = promised.where(
        TermPlan.term_id == term.id, Assignment.state.in_(HOLDING), Assignment.id != (but_for or 0)
    )
    taken.update(tx.scalars(promised))
    return [one.day for one in classes.term_evenings(tx, term) if one.day > on and one.day not in taken]


def next_term(tx: Tx, term: TeachingTerm) -> dt.date:
    later = [one.first_day for one in classes.list_terms(tx) if one.first_day > term.last_day]
    return min(later, default=term.last_day + BETWEEN_TERMS)


def _topics(tx: Tx, rows: Sequence[TopicRequest]) -> tuple[PlannedTopic, ...]:
    voices = count_voices(tx, [row.id for row in rows])
    return tuple(
        PlannedTopic(
            key=str(row.id),
            title=row.title,
            subject=row.category.name,
            voices=voices.get(row.id, 0),
            classes=(row.training_class.name,) if row.training_class else (),
            demanded=row.is_demanded,
        )
        for row in rows
    )


def candidates_for(
    tx: Tx, term: TeachingTerm, evenings: list[dt.date], on: dt.date, *, but_for: int | None = None
) -> tuple[Candidate, ...]:
    """Lecturers of the pool who consent to teach, with what they owe and the evenings on which they can come; `but_for`
    is the row id of a lecture that is not counted."""
    consents = select(LecturerConsent.lecturer_id).where(
        LecturerConsent.kind == ConsentKind.TEACH, LecturerConsent.withdrawn_on.is_(None)
    )
    people = tx.execute(
        select(PoolMembership, Lecturer.name)
        .join(Lecturer, Lecturer.id == PoolMembership.lecturer_id)
        .where(PoolMembership.lecturer_id.in_(consents))
        .order_by(PoolMembership.lecturer_id)
    ).all()
    ids = [person.lecturer_id for person, _ in people]
    subjects = _subjects(tx, ids)
    come = comings(tx, [person for person, _ in people], evenings, term.forum_minute)
    lectures = standing_days(tx, ids, but_for=but_for)
    owed: dict[int, list[Obligation]] = defaultdict(list)
    for one in list_obligations(tx, on, ids):
        owed[one.lecturer_id].append(one)
    found = []
    for person, name in people:
        key = person.lecturer_id
        given = lectures[key]
        in_term = sum(term.first_day <= day <= term.last_day for day in given)
        most = len(evenings) if person.most_per_term is None else max(0, person.most_per_term - in_term)
        found.append(
            Candidate(
                key=str(key),
                name=name,
                subjects=tuple(subjects[key]),
                main=len(subjects[key]),
                evenings=frozenset(come[key]),
                limit=most,
                taught=sum(day.year == on.year for day in given),
                duties=tuple(open_duties(owed[key], given, on, term.last_day)),
            )
        )
    return tuple(found)


def open_duties(owed: list[Obligation], given: list[dt.date], on: dt.date, last: dt.date) -> list[Duty]:
    """What is still open, less the lectures that are planned already. What is overdue is due in this term."""
    found = []
    for one in owed:
        state, due = one.assessment.state, one.assessment.due_on
        if state not in OWED or due is None:
            continue
        due = last if state == ObligationState.OVERDUE else due
        planned = sum(on < day <= due for day in given)
        missing = one.assessment.demand.lectures - one.assessment.done - planned
        if missing > 0:
            found.append(Duty(f"{one.lecturer_id} {one.assessment.demand.level}", on, due, missing))
    return found


def _subjects(tx: Tx, ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    named = (
        select(LecturerSubject.lecturer_id, Category.name)
        .join(Category, Category.id == LecturerSubject.category_id)
        .where(LecturerSubject.lecturer_id.in_(ids))
        .order_by(Category.position)
    )
    for lecturer_id, name in tx.execute(named):
        found[lecturer_id].append(name)
    return found


def standing_days(tx: Tx, ids: Collection[int], *, but_for: int | None = None) -> dict[int, list[dt.date]]:
    """Days of lectures, held, planned or promised, by lecturer; without one lecture, by row id. Two queries."""
    found: dict[int, list[dt.date]] = defaultdict(list)
    days = (
        select(LectureTeacher.lecturer_id, ProgrammeLecture.day)
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureTeacher.lecture_id)
        .where(
            ProgrammeLecture.state.in_(STANDING),
            LectureTeacher.lecturer_id.in_(ids),
            ProgrammeLecture.id != (but_for or 0),
        )
    )
    promised = select(Assignment.lecturer_id, Assignment.day).where(
        Assignment.state.in_(HOLDING), Assignment.lecturer_id.in_(ids)
    )
    for lecturer_id, day in [*tx.execute(days), *tx.execute(promised)]:
        found[lecturer_id].append(day)
    return found


def comings(tx: Tx, people: list[PoolMembership], evenings: list[dt.date], minute: int) -> dict[int, list[dt.date]]:
    """Evenings on which each lecturer is in the pool, confirmed, within their hours, and not absent."""
    ids = [one.lecturer_id for one in people]
    windows: dict[int, list[AvailabilityWindow]] = defaultdict(list)
    for window in tx.scalars(select(AvailabilityWindow).where(AvailabilityWindow.lecturer_id.in_(ids))):
        windows[window.lecturer_id].append(window)
    absences: dict[int, list[LecturerAbsence]] = defaultdict(list)
    for absence in tx.scalars(select(LecturerAbsence).where(LecturerAbsence.lecturer_id.in_(ids))):
        absences[absence.lecturer_id].append(absence)
    spells: dict[int, list[PoolSpell]] = defaultdict(list)
    confirmed = select(PoolSpell).where(
        PoolSpell.state == PoolState.CONFIRMED, PoolSpell.membership_id.in_([one.id for one in people])
    )
    for spell in tx.scalars(confirmed):
        spells[spell.membership_id].append(spell)
    return {
        one.lecturer_id: [
            day
            for day in evenings
            if any(s.valid_from <= day and (s.valid_to is None or day < s.valid_to) for s in spells[one.id])
            and not any(a.first_day <= day <= a.last_day for a in absences[one.lecturer_id])
            and _within(windows[one.lecturer_id], day, minute)
        ]
        for one in people
    }


def _within(windows: list[AvailabilityWindow], day: dt.date, minute: int) -> bool:
    return not windows or any(
        one.weekday == day.weekday() and one.from_minute <= minute < one.to_minute for one in windows
    )


def _rulings(tx: Tx, plan: TermPlan, topics: set[str], lecturers: set[str]) -> list[Ruling]:
    """Confirmed rulings about what is still there: a topic may have been declined, a lecturer may have left."""
    rows = tx.scalars(
        select(PlanRuling)
        .where(PlanRuling.plan_id == plan.id, PlanRuling.state == RulingState.CONFIRMED)
        .order_by(PlanRuling.id)
    )
    found = [ruling_of(row) for row in rows]
    return [one for one in found if one.topic in topics and one.lecturer in {None, *lecturers}]


def _previous(tx: Tx, plan: TermPlan) -> list[PlannedLecture]:
    drafts = select(Assignment).where(Assignment.plan_id == plan.id, Assignment.state == AssignmentState.DRAFT)
    rows = tx.scalars(drafts.order_by(Assignment.day))
    return [PlannedLecture(row.day, row.day.isoformat(), str(row.request_id), (str(row.lecturer_id),)) for row in rows]
