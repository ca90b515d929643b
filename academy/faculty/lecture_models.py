"""Lectures of the programme, who teaches them, and the evidence that they were held."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, event, inspect, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.classes.api import Classroom, TeachingTerm, TrainingClass
from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.kinds import LectureEvidenceKind, LectureKind, LectureState, TeachingPart
from academy.library.api import Lecturer

STANDING = text("state IN ('planned', 'held')")


class ProgrammeLecture(Base):
    """A lecture of the programme, planned or held: an evening of the forum, or a lesson of a class.

    What lecturers owe and the class hours of a term are calculated from those that were held. `class_hour_tenths` is
    the whole lecture; its lecturers share it (`LectureTeacher.share_permille`).
    """

    __tablename__ = "programme_lectures"
    __table_args__ = (
        # Closes the race of two lecturers who accept one evening of the forum.
        Index(
            "uq_programme_lectures_evening",
            "day",
            "minute",
            unique=True,
            sqlite_where=text("kind = 'forum' AND state IN ('planned', 'held')"),
            postgresql_where=text("kind = 'forum' AND state IN ('planned', 'held')"),
        ),
        # Closes the race of two lectures in one classroom.
        Index(
            "uq_programme_lectures_classroom",
            "classroom_id",
            "day",
            "minute",
            unique=True,
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        ),
        # A term's lectures in their order; those of a class; those of a day.
        Index(None, "term_id", "day"),
        Index(None, "class_id", "day"),
        Index(None, "day"),
        # The lectures that make up for one.
        Index(None, "instead_of_id"),
        CheckConstraint("instead_of_id IS NULL OR instead_of_id <> id", name="instead_of"),
        CheckConstraint("(kind = 'class') = (class_id IS NOT NULL)", name="class"),
        CheckConstraint("minute BETWEEN 0 AND 1439", name="minute"),
        CheckConstraint("class_hour_tenths > 0", name="tenths"),
        CheckConstraint("state <> 'held' OR confirmed_at IS NOT NULL", name="confirmed"),
        one_of("kind", LectureKind),
        one_of("state", LectureState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    term_id: Mapped[int] = mapped_column(ForeignKey("teaching_terms.id"))
    kind: Mapped[str] = mapped_column(String(8))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("training_classes.id"))
    day: Mapped[dt.date]
    minute: Mapped[int] = mapped_column(default=18 * 60)
    """Minutes after midnight on the city's clock."""
    title: Mapped[str] = mapped_column(String(120))
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))
    classroom_id: Mapped[int | None] = mapped_column(ForeignKey("classrooms.id"))
    class_hour_tenths: Mapped[int] = mapped_column(default=20)
    instead_of_id: Mapped[int | None] = mapped_column(ForeignKey("programme_lectures.id"))
    """The lecture that was missed or cancelled and that this one makes up for; where a make-up lecture was lost too,
    the first of them."""
    state: Mapped[str] = mapped_column(String(12), default=LectureState.PLANNED)
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why it was cancelled, or why nobody came."""
    unreviewed_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    """Why it was taught without an approved syllabus or handout, where those are demanded."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[dt.datetime | None]
    calendar_sequence: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often what calendars show of it has changed: the SEQUENCE of its event (RFC 5545, 3.8.7.4)."""
    calendar_changed_at: Mapped[dt.datetime | None]

    term: Mapped[TeachingTerm] = relationship()
    training_class: Mapped[TrainingClass | None] = relationship()
    classroom: Mapped[Classroom | None] = relationship()
    teachers: Mapped[list["LectureTeacher"]] = relationship(order_by="LectureTeacher.id", viewonly=True)

    def count_calendar_change(self) -> None:
        """Count a change of what calendars show: they ignore an event whose number did not grow."""
        self.calendar_sequence = (self.calendar_sequence or 0) + 1
        self.calendar_changed_at = clock.now()


CALENDAR_COLUMNS = ("title", "day", "minute", "class_hour_tenths", "classroom_id", "state")


@event.listens_for(ProgrammeLecture, "before_update")
def count_changed_columns(_mapper: object, _connection: object, lecture: ProgrammeLecture) -> None:
    """Count a change of a column that calendars show, whichever function makes it."""
    changes = inspect(lecture).attrs
    if any(changes[name].history.has_changes() for name in CALENDAR_COLUMNS):
        lecture.count_calendar_change()


class LectureTeacher(Base):
    """A lecturer's part in a lecture, with the share of its class hours as the lecturers declared it.

    The shares of those who taught a held lecture sum to 1000 (`rules.is_whole`): hours count once.
    """

    __tablename__ = "lecture_teachers"
    __table_args__ = (
        # Closes the race of one lecturer entered twice.
        Index("uq_lecture_teachers_lecturer", "lecture_id", "lecturer_id", unique=True),
        # The teaching records of a lecturer.
        Index(None, "lecturer_id", "part"),
        CheckConstraint("share_permille BETWEEN 0 AND 1000", name="share"),
        CheckConstraint("substitute_for_id IS NULL OR substitute_for_id <> lecturer_id", name="substitute"),
        one_of("part", TeachingPart),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"))
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    share_permille: Mapped[int] = mapped_column(default=1000)
    part: Mapped[str] = mapped_column(String(12), default=TeachingPart.PLANNED)
    substitute_for_id: Mapped[int | None] = mapped_column(ForeignKey("lecturers.id"))
    """The lecturer who was planned and did not teach."""

    lecture: Mapped[ProgrammeLecture] = relationship()
    lecturer: Mapped[Lecturer] = relationship(foreign_keys=[lecturer_id])


class LectureEvidence(Base):
    """Something that shows that a lecture was held: a roll, a signed sheet, a recording, a report."""

    __tablename__ = "lecture_evidence"
    __table_args__ = (
        Index(None, "lecture_id"),
        one_of("kind", LectureEvidenceKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"))
    kind: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str] = mapped_column(String(200))
    """Where it is kept: a number, a file's title."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class LectureEdit(Base):
    """A planned lecture before and after a change of its time, place, title or lecturers: what undoing puts back."""

    __tablename__ = "lecture_edits"
    __table_args__ = (
        # The edits of a lecture, the newest last.
        Index(None, "lecture_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"))
    before: Mapped[dict[str, Any]] = mapped_column(JSON)
    """`LectureValues` as JSON."""
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    edited_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    edited_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
