"""A lecture's page for those who may see it: who, when, what was approved, the recording in the library."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.faculty.access import is_programme_office, visible_lecturers
from academy.faculty.evaluation_models import LectureAttendance
from academy.faculty.kinds import LectureKind, LectureState
from academy.faculty.lecture_queries import LectureRow, lecture_rows
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.faculty.material_models import LectureMaterial, MaterialVersion
from academy.faculty.materials.access import is_material_reviewer, taught_by
from academy.faculty.models import LectureTeacher, ProgrammeLecture
from academy.faculty.recordings import recording_of
from academy.library.models import Course

OPEN = (LectureState.PLANNED, LectureState.HELD)


@dataclass(frozen=True)
class LecturePage:
    """What a person sees of a lecture."""

    row: LectureRow
    readable: tuple[MaterialKind, ...]
    """Material with an approved version that this person may read."""
    course: Course | None
    """The recording, while it is on the shelf."""
    is_taken_down: bool
    """Whether a withdrawn consent took it from the shelf; said to the lecturers and the office only."""
    is_near: bool
    """Whether the person teaches it or has it in hand by office."""


def access_shown_lecture(tx: Tx, actor: Actor, public_id: str) -> ProgrammeLecture:
    """A lecture that the actor may see: evenings of the forum are everybody's who is signed in; a lesson is its
    lecturers', its students' and that of those who have the programme in hand.

    Raises:
        NotFound: there is none, or it was cancelled.
        Forbidden: a lesson of others.
    """
    row = tx.scalar(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.public_id == public_id)
        .options(joinedload(ProgrammeLecture.training_class), joinedload(ProgrammeLecture.classroom))
    )
    if row is None or row.state not in OPEN:
        raise NotFound
    if row.kind != LectureKind.FORUM and not _is_near(tx, actor, row) and not _is_student(tx, actor, row):
        raise Forbidden(f"lecture:{public_id}")
    return row


def _is_near(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> bool:
    """Whether the actor teaches the lecture, or has it in hand: office, reviewers, readers of its lecturers' units."""
    if is_programme_office(actor) or is_material_reviewer(actor):
        return True
    if tx.scalar(select(ProgrammeLecture.id).where(ProgrammeLecture.id == lecture.id, taught_by(actor))) is not None:
        return True
    visible = visible_lecturers(actor, LectureTeacher.__table__.c.lecturer_id)
    query = select(LectureTeacher.id).where(LectureTeacher.lecture_id == lecture.id, visible)
    return tx.scalar(query.limit(1)) is not None


def _is_student(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> bool:
    """Whether the actor was in the class on the day of the lecture, or was there."""
    if actor.member_id is None:
        return False
    if lecture.class_id in {one.id for one in classes.classes_of_member(tx, actor.member_id, lecture.day)}:
        return True
    there = select(LectureAttendance.member_id).where(
        LectureAttendance.lecture_id == lecture.id, LectureAttendance.member_id == actor.member_id
    )
    return tx.scalar(there) is not None


def lecture_page(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> LecturePage:
    """What the actor sees of a lecture that was accessed already."""
    near, recording = _is_near(tx, actor, lecture), recording_of(tx, lecture)
    approved = tx.scalars(
        select(LectureMaterial.kind)
        .join(MaterialVersion, MaterialVersion.material_id == LectureMaterial.id)
        .where(LectureMaterial.lecture_id == lecture.id, MaterialVersion.state == MaterialState.APPROVED)
        .distinct()
    ).all()
    readable = tuple(kind for kind in MaterialKind if kind in approved and _may_read(lecture, kind, near=near))
    course = recording.course if recording is not None and recording.course.is_published else None
    down = recording is not None and course is None and recording.taken_down_at is not None
    return LecturePage(lecture_rows(tx, [lecture])[0], readable, course, near and down, near)


def _may_read(lecture: ProgrammeLecture, kind: MaterialKind, *, near: bool) -> bool:
    """Handouts are given out in the lecture, so to everybody after it; a syllabus is how it is taught."""
    return near or (kind == MaterialKind.HANDOUT and lecture.state == LectureState.HELD)


def readable_version(tx: Tx, actor: Actor, lecture: ProgrammeLecture, kind: MaterialKind) -> MaterialVersion:
    """The newest approved version of a lecture's material, for somebody who may read it.

    Raises:
        NotFound: nothing was approved.
        Forbidden: not for this person.
    """
    if not _may_read(lecture, kind, near=_is_near(tx, actor, lecture)):
        raise Forbidden(f"material:{lecture.public_id}")
    found = tx.scalar(
        select(MaterialVersion)
        .join(LectureMaterial, LectureMaterial.id == MaterialVersion.material_id)
        .where(
            LectureMaterial.lecture_id == lecture.id,
            LectureMaterial.kind == kind,
            MaterialVersion.state == MaterialState.APPROVED,
        )
        .options(joinedload(MaterialVersion.asset))
        .order_by(MaterialVersion.number.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound
    return found
