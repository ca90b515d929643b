"""Attendance of a class: who of those who belonged to it on a lecture's day stands in that lecture's roll."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, exists, func, select
from sqlalchemy.orm import joinedload

from academy.classes.api import TrainingClass
from academy.classes.models import ClassMember
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.faculty.evaluation_kinds import AttendancePart
from academy.faculty.evaluation_models import LectureAttendance
from academy.faculty.kinds import LectureState
from academy.faculty.models import ProgrammeLecture
from academy.people.models import Member

SIZE = 50


@dataclass(frozen=True)
class AttendanceRate:
    """Of so many places in lectures that were held with a roll, so many were filled."""

    expected: int = 0
    present: int = 0

    @property
    def permille(self) -> int | None:
        """The rate in thousandths, rounded down; None where no roll was taken."""
        return self.present * 1000 // self.expected if self.expected else None


@dataclass(frozen=True)
class MemberAttendance:
    """One member's lectures of a class, the earliest first: with whether they were there."""

    member: Member
    lectures: list[tuple[ProgrammeLecture, bool]]

    @property
    def rate(self) -> AttendanceRate:
        """The member's own rate."""
        return AttendanceRate(len(self.lectures), sum(was for _lecture, was in self.lectures))


def _with_roll(row: TrainingClass) -> Select[ProgrammeLecture]:
    """Lectures of a class that were held and whose roll was taken."""
    has_roll = exists().where(LectureAttendance.lecture_id == ProgrammeLecture.id)
    return select(ProgrammeLecture).where(
        ProgrammeLecture.class_id == row.id, ProgrammeLecture.state == LectureState.HELD, has_roll
    )


def _expected(row: TrainingClass) -> Select[int, int, int]:
    """Lecture, member that belonged to the class on its day, and the member again where the roll has them."""
    return (
        select(ProgrammeLecture.id, ClassMember.member_id, LectureAttendance.member_id)
        .select_from(ProgrammeLecture)
        .join(
            ClassMember,
            and_(
                ClassMember.class_id == ProgrammeLecture.class_id,
                ClassMember.held_on(ProgrammeLecture.__table__.c.day),
            ),
        )
        .outerjoin(
            LectureAttendance,
            and_(
                LectureAttendance.lecture_id == ProgrammeLecture.id,
                LectureAttendance.member_id == ClassMember.member_id,
                LectureAttendance.part == AttendancePart.STUDENT,
            ),
        )
        .where(ProgrammeLecture.id.in_(_with_roll(row).with_only_columns(ProgrammeLecture.id)))
    )


def class_attendance(tx: Tx, row: TrainingClass) -> AttendanceRate:
    """The rate of a whole class. One query."""
    pairs = _expected(row).subquery()
    expected, present = tx.execute(select(func.count(), func.count(pairs.c[2])).select_from(pairs)).one()
    return AttendanceRate(expected, present)


def attendance_of_lectures(tx: Tx, row: TrainingClass) -> dict[int, AttendanceRate]:
    """Row id of a lecture of a class → its rate; lectures without a roll are left out. One query."""
    pairs = _expected(row).subquery()
    query = select(pairs.c[0], func.count(), func.count(pairs.c[2])).group_by(pairs.c[0])
    return {lecture: AttendanceRate(expected, present) for lecture, expected, present in tx.execute(query)}


def attendance_of_members(tx: Tx, row: TrainingClass, members: Sequence[int]) -> dict[int, AttendanceRate]:
    """Row id of a member → the member's rate in a class, for these members. One query."""
    pairs = _expected(row).where(ClassMember.member_id.in_(members)).subquery()
    query = select(pairs.c[1], func.count(), func.count(pairs.c[2])).group_by(pairs.c[1])
    return {member: AttendanceRate(expected, present) for member, expected, present in tx.execute(query)}


def member_attendance(tx: Tx, row: TrainingClass, member: Member) -> MemberAttendance:
    """One member's lectures of a class, with whether they were there. Two queries."""
    expected = _expected(row).where(ClassMember.member_id == member.id)
    pairs = {found[0]: found[2] is not None for found in tx.execute(expected)}
    lectures = tx.scalars(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.id.in_(pairs))
        .order_by(ProgrammeLecture.day, ProgrammeLecture.minute, ProgrammeLecture.id)
    )
    return MemberAttendance(member, [(one, pairs[one.id]) for one in lectures])


def absent_from(tx: Tx, row: TrainingClass, lecture: ProgrammeLecture, number: int = 1) -> Page[Member]:
    """Members behind a lecture's rate that were not there, by name."""
    pairs = _expected(row).where(ProgrammeLecture.id == lecture.id, LectureAttendance.member_id.is_(None)).subquery()
    query = select(Member).where(Member.id.in_(select(pairs.c[1]))).options(joinedload(Member.organisation))
    return page_of(tx, query.order_by(Member.name, Member.id), number, SIZE)


def lectures_of_class(tx: Tx, row: TrainingClass) -> Sequence[ProgrammeLecture]:
    """The timetable of a class: all its lectures in their order, cancelled ones too."""
    query = select(ProgrammeLecture).where(ProgrammeLecture.class_id == row.id)
    query = query.options(joinedload(ProgrammeLecture.classroom))
    return tx.scalars(query.order_by(ProgrammeLecture.day, ProgrammeLecture.minute, ProgrammeLecture.id)).all()


def count_late_entries(tx: Tx, row: TrainingClass, today: dt.date) -> int:
    """How many lectures of a class lie in the past and are still entered as planned."""
    late = select(func.count()).where(
        ProgrammeLecture.class_id == row.id,
        ProgrammeLecture.state == LectureState.PLANNED,
        ProgrammeLecture.day < today,
    )
    return tx.scalar(late.select_from(ProgrammeLecture)) or 0
