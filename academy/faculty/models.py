"""The pool of lecturers: membership, posts, subjects, consent, availability; dated rules.

Lectures are in `lecture_models`, attendance and evaluations in `evaluation_models`,
contests in `contest_models`.
"""

import datetime as dt

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.contest_models import Contest, Nomination, Objection, PanelScore, PanelSeat, PersonnelNote
from academy.faculty.evaluation_models import (
    EvaluationAnswer,
    EvaluationComment,
    EvaluationForm,
    EvaluationInvitation,
    EvaluationRound,
    LectureAttendance,
)
from academy.faculty.kinds import ConsentKind, LecturerLevel, PoolState
from academy.faculty.lecture_models import LectureEdit, LectureEvidence, LectureTeacher, ProgrammeLecture
from academy.faculty.material_models import LectureMaterial, MaterialComment, MaterialRule, MaterialVersion
from academy.faculty.plan_models import Assignment, Omission, PlanRuling, TermPlan
from academy.faculty.recording_models import LectureRecording
from academy.faculty.request_models import TopicRequest, TopicVoice
from academy.library.api import Lecturer
from academy.people.api import Organisation

__all__ = [
    "Assignment",
    "AvailabilityWindow",
    "Contest",
    "EvaluationAnswer",
    "EvaluationComment",
    "EvaluationForm",
    "EvaluationInvitation",
    "EvaluationRound",
    "LectureAttendance",
    "LectureEdit",
    "LectureEvidence",
    "LectureMaterial",
    "LectureRecording",
    "LectureTeacher",
    "LecturerAbsence",
    "LecturerConsent",
    "LecturerPost",
    "LecturerSubject",
    "MaterialComment",
    "MaterialRule",
    "MaterialVersion",
    "Nomination",
    "Objection",
    "ObligationRule",
    "Omission",
    "PanelScore",
    "PanelSeat",
    "PersonnelNote",
    "PlanRuling",
    "PoolMembership",
    "PoolSpell",
    "ProgrammeLecture",
    "ShareRule",
    "TermPlan",
    "TopicRequest",
    "TopicVoice",
]


class PoolMembership(Base):
    """A lecturer in the pool, and who that is in the register. `state` is that of the open spell."""

    __tablename__ = "pool_memberships"
    __table_args__ = (
        # The list of the pool by state.
        Index(None, "state"),
        one_of("state", PoolState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"), unique=True)
    # A lecturer's own pages; and the merging of two members.
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), index=True)
    state: Mapped[str] = mapped_column(String(12), default=PoolState.INVITED)
    most_per_term: Mapped[int | None]
    """Lectures a term that the lecturer is ready to give; None: as many as are asked for."""
    note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    lecturer: Mapped[Lecturer] = relationship()


