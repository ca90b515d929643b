"""Changes of planned lectures: time, place, title, lecturers. What one does is shown first, and it can be undone."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from academy.classes import api as classes
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.faculty import access, lecture_topics, lecturer_messages
from academy.faculty.collisions import LectureSlot, find_collisions, find_promise
from academy.faculty.kinds import LectureKind, LectureState
from academy.faculty.lectures import TITLE_LENGTH, NewLecture, check_lecture
from academy.faculty.models import LectureEdit, LectureTeacher, ProgrammeLecture
from academy.faculty.plan_kinds import LectureChange


@dataclass(frozen=True)
class LectureValues:
    """What can be changed of a planned lecture; row ids, minutes after midnight, shares in permille."""

    title: str
    day: dt.date
    minute: int
    tenths: int
    classroom_id: int | None
    category_id: int | None
    teachers: tuple[tuple[int, int], ...]

    def to_json(self) -> dict[str, Any]:
        """For the row of an edit."""
        return {**self.__dict__, "day": self.day.isoformat(), "teachers": [list(one) for one in self.teachers]}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> "LectureValues":
        """As `to_json` has it."""
        teachers = tuple((int(one), int(share)) for one, share in stored["teachers"])
        return cls(**{**stored, "day": dt.date.fromisoformat(stored["day"]), "teachers": teachers})

    @property
    def lecturer_ids(self) -> set[int]:
        """Row ids of the lecturers."""
        return {one for one, _share in self.teachers}


def values_of(tx: Tx, lecture: ProgrammeLecture) -> LectureValues:
    """A lecture as it is."""
    query = select(LectureTeacher.lecturer_id, LectureTeacher.share_permille).where(
        LectureTeacher.lecture_id == lecture.id, LectureTeacher.substitute_for_id.is_(None)
    )
    return LectureValues(
        lecture.title,
        lecture.day,
        lecture.minute,
        lecture.class_hour_tenths,
        lecture.classroom_id,
        lecture.category_id,
        tuple((one, share) for one, share in tx.execute(query.order_by(LectureTeacher.id))),
    )


def values_from(plan: NewLecture) -> LectureValues:
    """A lecture as a form has it."""
    place = plan.classroom.id if plan.classroom else None
    title = tidy_text(plan.title, TITLE_LENGTH + 1)
    return LectureValues(
        title, plan.day, plan.minute, plan.tenths, place, plan.category_id, tuple((a, b) for a, b in plan.teachers)
    )


def check_edit(tx: Tx, lecture: ProgrammeLecture, after: LectureValues) -> int:
    """Check a change before it is shown or written; gives the row id of the term that the lecture will be in.

    Raises:
        Invalid: as `plan_lecture`; a promised evening too.
    """
    own = lecture_topics.assignment_of(tx, lecture)
    term = check_lecture(tx, _plan(tx, lecture, after))
    slot = LectureSlot(
        after.day, after.minute, after.tenths, after.classroom_id, sorted(after.lecturer_ids), own_id=lecture.id
    )
    wrong = find_collisions(tx, slot)
    if lecture.kind == LectureKind.FORUM:
        wrong |= find_promise(tx, term, after.day, own.id if own else None)
    if wrong:
        raise Invalid(fields=wrong)
    return term.id


def _plan(tx: Tx, lecture: ProgrammeLecture, after: LectureValues) -> NewLecture:
    return NewLecture(
        title=after.title,
        day=after.day,
        minute=after.minute,
        tenths=after.tenths,
        teachers=after.teachers,
        training_class=lecture.training_class,
        classroom=next(
            (one for one in classes.list_classrooms(tx, retired=True) if one.id == after.classroom_id), None
        ),
        category_id=after.category_id,
    )


def edit_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture, after: LectureValues) -> None:
    """Change a planned lecture; who asked for its topic, and lecturers in the register, are notified of a new time, and
    lecturers of what is theirs now or no more.

    Raises:
        Conflict: it is not planned any more, or nothing is changed.
        Invalid: as `plan_lecture`.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"lecture:{lecture.public_id}")
    lock_row(tx, lecture)
    if lecture.state != LectureState.PLANNED:
        raise Conflict(msg("这次课已经有结果了，不能再改。请刷新页面。"))
    lock_row(tx, lecture.term)
    before = values_of(tx, lecture)
    if before == after:
        raise Conflict(msg("没有改动。"))
    term_id = check_edit(tx, lecture, after)
    with unique_or(tx, Invalid(fields={"day": msg("这个时间的讲坛或教室已经有课了，请换一个。")})):
        lecture.term_id, lecture.title, lecture.day, lecture.minute = term_id, after.title, after.day, after.minute
        lecture.class_hour_tenths, lecture.category_id = after.tenths, after.category_id
        lecture.classroom_id = after.classroom_id
    _set_teachers(tx, lecture, after)
    if before.lecturer_ids != after.lecturer_ids:
        lecture.count_calendar_change()
    row = LectureEdit(lecture_id=lecture.id, before=before.to_json(), after=after.to_json(), edited_by=actor.account_id)
    tx.add(row)
    tx.flush()
    if (before.day, before.minute) != (after.day, after.minute):
        lecture_topics.move_lecture(tx, lecture)
        staying = before.lecturer_ids & after.lecturer_ids
        lecturer_messages.notify_moved(tx, lecture, staying, (before.day, before.minute))
    if (before.day, before.minute, before.classroom_id) != (after.day, after.minute, after.classroom_id):
        lecture_topics.announce_to_class(tx, lecture, LectureChange.MOVED)
    lecturer_messages.notify_planned(tx, lecture, after.lecturer_ids - before.lecturer_ids)
    lecturer_messages.notify_released(tx, lecture, before.lecturer_ids - after.lecturer_ids)
    record(tx, actor, "lecture.edited", f"lecture:{lecture.public_id}", was=before.day.isoformat(), edit=row.id)


def _set_teachers(tx: Tx, lecture: ProgrammeLecture, after: LectureValues) -> None:
    shares = dict(after.teachers)
    for row in tx.scalars(select(LectureTeacher).where(LectureTeacher.lecture_id == lecture.id)):
        if row.lecturer_id in shares:
            row.share_permille = shares.pop(row.lecturer_id)
        else:
            tx.delete(row)
    tx.flush()
    tx.add_all(
        LectureTeacher(lecture_id=lecture.id, lecturer_id=lecturer, share_permille=share)
        for lecturer, share in shares.items()
    )
    tx.flush()


def last_edit(tx: Tx, lecture: ProgrammeLecture) -> LectureEdit | None:
    """The newest change of a lecture."""
    edits = select(LectureEdit).where(LectureEdit.lecture_id == lecture.id)
    return tx.scalars(edits.order_by(LectureEdit.id.desc()).limit(1)).first()


def undo_edit(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> None:
    """Put back what the newest change replaced; that is a change of its own, so it can be undone likewise.

    Raises:
        Conflict: nothing was changed, or what was before is not possible any more.
    """
    row = last_edit(tx, lecture)
    if row is None:
        raise Conflict(msg("没有可以撤回的改动。"))
    try:
        edit_lecture(tx, actor, lecture, LectureValues.from_json(row.before))
    except Invalid as error:
        raise Conflict(msg("改不回去：%(why)s", why=error.message)) from error
