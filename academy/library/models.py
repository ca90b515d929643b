"""Courses, what they consist of, and who let them out."""

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.db import Base
from academy.core.ids import new_id
from academy.core.types import Key


class CourseState(enum.StrEnum):
    """draft → submitted → returned or approved → published → withdrawn; an edit re-opens it."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Category(Base):
    """A shelf of the library."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int] = mapped_column(default=0)


class Lecturer(Base):
    """Who teaches: a name and an office, as it is printed under a lecture."""

    __tablename__ = "lecturers"
    __table_args__ = (UniqueConstraint("name", "office"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60))
    office: Mapped[str] = mapped_column(String(120), default="")
    is_leader: Mapped[bool] = mapped_column(default=False)
    """Whether lectures by this person are “一把手” lectures."""


class Course(Base):
    """A unit of the library. `version` counts what learners completed: it rises when the content
    changes, and completions stay bound to the version that was watched."""

    __tablename__ = "courses"
    __table_args__ = (
        # The library's shelves: what is published in a category, newest first.
        Index(None, "state", "category_id", "published_at"),
        Index(None, "created_by", "id"),
        CheckConstraint("threshold_permille BETWEEN 1 AND 1000", name="threshold"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    lecturer_id: Mapped[int | None] = mapped_column(ForeignKey("lecturers.id"))
    cover_asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    state: Mapped[str] = mapped_column(String(12), default=CourseState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    threshold_permille: Mapped[int] = mapped_column(default=950)
    """Share of an item's unique media time that completes it."""
    credit_minutes: Mapped[int] = mapped_column(default=45)
    """Credit hours given for completing it, in minutes (45 is one hour of study, 学时)."""
    created_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    submitted_at: Mapped[dt.datetime | None]
    published_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]

    category: Mapped[Category] = relationship()
    lecturer: Mapped[Lecturer | None] = relationship()
    items: Mapped[list["CourseItem"]] = relationship(order_by="CourseItem.position", back_populates="course")


class CourseItem(Base):
    """One thing to watch or read in a course. `version` rises when its file is replaced."""

    __tablename__ = "course_items"
    __table_args__ = (
        UniqueConstraint("course_id", "position"),
        # From an asset to where it is shown: captions changed, file failed, who may play it.
        Index(None, "asset_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    """video, audio, document, package or quiz."""
    title: Mapped[str] = mapped_column(String(120))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    version: Mapped[int] = mapped_column(default=1)
    required: Mapped[bool] = mapped_column(default=True)

    course: Mapped[Course] = relationship(back_populates="items")


class Review(Base):
    """One decision on one version of a course, by someone other than its author."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index(None, "course_id", "id"),
        CheckConstraint("reviewer_id <> author_id", name="second_pair_of_eyes"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    course_version: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    decision: Mapped[str] = mapped_column(String(12))
    """returned or approved."""
    comment: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
