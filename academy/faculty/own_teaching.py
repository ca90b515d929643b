"""A lecturer's own page: when one teaches next, what one owes, who waits for an answer, what became of the lectures."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.faculty import access, plan_rules
from academy.faculty.contest_models import Contest, Nomination, PersonnelNote
from academy.faculty.contests.queries import announced
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluations.results import results_of_lecturer
from academy.faculty.evaluations.rules import MarkFigures
from academy.faculty.kinds import ConsentKind, LectureState, PoolState, TeachingPart
from academy.faculty.models import LecturerConsent, LectureTeacher, PoolMembership, ProgrammeLecture
from academy.faculty.obligations import Obligation, list_obligations
from academy.faculty.plan_kinds import PlanState
from academy.faculty.plan_models import Assignment, TermPlan
from academy.faculty.recordings import TO_PUBLISH, courses_resting_on

MOST = 20
"""Invitations, nominations and notes on the page: more than a lecturer has in some years."""


@dataclass(frozen=True)
class OwnInvitation:
    """An invitation to teach that is not settled."""

    row: Assignment
    is_open: bool
    """Whether its link still shows its page."""


@dataclass(frozen=True)
class OwnMarks:
    """What others said of all one's lectures."""

    kind: EvaluationKind
    shown: int
    """Rounds with enough answers."""
    hidden: int
    """Rounds with too few."""
    figures: MarkFigures | None


@dataclass(frozen=True)
class OwnTeaching:
    """What a lecturer's own page shows, beside the list of lectures and the consents."""

    next: ProgrammeLecture | None
    obligations: Sequence[Obligation]
    evidence: Mapping[int, ProgrammeLecture]
    """Row id of a lecture that counts → the lecture."""
    invitations: Sequence[OwnInvitation]
    marks: Sequence[OwnMarks]
    nominations: Sequence[Nomination]
    """Those whose result is announced, the newest first."""
    notes: Sequence[PersonnelNote]


def next_lecture(tx: Tx, actor: Actor, today: dt.date) -> ProgrammeLecture | None:
    """The next lecture that the actor is to give, today's too. One query; none for those who are no members."""
    if actor.member_id is None:
        return None
    mine = (
        select(LectureTeacher.lecture_id)
        .join(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id)
        .where(PoolMembership.member_id == actor.member_id, LectureTeacher.part == TeachingPart.PLANNED)
    )
    return tx.scalar(
        select(ProgrammeLecture)
        .where(
            ProgrammeLecture.id.in_(mine),
            ProgrammeLecture.state == LectureState.PLANNED,
            ProgrammeLecture.day >= today,
        )
        .options(joinedload(ProgrammeLecture.classroom), joinedload(ProgrammeLecture.training_class))
        .order_by(ProgrammeLecture.day, ProgrammeLecture.minute, ProgrammeLecture.id)
        .limit(1)
    )


def own_teaching(tx: Tx, actor: Actor, today: dt.date) -> OwnTeaching | None:
    """The page of the actor as a lecturer; None for somebody who is in no pool. A constant number of queries."""
    membership = access.find_own_membership(tx, actor)
    if membership is None:
        return None
    person = membership.lecturer_id
    owed = list_obligations(tx, today, [person]) if membership.state != PoolState.LEFT else []
    counted = {one.lecture_id for each in owed for one in each.assessment.counted}
    evidence = tx.scalars(select(ProgrammeLecture).where(ProgrammeLecture.id.in_(counted)))
    return OwnTeaching(
        next_lecture(tx, actor, today),
        owed,
        {one.id: one for one in evidence},
        _invitations(tx, person, today),
        _marks(tx, person),
        _nominations(tx, person),
        _notes(tx, person),
    )


def _invitations(tx: Tx, lecturer_id: int, today: dt.date) -> list[OwnInvitation]:
    rows = tx.scalars(
        select(Assignment)
        .join(TermPlan, TermPlan.id == Assignment.plan_id)
        .where(
            Assignment.lecturer_id == lecturer_id,
            Assignment.state.in_(plan_rules.HOLDING),
            Assignment.day >= today,
            TermPlan.state == PlanState.DRAFT,
        )
        .options(joinedload(Assignment.request), joinedload(Assignment.plan).joinedload(TermPlan.term))
        .order_by(Assignment.day, Assignment.id)
        .limit(MOST)
    )
    return [
        OwnInvitation(row, row.link_is_on and plan_rules.is_readable(today, row.answer_by or row.day, row.day))
        for row in rows
    ]


def _marks(tx: Tx, lecturer_id: int) -> list[OwnMarks]:
    kinds = (EvaluationKind.PARTICIPANTS, EvaluationKind.FOLLOW_UP)
    found = [OwnMarks(kind, *results_of_lecturer(tx, lecturer_id, kind)) for kind in kinds]
    return [one for one in found if one.shown or one.hidden]


def _nominations(tx: Tx, lecturer_id: int) -> Sequence[Nomination]:
    taught = select(LectureTeacher.lecture_id).where(
        LectureTeacher.lecturer_id == lecturer_id, LectureTeacher.part == TeachingPart.TAUGHT
    )
    return tx.scalars(
        select(Nomination)
        .join(Contest, Contest.id == Nomination.contest_id)
        .where(
            Nomination.lecture_id.in_(taught),
            announced(),
        )
        .options(joinedload(Nomination.contest), joinedload(Nomination.lecture))
        .order_by(Nomination.id.desc())
        .limit(MOST)
    ).all()


def _notes(tx: Tx, lecturer_id: int) -> Sequence[PersonnelNote]:
    return tx.scalars(
        select(PersonnelNote)
        .where(PersonnelNote.lecturer_id == lecturer_id)
        .options(joinedload(PersonnelNote.nomination).joinedload(Nomination.contest))
        .order_by(PersonnelNote.id.desc())
        .limit(MOST)
    ).all()


@dataclass(frozen=True)
class OwnConsent:
    """A consent of one's own that stands, and how many courses its withdrawal would take from the shelf."""

    consent: LecturerConsent
    courses: int


def own_consents(tx: Tx, actor: Actor) -> list[OwnConsent]:
    """The consents to be recorded and published that the actor gave as a lecturer, and that stand."""
    membership = access.find_own_membership(tx, actor)
    if membership is None:
        return []
    rows = tx.scalars(
        select(LecturerConsent).where(
            LecturerConsent.lecturer_id == membership.lecturer_id,
            LecturerConsent.kind.in_(TO_PUBLISH),
            LecturerConsent.withdrawn_on.is_(None),
        )
    ).all()
    courses = len(courses_resting_on(tx, membership)) if rows else 0
    return [OwnConsent(row, courses) for row in sorted(rows, key=lambda one: TO_PUBLISH.index(ConsentKind(one.kind)))]
