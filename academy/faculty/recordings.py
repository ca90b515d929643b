"""Recordings of lectures in the library: begun and published only with the lecturers' consent, taken down without it
(docs/decisions/0069).

A lecturer's consent is read under the lock of the membership, by publication as by its withdrawal: a course is never on
the shelf because the two did not see each other.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import Page, page_of
from academy.core.unique import lock_row
from academy.faculty.access import is_programme_office
from academy.faculty.kinds import ConsentKind, LectureState, TeachingPart
from academy.faculty.lecture_queries import lecture_rows
from academy.faculty.models import LecturerConsent, LectureRecording, LectureTeacher, PoolMembership, ProgrammeLecture
from academy.library import api as library
from academy.library.models import Category, Course, Lecturer

TO_PUBLISH = (ConsentKind.RECORD, ConsentKind.PUBLISH)
"""Consents without which a recording is on no shelf; without the first nothing is begun either."""
SHOWN = (TeachingPart.TAUGHT, TeachingPart.PLANNED)
"""Parts of those who are in a recording; planned: while what was entered about the lecture is taken back."""
SIZE = 30
REASON = msg("讲师撤回了录像或者上架的同意")
REOPENED = msg("授课登记撤回了")


@dataclass(frozen=True)
class MissingConsent:
    """A lecturer whose consent is missing."""

    lecturer: Lecturer
    kind: ConsentKind


def missing_consents(
    tx: Tx, lectures: Collection[int], kinds: Collection[ConsentKind] = TO_PUBLISH, *, lock: bool = False
) -> list[MissingConsent]:
    """Consents that those who taught these lectures (row ids) have not given, or have withdrawn. Two queries."""
    taught = (
        select(Lecturer)
        .join(LectureTeacher, LectureTeacher.lecturer_id == Lecturer.id)
        .where(LectureTeacher.lecture_id.in_(lectures), LectureTeacher.part.in_(SHOWN))
        .distinct()
        .order_by(Lecturer.id)
    )
    people = tx.scalars(taught).all()
    ids = [one.id for one in people]
    if lock:
        rows = select(PoolMembership.id).where(PoolMembership.lecturer_id.in_(ids)).order_by(PoolMembership.id)
        tx.execute(rows.with_for_update())
    standing = select(LecturerConsent.lecturer_id, LecturerConsent.kind).where(
        LecturerConsent.lecturer_id.in_(ids),
        LecturerConsent.given_on <= clock.today(),
        LecturerConsent.withdrawn_on.is_(None),
    )
    given = {(lecturer_id, kind) for lecturer_id, kind in tx.execute(standing)}
    return [MissingConsent(one, kind) for one in people for kind in kinds if (one.id, kind) not in given]


def refusal_of(missing: Sequence[MissingConsent]) -> Message:
    """Why a recording may not be begun or published."""
    names = "、".join(dict.fromkeys(one.lecturer.name for one in missing))
    if any(one.kind == ConsentKind.RECORD for one in missing):
        return msg("%(names)s没有同意录像，或者撤回了同意。请先由本人同意，在师资库里登记。", names=names)
    return msg("%(names)s没有同意录像上架，或者撤回了同意。请先由本人同意，在师资库里登记。", names=names)


def may_record(actor: Actor) -> bool:
    """Whether the actor makes courses of recordings: trainers of the whole tree, as the programme is."""
    return any(path.count("/") == 2 for path in actor.paths(Role.TRAINER))


def access_lecture_to_record(tx: Tx, actor: Actor, public_id: str) -> ProgrammeLecture:
    """A lecture that was held, for those who make courses of recordings.

    Raises:
        NotFound: there is none, or it was not held.
        Forbidden: the actor makes none.
    """
    if not may_record(actor):
        raise Forbidden(f"recording:{public_id}")
    row = tx.scalar(select(ProgrammeLecture).where(ProgrammeLecture.public_id == public_id))
    if row is None or row.state != LectureState.HELD:
        raise NotFound
    return row


def begin_recording(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> Course:
    """Begin the course of a lecture's recording in the trainer's studio: a draft with what is known of the lecture. Its
    file is uploaded there, and it goes the usual way of review.

    Raises:
        Conflict: it was begun already, or a lecturer does not consent to be recorded.
        Forbidden: the actor is no trainer of the whole tree.
    """
    _lock(tx, actor, lecture)
    teachers = [one.lecturer for one in lecture_rows(tx, [lecture])[0].teachers if one.part == TeachingPart.TAUGHT]
    first = teachers[0]
    category = tx.get(Category, lecture.category_id) if lecture.category_id else library.list_categories(tx)[0]
    assert category is not None
    course = library.create_course(
        tx,
        actor,
        title=lecture.title,
        category=category.slug,
        summary=str(msg("%(day)s讲课的录像。", day=lecture.day)),
        lecturer=first.name,
        office=first.office,
        is_leader=first.is_leader,
    )
    _link(tx, actor, lecture, course)
    return course


def link_recording(tx: Tx, actor: Actor, lecture: ProgrammeLecture, course: Course) -> None:
    """Say that one of the trainer's own courses is the recording of a lecture.

    Raises:
        Conflict: the lecture has one, or a lecturer does not consent to what is done already: be it that the course, or
            another with its film, is on the shelf.
        Invalid: the course is the recording of another lecture.
        Forbidden: the course is somebody else's, or the actor no trainer of the whole tree.
    """
    if course.created_by != actor.account_id:
        raise Forbidden(f"course:{course.public_id}")
    _lock(tx, actor, lecture)
    lock_row(tx, course)
    if tx.scalar(select(LectureRecording.id).where(LectureRecording.course_id == course.id)) is not None:
        raise Invalid(fields={"course": msg("这门课程已经是另一次课的录像。")})
    _link(tx, actor, lecture, course)
    if _published(tx, library.courses_sharing_recordings(tx, [course.id])):
        require_consents(tx, course.id)


def _lock(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> None:
    if not may_record(actor):
        raise Forbidden(f"recording:{lecture.public_id}")
    lock_row(tx, lecture)
    if lecture.state != LectureState.HELD:
        raise Conflict(msg("讲过的课才能做录像。"))
    before = recording_of(tx, lecture)
    if before is not None and not _is_discarded(before.course):
        raise Conflict(msg("这次课的录像已经有人在做了。"))
    missing = missing_consents(tx, [lecture.id], (ConsentKind.RECORD,), lock=True)
    if missing:
        raise Conflict(refusal_of(missing))


def _is_discarded(course: Course) -> bool:
    return course.published_version_id is None and course.draft_version_id is None


_IS_KEPT = or_(Course.published_version_id.is_not(None), Course.draft_version_id.is_not(None))
"""Condition: courses that are not `_is_discarded`."""


def _link(tx: Tx, actor: Actor, lecture: ProgrammeLecture, course: Course) -> None:
    row = recording_of(tx, lecture) or LectureRecording(lecture_id=lecture.id)
    row.course, row.linked_by, row.linked_at, row.taken_down_at = course, actor.account_id, clock.now(), None
    tx.add(row)
    tx.flush()
    record(tx, actor, "recording.linked", f"lecture:{lecture.public_id}", course=course.public_id)


def recording_of(tx: Tx, lecture: ProgrammeLecture) -> LectureRecording | None:
    """The recording of a lecture, with its course; None before somebody began it."""
    query = select(LectureRecording).where(LectureRecording.lecture_id == lecture.id)
    return tx.scalar(query.options(joinedload(LectureRecording.course)))


def require_consents(tx: Tx, course_id: int) -> None:
    """Before a course is published: those who teach in its recordings consent.

    That holds for the course of a lecture, and for any other that has one of its films: a second course with the same
    file would be a way round.

    Raises:
        Conflict: one of them does not.
    """
    sharing = library.courses_sharing_recordings(tx, [course_id])
    linked = select(LectureRecording.lecture_id).where(LectureRecording.course_id.in_(sharing))
    # Shared locks: an entry that is taken back at once sees this publication, or is seen here.
    held = select(ProgrammeLecture).where(ProgrammeLecture.id.in_(linked)).order_by(ProgrammeLecture.id)
    tx.flush()
    lectures = tx.scalars(held.with_for_update(read=True).execution_options(populate_existing=True)).all()
    if any(one.state != LectureState.HELD for one in lectures):
        raise Conflict(msg("这是一次课的录像，那次课的授课登记撤回了，登记好再发布。"))
    missing = missing_consents(tx, [one.id for one in lectures], lock=True) if lectures else []
    if missing:
        raise Conflict(refusal_of(missing))


def _published(tx: Tx, course_ids: Collection[int]) -> list[Course]:
    """Those of some courses that members see."""
    return list(tx.scalars(select(Course).where(Course.id.in_(course_ids), Course.is_published).order_by(Course.id)))


def _shelved(tx: Tx, linked: Collection[int]) -> list[Course]:
    """Courses that members see and that are recordings, or have a film of them."""
    return _published(tx, library.courses_sharing_recordings(tx, linked)) if linked else []


def courses_resting_on(tx: Tx, membership: PoolMembership) -> list[Course]:
    """Courses that members see and that a lecturer's consent holds on the shelf."""
    linked = (
        select(LectureRecording.course_id)
        .join(LectureTeacher, LectureTeacher.lecture_id == LectureRecording.lecture_id)
        .where(LectureTeacher.lecturer_id == membership.lecturer_id, LectureTeacher.part.in_(SHOWN))
    )
    return _shelved(tx, tx.scalars(linked).all())


