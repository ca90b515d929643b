"""A lecture's whole life, from the topic that was asked for to the members that its recording reached.

Everything is read by the queries of the pages that have it already; nothing is counted here for the first time but
members by county (`learning.course_reach`). What the reader may not see is not read.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.faculty import access
from academy.faculty.contest_models import Contest, Nomination, PersonnelNote
from academy.faculty.contests.queries import announced
from academy.faculty.evaluation_models import EvaluationRound
from academy.faculty.evaluations import results
from academy.faculty.evaluations.results import RoundResult
from academy.faculty.evaluations.rolls import count_attendance
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.lecture_queries import TeacherRow, lecture_teachers
from academy.faculty.lecture_topics import assignment_of
from academy.faculty.make_up_pairs import MakeUps, make_ups_of
from academy.faculty.materials.clearance import MaterialStanding, standings_of
from academy.faculty.models import (
    LectureEdit,
    LectureEvidence,
    LecturerConsent,
    LectureRecording,
    ProgrammeLecture,
)
from academy.faculty.plan_kinds import RulingState
from academy.faculty.plan_models import Assignment, PlanRuling, TermPlan
from academy.faculty.queries import evidence_of
from academy.faculty.recordings import TO_PUBLISH, recording_of
from academy.faculty.request_queries import AskedTopic, asked_topic
from academy.learning import api as learning
from academy.learning.api import CountyReach

MOST = 50
"""Rows of one kind on the page."""


@dataclass(frozen=True)
class PlannedLife:
    """How a lecture came to its evening: for the programme office alone beyond the invitation of who taught it."""

    plan: TermPlan
    invitation: Assignment
    others: Sequence[Assignment]
    """Who was asked for the topic otherwise, the oldest first."""
    rulings: Sequence[PlanRuling]
    """What people ruled about the topic, with its price."""


@dataclass(frozen=True)
class RecordedLife:
    """The recording, the consents that it rests on, and whom it has reached."""

    recording: LectureRecording | None
    consents: Sequence[tuple[str, LecturerConsent]]
    """Lecturer's name, and a consent to be recorded or published; for the programme office alone."""
    reach: Sequence[CountyReach]

    @property
    def started(self) -> int:
        """Members who have begun the course."""
        return sum(one.started for one in self.reach)

    @property
    def completed(self) -> int:
        """Members who have completed it."""
        return sum(one.completed for one in self.reach)


@dataclass(frozen=True)
class JudgedLife:
    """Evaluations, contest, personnel notes; empty, with `is_hidden`, for whoever may not see results."""

    results: Sequence[RoundResult]
    open_rounds: Sequence[EvaluationRound]
    is_hidden: bool
    nominations: Sequence[Nomination]
    notes: Sequence[PersonnelNote]


@dataclass(frozen=True)
class LectureLife:
    """Everything that happened to a lecture, as far as the reader may know."""

    is_office: bool
    teachers: Sequence[TeacherRow]
    make_ups: MakeUps
    topic: AskedTopic | None
    planned: PlannedLife | None
    edits: Sequence[LectureEdit]
    standings: Sequence[MaterialStanding]
    here: int
    evidence: Sequence[LectureEvidence]
    recorded: RecordedLife
    judged: JudgedLife


def lecture_life(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> LectureLife:
    """The life of a lecture that was accessed already (`access_lecture`). At most some forty queries, however much
    happened."""
    is_office = access.is_programme_office(actor)
    teachers = lecture_teachers(tx, lecture)
    own = assignment_of(tx, lecture)
    edits = select(LectureEdit).where(LectureEdit.lecture_id == lecture.id).order_by(LectureEdit.id).limit(MOST)
    return LectureLife(
        is_office,
        teachers,
        make_ups_of(tx, [lecture])[lecture.id],
        asked_topic(tx, own.request) if own is not None else None,
        _planned(tx, own, is_office=is_office) if own is not None else None,
        tx.scalars(edits).all(),
        standings_of(tx, [lecture])[lecture.id],
        count_attendance(tx, lecture),
        evidence_of(tx, [lecture.id])[lecture.id],
        _recorded(tx, actor, lecture, teachers, is_office=is_office),
        _judged(tx, actor, lecture, is_office=is_office),
    )


def _planned(tx: Tx, own: Assignment, *, is_office: bool) -> PlannedLife:
    if not is_office:
        return PlannedLife(own.plan, own, (), ())
    of_topic = (Assignment.plan_id == own.plan_id, Assignment.request_id == own.request_id)
    others = select(Assignment).where(*of_topic, Assignment.id != own.id, Assignment.invited_at.is_not(None))
    rulings = select(PlanRuling).where(
        PlanRuling.plan_id == own.plan_id,
        PlanRuling.request_id == own.request_id,
        PlanRuling.state == RulingState.CONFIRMED,
        PlanRuling.answer_id.is_(None),
    )
    return PlannedLife(
        own.plan,
        own,
        tx.scalars(others.options(joinedload(Assignment.lecturer)).order_by(Assignment.id).limit(MOST)).all(),
        tx.scalars(rulings.options(joinedload(PlanRuling.lecturer)).order_by(PlanRuling.id).limit(MOST)).all(),
    )


def _recorded(
    tx: Tx, actor: Actor, lecture: ProgrammeLecture, teachers: Sequence[TeacherRow], *, is_office: bool
) -> RecordedLife:
    recording = recording_of(tx, lecture)
    reach: Sequence[CountyReach] = ()
    if recording is not None and recording.course.published_at is not None:
        reach = learning.course_reach(tx, recording.course_id, actor.paths(*access.PROGRAMME_READERS))
    consents: list[tuple[str, LecturerConsent]] = []
    if is_office:
        names = {one.part.lecturer_id: one.part.lecturer.name for one in teachers if _is_in(lecture, one)}
        rows = select(LecturerConsent).where(
            LecturerConsent.lecturer_id.in_(names), LecturerConsent.kind.in_(TO_PUBLISH)
        )
        consents = [(names[one.lecturer_id], one) for one in tx.scalars(rows.order_by(LecturerConsent.id).limit(MOST))]
    return RecordedLife(recording, consents, reach)


def _is_in(lecture: ProgrammeLecture, one: TeacherRow) -> bool:
    """Whether somebody is or will be in the recording."""
    return one.part.part == (TeachingPart.TAUGHT if lecture.state == LectureState.HELD else TeachingPart.PLANNED)


def _judged(tx: Tx, actor: Actor, lecture: ProgrammeLecture, *, is_office: bool) -> JudgedLife:
    nominated = (
        select(Nomination)
        .join(Contest, Contest.id == Nomination.contest_id)
        .where(Nomination.lecture_id == lecture.id)
        .options(joinedload(Nomination.contest))
        .order_by(Nomination.id)
    )
    if not is_office:
        return JudgedLife((), (), True, tx.scalars(nominated.where(announced())).all(), ())
    notes = (
        select(PersonnelNote)
        .join(Nomination, Nomination.id == PersonnelNote.nomination_id)
        .where(Nomination.lecture_id == lecture.id)
        .options(joinedload(PersonnelNote.lecturer))
        .order_by(PersonnelNote.id)
    )
    return JudgedLife(
        results.results_of_lecture(tx, actor, lecture),
        results.open_rounds(tx, lecture),
        False,
        tx.scalars(nominated).all(),
        tx.scalars(notes).all(),
    )
