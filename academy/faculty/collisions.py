"""What speaks against a lecture at a time: a classroom or lecturer is taken, or a lecturer cannot teach on that day."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.faculty import rules
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.models import LecturerAbsence, LectureTeacher, PoolMembership, PoolSpell, ProgrammeLecture
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
