"""Reads of lectures: lists, what is to be confirmed, what a public page shows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import joinedload

from academy.classes.models import TeachingTerm
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.faculty import access, rules
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture
from academy.library.api import Lecturer

SIZE = 30


@dataclass(frozen=True)
class LectureFilter:
    """Conditions of the list of lectures."""

    term_id: int | None = None
    state: str = ""
    kind: str = ""
    class_id: int | None = None


@dataclass(frozen=True)
class LectureRow:
    """A lecture in a list, with its lecturers."""

    lecture: ProgrammeLecture
    teachers: list[LectureTeacher]

    @property
    def names(self) -> str:
        """The names of those who teach it, or taught; of those who were to, where nobody did."""
        teaching = [one for one in self.teachers if one.part in (TeachingPart.PLANNED, TeachingPart.TAUGHT)]
        return "、".join(one.lecturer.name for one in teaching or self.teachers)


def list_lectures(tx: Tx, actor: Actor, asked: LectureFilter, page: int = 1, size: int = SIZE) -> Page[LectureRow]:
    """Lectures in the actor's scope, the newest first. Three queries and the scope's."""
    query = _lectures(actor)
    if asked.term_id is not None:
        query = query.where(ProgrammeLecture.term_id == asked.term_id)
    if asked.class_id is not None:
        query = query.where(ProgrammeLecture.class_id == asked.class_id)
    if asked.state:
        query = query.where(ProgrammeLecture.state == asked.state)
    if asked.kind:
        query = query.where(ProgrammeLecture.kind == asked.kind)
    found = page_of(tx, query.order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id.desc()), page, size)
    return Page(lecture_rows(tx, found.rows), found.total, found.number, found.size)


def _lectures(actor: Actor) -> Select[ProgrammeLecture]:
    query = select(ProgrammeLecture).options(
        joinedload(ProgrammeLecture.term),
        joinedload(ProgrammeLecture.training_class),
        joinedload(ProgrammeLecture.classroom),
    )
    if access.is_programme_office(actor):
        return query
    visible = access.visible_lecturers(actor, LectureTeacher.__table__.c.lecturer_id)
    return query.where(ProgrammeLecture.id.in_(select(LectureTeacher.lecture_id).where(visible)))


def lecture_rows(tx: Tx, lectures: Sequence[ProgrammeLecture]) -> list[LectureRow]:
    """Lectures with their lecturers. One query."""
    ids = [one.id for one in lectures]
    teachers: dict[int, list[LectureTeacher]] = defaultdict(list)
    query = select(LectureTeacher).where(LectureTeacher.lecture_id.in_(ids)).order_by(LectureTeacher.id)
    for row in tx.scalars(query.options(joinedload(LectureTeacher.lecturer))):
        teachers[row.lecture_id].append(row)
    return [LectureRow(one, teachers[one.id]) for one in lectures]


def count_lectures_to_confirm(tx: Tx, actor: Actor, today: dt.date) -> int:
    """How many planned lectures lie in the past: the programme office enters how they went."""
    if not access.is_programme_office(actor):
        return 0
    late = select(func.count()).where(ProgrammeLecture.state == LectureState.PLANNED, ProgrammeLecture.day < today)
    return tx.scalar(late.select_from(ProgrammeLecture)) or 0


def public_lectures(tx: Tx, lecturer: Lecturer, today: dt.date, most: int = 5) -> Sequence[ProgrammeLecture]:
    """What a lecturer's public page shows: evenings of the forum that were held, and planned ones to come."""
    query = (
        select(ProgrammeLecture)
        .join(LectureTeacher, LectureTeacher.lecture_id == ProgrammeLecture.id)
        .where(
            LectureTeacher.lecturer_id == lecturer.id,
            ProgrammeLecture.kind == "forum",
            or_(
                and_(ProgrammeLecture.state == LectureState.HELD, LectureTeacher.part == TeachingPart.TAUGHT),
                and_(ProgrammeLecture.state == LectureState.PLANNED, ProgrammeLecture.day >= today),
            ),
        )
        .order_by(ProgrammeLecture.day.desc())
        .limit(most)
    )
    return tx.scalars(query).all()


def planned_on(tx: Tx, days: Sequence[dt.date]) -> list[LectureRow]:
    """Evenings of the forum that are planned on some days: what a moved holiday would leave without an evening."""
    query = select(ProgrammeLecture).where(
        ProgrammeLecture.day.in_(days),
        ProgrammeLecture.kind == "forum",
        ProgrammeLecture.state == LectureState.PLANNED,
    )
    return lecture_rows(tx, tx.scalars(query.order_by(ProgrammeLecture.day)).all())


@dataclass(frozen=True)
class TeacherRow:
    """A lecturer's part in a lecture, with the lecturer's public id in the pool; None for a guest."""

    part: LectureTeacher
    pool_id: str | None
    parts: int
    """Ten-thousandths of a class hour."""
    substitute_for: str
    """Name of the lecturer whose place was taken; empty for none."""


def lecture_teachers(tx: Tx, lecture: ProgrammeLecture) -> list[TeacherRow]:
    """The lecturers of one lecture. Two queries."""
    query = (
        select(LectureTeacher, PoolMembership.public_id)
        .outerjoin(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id)
        .where(LectureTeacher.lecture_id == lecture.id)
        .options(joinedload(LectureTeacher.lecturer))
        .order_by(LectureTeacher.id)
    )
    rows = tx.execute(query).all()
    names = {row.lecturer_id: row.lecturer.name for row, _pool in rows}
    return [
        TeacherRow(
            row,
            pool_id,
            rules.parts_of(lecture.class_hour_tenths, row.share_permille),
            names.get(row.substitute_for_id, "") if row.substitute_for_id else "",
        )
        for row, pool_id in rows
    ]


def forum_lectures(tx: Tx, term: TeachingTerm) -> dict[dt.date, LectureRow]:
    """Evenings of a term's forum by day; of an evening given away twice the one that stands."""
    query = select(ProgrammeLecture).where(ProgrammeLecture.term_id == term.id, ProgrammeLecture.kind == "forum")
    rows = lecture_rows(tx, tx.scalars(query.order_by(ProgrammeLecture.day, ProgrammeLecture.id)).all())
    found: dict[dt.date, LectureRow] = {}
    for row in rows:
        if row.lecture.day not in found or row.lecture.state in {LectureState.PLANNED, LectureState.HELD}:
            found[row.lecture.day] = row
    return found