def courses_of_lecture(tx: Tx, lecture: ProgrammeLecture) -> list[Course]:
    """Courses that members see and that show a lecture: its recording, and others with the same film."""
    linked = select(LectureRecording.course_id).where(LectureRecording.lecture_id == lecture.id)
    return _shelved(tx, tx.scalars(linked).all())


def take_down_recordings(tx: Tx, actor: Actor, membership: PoolMembership) -> list[Course]:
    """Take everything from the shelf that rests on a consent which was just withdrawn; what was taken down.

    Completions stay: they are the members'. The caller holds the membership's lock.
    """
    found = courses_resting_on(tx, membership)
    now = clock.now()
    _take_down(tx, actor, found, REASON, now, lecturer=membership.public_id)
    return found


def take_down_lecture(tx: Tx, actor: Actor, lecture: ProgrammeLecture) -> list[Course]:
    """Take a lecture's recording from the shelf because the entry of who taught it is taken back: until it is entered
    again, and the course published again, nobody knows whose consent it rests on. The caller holds the lecture's lock.
    """
    found = courses_of_lecture(tx, lecture)
    _take_down(tx, actor, found, REOPENED, None, lecture=lecture.public_id)
    return found


def _take_down(
    tx: Tx, actor: Actor, courses: Sequence[Course], reason: Message, at: dt.datetime | None, **why: str
) -> None:
    for course in courses:
        library.take_down_course(tx, actor, course, reason=str(reason))
        row = tx.scalar(select(LectureRecording).where(LectureRecording.course_id == course.id))
        if row is not None:
            row.taken_down_at = at
        record(tx, actor, "recording.taken_down", f"course:{course.public_id}", **why)
    tx.flush()


