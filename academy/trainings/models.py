"""Trainings, who is due in them, and the cells that count."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.db import Base
from academy.core.ids import new_id
from academy.core.types import Key


class TrainingState(enum.StrEnum):
    """draft → open → closed → archived."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class Training(Base):
    """A campaign: an audience, a window, required courses.

    `audience` is a rule (see `trainings.rules.Audience`), kept as data so that an evidence pack can
    re-run it a year later. `required_count` None means all of its courses, n means n of them.
    """

    __tablename__ = "trainings"
    __table_args__ = (
        Index(None, "state", "opens_on"),
        CheckConstraint("closes_on >= opens_on", name="window"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node that holds it; only its subtree can be in the audience."""
    audience: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    required_count: Mapped[int | None]
    opens_on: Mapped[dt.date]
    closes_on: Mapped[dt.date]
    state: Mapped[str] = mapped_column(String(12), default=TrainingState.DRAFT)
    created_by: Mapped[int] = mapped_column(Key)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    opened_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]


class TrainingCourse(Base):
    """A course that counts for a training."""

    __tablename__ = "training_courses"
    __table_args__ = (Index(None, "course_id", "training_id"),)

    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    position: Mapped[int]


class Enrolment(Base):
    """One member of one training's audience: due or exempt, and how far. The rows behind every
    coverage figure; `organisation_id` is the branch where the member is counted now."""

    __tablename__ = "enrolments"
    __table_args__ = (
        # Names of one branch, and the recount of its cell.
        Index(None, "training_id", "organisation_id"),
        # A completion looks up the open trainings of one member.
        Index(None, "member_id"),
    )

    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    exempt: Mapped[bool] = mapped_column(default=False)
    courses_done: Mapped[int] = mapped_column(default=0)
    reached_at: Mapped[dt.datetime | None]
    completed_at: Mapped[dt.datetime | None]
    removed_at: Mapped[dt.datetime | None]
    """Set when the member no longer belongs to the audience; the row stays, for the record."""


class CoverageCell(Base):
    """Counts of one training in one branch, changed in the transaction that changes the rows.

    Exempt members are in `exempt` and in nothing else; `due` excludes them.
    """

    __tablename__ = "coverage_cells"
    __table_args__ = (CheckConstraint("due >= 0 AND exempt >= 0 AND reached >= 0 AND completed >= 0", name="counts"),)

    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    due: Mapped[int] = mapped_column(default=0)
    exempt: Mapped[int] = mapped_column(default=0)
    reached: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class CourseCell(Base):
    """How many due members of one branch completed one course of one training."""

    __tablename__ = "course_cells"

    training_id: Mapped[int] = mapped_column(ForeignKey("trainings.id"), primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    completed: Mapped[int] = mapped_column(default=0)
