"""What speaks against a lecture at a time: a classroom or lecturer is taken, or a lecturer cannot teach on that day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from academy.classes.api import TeachingTerm
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty import rules
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.models import (
    Assignment,
    LecturerAbsence,
    LectureTeacher,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
    TermPlan,
)
from academy.faculty.plan_rules import HOLDING
from academy.faculty.queries import spell_on
from academy.library.models import Lecturer

STANDING = (LectureState.PLANNED, LectureState.HELD)


@dataclass(frozen=True)
class LectureSlot:
    """A time, a place and the lecturers of a lecture; `own_id` is its row id once there is one."""

    day: dt.date
    minute: int
    tenths: int
    classroom_id: int | None
    lecturer_ids: Sequence[int]
    own_id: int | None = None


def find_collisions(tx: Tx, slot: LectureSlot) -> dict[str, Message]:
    """Why a lecture cannot be at that time, by the form's fields; empty where nothing speaks against it. Four queries.

    The caller has locked the term: two lectures that are entered at once see each other.
    """
    others = [
        row
        for row in _lectures_of_day(tx, slot)
        if rules.meets(slot.minute, slot.tenths, row.minute, row.class_hour_tenths)
    ]
    found = {}
    if slot.classroom_id is not None and any(row.classroom_id == slot.classroom_id for row in others):
        found["classroom"] = msg("这间教室这个时间已经有课了，请换一间或换个时间。")
    busy = select(LectureTeacher.lecturer_id).where(
        LectureTeacher.lecture_id.in_([row.id for row in others]),
        LectureTeacher.lecturer_id.in_(slot.lecturer_ids),
        LectureTeacher.part.in_((TeachingPart.PLANNED, TeachingPart.TAUGHT)),
    )
    taken = set(tx.scalars(busy))
    away = _away(tx, slot)
    if taken:
        found["lecturer"] = msg("%(names)s这个时间有别的课。", names=_names(tx, taken))
    elif away:
        found["lecturer"] = msg(
            "%(names)s这一天不能授课：暂停授课、已出库，或者登记了不能授课的日子。", names=_names(tx, away)
        )
    return found


def find_promise(tx: Tx, term: TeachingTerm, day: dt.date, assignment_id: int | None = None) -> dict[str, Message]:
    """Whether an evening of the forum is promised to a lecturer who was invited, by the form's field; but for the
    assignment given. One query."""
    promised = (
        select(Lecturer.name)
        .join(Assignment, Assignment.lecturer_id == Lecturer.id)
        .join(TermPlan, TermPlan.id == Assignment.plan_id)
        .where(
            TermPlan.term_id == term.id,
            Assignment.day == day,
            Assignment.state.in_(HOLDING),
            Assignment.id != (assignment_id or 0),
        )
    )
    name = tx.scalar(promised.limit(1))
    return {"day": msg("这个晚上已经请了%(name)s，请先在配餐里另定。", name=name)} if name is not None else {}


def _lectures_of_day(tx: Tx, slot: LectureSlot) -> Sequence[ProgrammeLecture]:
    query = select(ProgrammeLecture).where(ProgrammeLecture.day == slot.day, ProgrammeLecture.state.in_(STANDING))
    return [row for row in tx.scalars(query) if row.id != slot.own_id]


def _away(tx: Tx, slot: LectureSlot) -> set[int]:
    absent = select(LecturerAbsence.lecturer_id).where(
        LecturerAbsence.lecturer_id.in_(slot.lecturer_ids),
        LecturerAbsence.first_day <= slot.day,
        LecturerAbsence.last_day >= slot.day,
    )
    resting = (
        select(PoolMembership.lecturer_id)
        .join(PoolSpell, PoolSpell.membership_id == PoolMembership.id)
        .where(
            PoolMembership.lecturer_id.in_(slot.lecturer_ids),
            spell_on(slot.day),
            PoolSpell.state.in_(rules.SUSPENDING),
        )
    )
    return {*tx.scalars(absent), *tx.scalars(resting)}


def _names(tx: Tx, lecturer_ids: set[int]) -> str:
    names = tx.scalars(select(Lecturer.name).where(Lecturer.id.in_(lecturer_ids)).order_by(Lecturer.name))
    return "、".join(names)