def lectures_to_record(tx: Tx, actor: Actor, number: int = 1) -> Page[tuple[ProgrammeLecture, str]]:
    """Lectures that were held, whose lecturers consent to be recorded, and of which nobody makes a course yet: the
    newest first, each with its lecturers' names.

    Raises:
        Forbidden: the actor makes no recordings.
    """
    if not (may_record(actor) or is_programme_office(actor)):
        raise Forbidden("recordings:all")
    found = page_of(tx, _unrecorded(), number, SIZE)
    rows = [(row.lecture, row.names) for row in lecture_rows(tx, found.rows)]
    return Page(rows, found.total, found.number, found.size)


def _unrecorded() -> Select[ProgrammeLecture]:
    consents = select(LecturerConsent.lecturer_id).where(
        LecturerConsent.kind == ConsentKind.RECORD,
        LecturerConsent.given_on <= clock.today(),
        LecturerConsent.withdrawn_on.is_(None),
    )
    taught = LectureTeacher.part == TeachingPart.TAUGHT
    begun = select(LectureRecording.lecture_id).join(Course, Course.id == LectureRecording.course_id).where(_IS_KEPT)
    refused = select(LectureTeacher.lecture_id).where(taught, LectureTeacher.lecturer_id.not_in(consents))
    return (
        select(ProgrammeLecture)
        .where(
            ProgrammeLecture.state == LectureState.HELD,
            ProgrammeLecture.id.not_in(begun),
            ProgrammeLecture.id.not_in(refused),
        )
        .order_by(ProgrammeLecture.day.desc(), ProgrammeLecture.id)
    )
