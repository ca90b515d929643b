"""Recordings of the sample city's lectures: one on the shelf, one taken down with its consent."""

import datetime as dt

from sqlalchemy import delete, select, update

from academy.cli.sample.evaluations import EVALUATED
from academy.core import clock
from academy.core.database import Tx
from academy.faculty.models import (
    LecturerConsent,
    LectureRecording,
    LectureTeacher,
    ProgrammeLecture,
)
from academy.library import api as library
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion

CONSENTED, WITHDRAWN = dt.timedelta(days=120), dt.timedelta(days=6)


def make_recordings(tx: Tx, accounts: dict[str, int]) -> None:
    """Insert the rows; `accounts` are by user name."""
    lectures = tx.scalars(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.kind == "forum", ProgrammeLecture.state == "held")
        .order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id)
        .limit(EVALUATED)
    ).all()
    # The first of those that are evaluated, so that the contest of the term that is over has it.
    shown, gone = lectures[-1], lectures[-3]
    course = tx.scalars(
        select(Course)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(ItemVersion, ItemVersion.course_version_id == CourseVersion.id)
        .where(Course.is_published, ItemVersion.kind == "video")
        .order_by(Course.id.desc())
        .limit(1)
    ).one()
    person = _taught(tx, shown)
    # The shelf's courses name lecturers of their own; this one is the lecture's.
    version = update(CourseVersion).where(CourseVersion.id == course.published_version_id)
    tx.execute(version.values(lecturer_id=person))
    shown.title = course.title
    _consent(tx, person, accounts["city"], withdrawn=False)
    tx.add(LectureRecording(lecture_id=shown.id, course_id=course.id, linked_by=accounts["trainer"]))
    _consent(tx, _taught(tx, gone), accounts["city"], withdrawn=True)
    hidden = _withdrawn_course(tx, gone, course, accounts["trainer"])
    taken_down = clock.now() - WITHDRAWN
    tx.add(
        LectureRecording(
            lecture_id=gone.id, course_id=hidden.id, linked_by=accounts["trainer"], taken_down_at=taken_down
        )
    )
    tx.flush()


def _taught(tx: Tx, lecture: ProgrammeLecture) -> int:
    found = select(LectureTeacher.lecturer_id).where(LectureTeacher.lecture_id == lecture.id).limit(1)
    return tx.scalars(found).one()


def _consent(tx: Tx, lecturer_id: int, office: int, *, withdrawn: bool) -> None:
    """Both consents, the second withdrawn some days ago where that is so."""
    kinds = ("record", "publish")
    tx.execute(
        delete(LecturerConsent).where(LecturerConsent.lecturer_id == lecturer_id, LecturerConsent.kind.in_(kinds))
    )
    today = clock.today()
    for kind in kinds:
        tx.add(
            LecturerConsent(
                lecturer_id=lecturer_id,
                kind=kind,
                given_on=today - CONSENTED,
                withdrawn_on=today - WITHDRAWN if withdrawn and kind == "publish" else None,
                evidence="录像上架同意书 27 号",
                entered_by=office,
            )
        )


def _withdrawn_course(tx: Tx, lecture: ProgrammeLecture, like: Course, trainer: int) -> Course:
    """The course of a recording that was on the shelf for some weeks."""
    course = Course(organisation_id=like.organisation_id, created_by=trainer)
    draft = CourseVersion(
        course=course,
        title=f"{lecture.title}（讲坛录像）",
        summary=f"{lecture.day.month} 月 {lecture.day.day} 日领导干部讲坛的录像。",
        category_id=lecture.category_id or like.category.id,
        lecturer_id=_taught(tx, lecture),
        submitted_at=clock.now() - dt.timedelta(days=40),
    )
    tx.add(draft)
    course.draft = draft
    tx.flush()
    item = CourseItem(course=course)
    tx.add(ItemVersion(course_version=draft, item=item, position=1, kind="video", title="全程录像"))
    tx.flush()
    library.put_on_shelf(tx, course, clock.now() - dt.timedelta(days=38))
    course.withdrawn_at = course.updated_at = clock.now() - WITHDRAWN
    tx.flush()
    return course
