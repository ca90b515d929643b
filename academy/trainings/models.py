"""Trainings, enrolments, and coverage cells."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of


class TrainingState(enum.StrEnum):
    """draft → (opening, while a large audience is being enrolled) → open → closed → archived."""

    DRAFT = "draft"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Standing(enum.StrEnum):
    """Status of a member in a training: due, exempt, or out."""

    DUE = "due"
    EXEMPT = "exempt"
    OUT = "out"


class ReminderKind(enum.StrEnum):
    """Recipients of a reminder: missing members, or the secretaries of their branches."""

    MEMBERS = "members"
    BRANCHES = "branches"


class Training(Base):
    """A campaign: an audience, a window, required courses.

    `audience` is a rule (see `trainings.rules.Audience`), kept as data so that an evidence pack can
    re-run it a year later. `required_count` None means all of its courses, n means n of them.
    """

    __tablename__ = "trainings"
    __table_args__ = (
        Index(None, "state", "opens_on"),
        CheckConstraint("closes_on >= opens_on", name="window"),
        one_of("state", TrainingState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node that holds it; its audience is inside that subtree."""
    audience: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    required_count: Mapped[int | None]
    clip_id: Mapped[int | None] = mapped_column(ForeignKey("clips.id"))
    """The stretch of a lecture that its members are asked to see first."""
    opens_on: Mapped[dt.date]
    closes_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(12), default=TrainingState.DRAFT)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    # For the nightly deletion: each deleted job is looked up here.
    opening_job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    """The job that opens or opened it; its error explains why it is still a draft."""
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]


class TrainingCourse(Base):
    """A course that counts for a training, from the version it had when the training opened."""

    __tablename__ = "training_courses"
    __table_args__ = (
        Index(None, "course_id", "training_id"),
        CheckConstraint("position >= 0", name="position"),
    )

    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    position: Mapped[int]
    version: Mapped[int] = mapped_column(default=1)


class Enrolment(Base):
    """One member in one training's audience: branch, standing, since when, days of start and completion.

    Present standing only; earlier ones are in `EnrolmentSpell`. The days belong to the person and not to the branch, so
    they are stored once; they determine the branch for which it counts. Which courses are completed is not stored here:
    it follows from `Completion` and `TrainingCourse` (ADR 0062).
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        # Names of one branch, and the recount of its cell.
        Index(None, "training_id", "organisation_id"),
        # A completion finds the trainings of one member.
        Index(None, "member_id"),
        one_of("standing", Standing),
    )

    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    standing: Mapped[str] = mapped_column(String(8), default=Standing.DUE)
    since: Mapped[dt.date]
    """First day of this standing in this branch."""
    started_on: Mapped[dt.date | None]
    completed_on: Mapped[dt.date | None]


class EnrolmentSpell(Base):
    """Branch and standing of a member from one day up to (not including) another.

    Written when the standing changes, so that a past date has one answer; at most one a day.
    """

    __tablename__ = "enrolment_spells"
    __table_args__ = (
        Index(None, "training_id", "organisation_id"),
        Index(None, "training_id", "member_id"),
        CheckConstraint("valid_to > valid_from", name="order"),
        one_of("standing", Standing),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    standing: Mapped[str] = mapped_column(String(8))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date]


class CoverageChange(Base):
    """A change of a branch's counts, inserted in the transaction that changed the rows behind it.

    Insert-only, so completions never wait for each other; `coverage_cells.settle_cells` moves changes into
    `CoverageCell` and deletes them. `course_id` 0 is the training as a whole.
    """

    __tablename__ = "coverage_changes"
    __table_args__ = (
        # Added by readers to the settled cells.
        Index(None, "training_id", "day"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    training_id: Mapped[int] = mapped_column(Key)
    organisation_id: Mapped[int] = mapped_column(Key)
    course_id: Mapped[int] = mapped_column(Key, default=0)
    day: Mapped[dt.date]
    due: Mapped[int] = mapped_column(default=0)
    exempt: Mapped[int] = mapped_column(default=0)
    started: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)


class CoverageCell(Base):
    """Change of one training's counts on one day in one node with everything below it.

    The sum up to a day is the figure of that day, at any node, in a handful of rows; a node that moved took its counts
    along on the day it moved. Exempt members are in `exempt` and in nothing else. `course_id` 0 is the training as a
    whole.
    """

    __tablename__ = "coverage_cells"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  the rows of a figure lie side by side

    training_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    day: Mapped[dt.date] = mapped_column(primary_key=True)
    due: Mapped[int] = mapped_column(default=0)
    exempt: Mapped[int] = mapped_column(default=0)
    started: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)


class CoverageTotal(Base):
    """Sum of a node's cells over all days: today's figures, in one row a course.

    Written only together with the cells, in the same transaction, so the two always agree.
    """

    __tablename__ = "coverage_totals"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  the rows of a training lie side by side

    training_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    organisation_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    course_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    due: Mapped[int] = mapped_column(default=0)
    exempt: Mapped[int] = mapped_column(default=0)
    started: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)


class Reminder(Base):
    """One sending of reminders for a training in a node: to how many, when, by whom.

    Of a delegation, `missing` is how many members it was about, `recipients` how many secretaries were asked.

    Kept so that nobody is reminded twice in a few days, and so that its effect can be measured.
    """

    __tablename__ = "reminders"
    __table_args__ = (
        # The newest sending first, on the coverage page.
        Index(None, "training_id", "id"),
        one_of("kind", ReminderKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    clip_id: Mapped[int | None] = mapped_column(ForeignKey("clips.id"))
    """The stretch of a lecture that was sent with it."""
    note: Mapped[str] = mapped_column(String(120), default="")
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    sent_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    recipients: Mapped[int] = mapped_column(default=0)
    kind: Mapped[str] = mapped_column(String(12), default=ReminderKind.MEMBERS, server_default="members")
    missing: Mapped[int] = mapped_column(default=0, server_default="0")


class ReminderRecipient(Base):
    """A recipient of one reminder. The rate limit and the effect are counted from these rows."""

    __tablename__ = "reminder_recipients"
    __table_args__ = (
        # Members lately reminded of this training.
        Index(None, "training_id", "member_id", "on_day"),
    )

    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminders.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"))
    on_day: Mapped[dt.date]


class PublishedFigure(Base):
    """A released figure of one group of a node's members: with noise, once for a closed day, never changed.

    Kept so that a day has one figure even when rows behind it are corrected later, and for speed
    (`coverage.published_figures`). True figures are not stored here. `source` is the list that contained it: a
    dimension of the statistics, or the filters.
    """

    __tablename__ = "published_figures"
    __table_args__ = (
        UniqueConstraint("training_id", "organisation_id", "source", "day", "cell", name="uq_published_figures_cell"),
        CheckConstraint(
            "NOT is_withheld OR (due = 0 AND exempt = 0 AND started = 0 AND completed = 0)", name="withheld"
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id", ondelete="CASCADE"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(600))
    day: Mapped[dt.date]
    cell: Mapped[str] = mapped_column(String(600))
    """The group: names and values of its conditions as JSON; blank where there was nobody."""
    is_withheld: Mapped[bool]
    due: Mapped[int]
    exempt: Mapped[int]
    started: Mapped[int]
    completed: Mapped[int]
