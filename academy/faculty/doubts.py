"""Lectures and invitations to come that cannot be as they are: a holiday was moved, or a lecturer is away by then."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty import rules
from academy.faculty.kinds import LectureKind, LectureState, TeachingPart
from academy.faculty.models import (
    LecturerAbsence,
    LectureTeacher,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
)
from academy.faculty.plan_models import Assignment, TermPlan
from academy.faculty.plan_rules import HOLDING

NO_EVENING = msg("这一天不开讲了：不是讲坛日，或者放假。")


@dataclass(frozen=True)
class Doubt:
    """A lecture on the timetable or an invitation, and what speaks against it."""

    day: dt.date
    title: str
    lecture: ProgrammeLecture | None
    assignment: Assignment | None
    reason: Message


@dataclass(frozen=True)
class _Booked:
    """A lecturer on a day, by a lecture or by an invitation."""

    day: dt.date
    title: str
    lecturer_id: int
    name: str
    term_id: int | None
    """Of the forum; None for a lesson of a class."""
    lecture: ProgrammeLecture | None = None
    assignment: Assignment | None = None


def list_doubts(tx: Tx, *, plan: TermPlan | None = None, lecturer_id: int | None = None) -> list[Doubt]:
    """From today on, by day: of a plan's term, of a lecturer, or all. About eight queries."""
    booked = [*_lectures(tx, plan, lecturer_id), *_invitations(tx, plan, lecturer_id)]
    ids = {one.lecturer_id for one in booked}
    evenings = _evenings(tx, {one.term_id for one in booked if one.term_id is not None})
    away = _Away(tx, ids)
    found: dict[tuple[str, int], Doubt] = {}
    for one in booked:
        reason = away.reason(one.lecturer_id, one.day, one.name)
        if one.term_id is not None and one.day not in evenings[one.term_id]:
            reason = NO_EVENING
        if reason is not None:
            key = (
                ("lecture", one.lecture.id)
                if one.lecture
                else ("invitation", one.assignment.id if one.assignment else 0)
            )
            found.setdefault(key, Doubt(one.day, one.title, one.lecture, one.assignment, reason))
    return sorted(found.values(), key=lambda doubt: (doubt.day, doubt.title))


def _lectures(tx: Tx, plan: TermPlan | None, lecturer_id: int | None) -> Iterable[_Booked]:
    query = (
        select(LectureTeacher)
        .join(ProgrammeLecture, ProgrammeLecture.id == LectureTeacher.lecture_id)
        .where(
            ProgrammeLecture.state == LectureState.PLANNED,
            ProgrammeLecture.day >= clock.today(),
            LectureTeacher.part == TeachingPart.PLANNED,
        )
        .options(joinedload(LectureTeacher.lecture), joinedload(LectureTeacher.lecturer))
    )
    if plan is not None:
        query = query.where(ProgrammeLecture.term_id == plan.term_id, ProgrammeLecture.kind == LectureKind.FORUM)
    if lecturer_id is not None:
        query = query.where(LectureTeacher.lecturer_id == lecturer_id)
    for row in tx.scalars(query):
        lecture = row.lecture
        term_id = lecture.term_id if lecture.kind == LectureKind.FORUM else None
        yield _Booked(lecture.day, lecture.title, row.lecturer_id, row.lecturer.name, term_id, lecture=lecture)


def _invitations(tx: Tx, plan: TermPlan | None, lecturer_id: int | None) -> Iterable[_Booked]:
    query = (
        select(Assignment)
        .where(Assignment.state.in_(HOLDING), Assignment.day >= clock.today())
        .options(joinedload(Assignment.request), joinedload(Assignment.lecturer), joinedload(Assignment.plan))
    )
    if plan is not None:
        query = query.where(Assignment.plan_id == plan.id)
    if lecturer_id is not None:
        query = query.where(Assignment.lecturer_id == lecturer_id)
    for row in tx.scalars(query):
        yield _Booked(row.day, row.request.title, row.lecturer_id, row.lecturer.name, row.plan.term_id, assignment=row)


def _evenings(tx: Tx, term_ids: set[int]) -> dict[int, set[dt.date]]:
    terms = [one for one in classes.list_terms(tx) if one.id in term_ids]
    return {term.id: {one.day for one in classes.term_evenings(tx, term)} for term in terms}


class _Away:
    """Days on which lecturers are away: registered absences, rests, having left. Two queries."""

    def __init__(self, tx: Tx, lecturer_ids: set[int]) -> None:
        today = clock.today()
        absences = select(LecturerAbsence).where(
            LecturerAbsence.lecturer_id.in_(lecturer_ids), LecturerAbsence.last_day >= today
        )
        spells = (
            select(PoolMembership.lecturer_id, PoolSpell)
            .join(PoolSpell, PoolSpell.membership_id == PoolMembership.id)
            .where(PoolMembership.lecturer_id.in_(lecturer_ids), PoolSpell.state.in_(rules.SUSPENDING))
        )
        self._absences = list(tx.scalars(absences))
        self._spells = [(key, row) for key, row in tx.execute(spells)]

    def reason(self, lecturer_id: int, day: dt.date, name: str) -> Message | None:
        """Why somebody cannot teach on a day; None where nothing is known."""
        for row in self._absences:
            if row.lecturer_id == lecturer_id and row.first_day <= day <= row.last_day:
                return msg("%(name)s登记了这一天不能授课。", name=name)
        for key, spell in self._spells:
            if key == lecturer_id and spell.valid_from <= day and (spell.valid_to is None or day < spell.valid_to):
                if spell.state == "left":
                    return msg("%(name)s那时已经出库。", name=name)
                return msg("%(name)s那时暂停授课。", name=name)
        return None


def promised_on(tx: Tx, days: Iterable[dt.date]) -> list[Assignment]:
    """Invitations to evenings on some days: what a moved holiday would leave without an evening."""
    query = select(Assignment).where(Assignment.state.in_(HOLDING), Assignment.day.in_(list(days)))
    query = query.options(joinedload(Assignment.request), joinedload(Assignment.lecturer), joinedload(Assignment.plan))
    return list(tx.scalars(query.order_by(Assignment.day)))