class PoolSpell(Base):
    """A state in the pool from one day up to (not including) another, and who decided it.

    The last spell of a membership is open, unless an end of a rest is agreed: then the next one begins on that day.
    """

    __tablename__ = "pool_spells"
    __table_args__ = (
        # Closes the race of two officers who change a state at once.
        Index(
            "uq_pool_spells_open",
            "membership_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        # The history of a lecturer, and resting periods of all of them.
        Index(None, "membership_id", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
        one_of("state", PoolState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("pool_memberships.id"))
    state: Mapped[str] = mapped_column(String(12))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    note: Mapped[str] = mapped_column(String(300), default="")
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class LecturerPost(Base):
    """A post of a lecturer from one day up to (not including) another: what is owed follows from its level.

    Several posts may be held at once, each level's obligation is owed once. `organisation_id` is the unit in whose
    appraisal the obligation stands.
    """

    __tablename__ = "lecturer_posts"
    __table_args__ = (
        # Closes the race of the same post entered twice.
        Index(
            "uq_lecturer_posts_open",
            "lecturer_id",
            "organisation_id",
            "level",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        # The posts of a lecturer in their order; those of a unit.
        Index(None, "lecturer_id", "valid_from"),
        Index(None, "organisation_id"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
        one_of("level", LecturerLevel),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    level: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    organisation: Mapped[Organisation] = relationship()


class LecturerSubject(Base):
    """A field that a lecturer teaches: a category of the library."""

    __tablename__ = "lecturer_subjects"
    __table_args__ = (
        # Lecturers of a field.
        Index(None, "category_id"),
    )

    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"), primary_key=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"), primary_key=True)


class LecturerConsent(Base):
    """A lecturer's consent to one thing, from the day it was given until it was withdrawn."""

    __tablename__ = "lecturer_consents"
    __table_args__ = (
        # Closes the race of one consent entered twice.
        Index(
            "uq_lecturer_consents_open",
            "lecturer_id",
            "kind",
            unique=True,
            sqlite_where=text("withdrawn_on IS NULL"),
            postgresql_where=text("withdrawn_on IS NULL"),
        ),
        # The consents of a lecturer.
        Index(None, "lecturer_id"),
        CheckConstraint("withdrawn_on IS NULL OR withdrawn_on >= given_on", name="order"),
        one_of("kind", ConsentKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    kind: Mapped[str] = mapped_column(String(8))
    given_on: Mapped[dt.date]
    withdrawn_on: Mapped[dt.date | None]
    evidence: Mapped[str] = mapped_column(String(200), default="")
    """How it was given: a letter's number, the lecturer in person."""
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class AvailabilityWindow(Base):
    """Hours of a weekday at which a lecturer can teach. A lecturer without any can teach at all hours."""

    __tablename__ = "availability_windows"
    __table_args__ = (
        # Closes the race of one window entered twice; the windows of a lecturer.
        UniqueConstraint("lecturer_id", "weekday", "from_minute"),
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("from_minute >= 0 AND to_minute > from_minute AND to_minute <= 1440", name="order"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    weekday: Mapped[int]
    """0 is Monday."""
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    """Minutes after midnight; up to, not including."""


class LecturerAbsence(Base):
    """Days on which a lecturer cannot teach; the last one included."""

    __tablename__ = "lecturer_absences"
    __table_args__ = (
        Index(None, "lecturer_id", "first_day"),
        CheckConstraint("last_day >= first_day", name="order"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    reason: Mapped[str] = mapped_column(String(120), default="")


class ObligationRule(Base):
    """What holders of a level owe: at least `lectures` in every `years` calendar years, each long enough to count.

    In force from one day up to (not including) another; at most one a level on any day (`rules`). Time before
    `counts_from` is not counted against anybody: a successor keeps its predecessor's, or an overdue lecture would be
    forgiven by changing the rule.
    """

    __tablename__ = "obligation_rules"
    __table_args__ = (
        # Closes the race of two changes of one level's rule.
        Index(
            "uq_obligation_rules_open",
            "level",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        CheckConstraint("lectures BETWEEN 1 AND 50 AND years BETWEEN 1 AND 10", name="demand"),
        CheckConstraint("tenths_each >= 1", name="tenths"),
        CheckConstraint("soon_days BETWEEN 0 AND 366", name="soon"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
        one_of("level", LecturerLevel),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    level: Mapped[str] = mapped_column(String(16))
    lectures: Mapped[int] = mapped_column(default=1)
    years: Mapped[int] = mapped_column(default=1)
    tenths_each: Mapped[int] = mapped_column(default=20)
    """Tenths of a class hour that the lecturer's own part must reach."""
    soon_days: Mapped[int] = mapped_column(default=90)
    """So many days before the due date it is called due soon."""
    counts_from: Mapped[dt.date]
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class ShareRule(Base):
    """The floor of the leaders' share of a term's class hours in main classes, and whose hours are leaders' hours.

    The rule in force on a term's first day is that term's.
    """

    __tablename__ = "share_rules"
    __table_args__ = (
        CheckConstraint("floor_permille BETWEEN 0 AND 1000", name="floor"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    floor_permille: Mapped[int]
    levels: Mapped[list[str]] = mapped_column(JSON)
    """`LecturerLevel` values whose hours count."""
    # Closes the race of the first two rules; later ones lock the rule that they follow.
    valid_from: Mapped[dt.date] = mapped_column(unique=True)
    valid_to: Mapped[dt.date | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
