"""Courses, their items, and their reviews."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.media.api import Asset
from academy.people.api import Organisation


class CourseState(enum.StrEnum):
    """draft → submitted → returned or approved → published → withdrawn; an edit re-opens it.

    `merged` and `discarded` end a draft that was never published itself: a revision merged into its original, and a
    draft discarded by its author.
    """

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    APPROVED = "approved"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    DISCARDED = "discarded"


class ItemKind(enum.StrEnum):
    """What a course item is."""

    VIDEO = "video"
    AUDIO = "audio"
    DOCUMENT = "document"
    PACKAGE = "package"
    QUIZ = "quiz"


class ReviewDecision(enum.StrEnum):
    """What a reviewer decides."""

    RETURNED = "returned"
    APPROVED = "approved"


class ProposalKind(enum.StrEnum):
    """What a proposal changes of a published file."""

    CAPTIONS = "captions"
    CHAPTERS = "chapters"


class ProposalState(enum.StrEnum):
    """open → returned → open …, ended by approved or withdrawn."""

    OPEN = "open"
    RETURNED = "returned"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class ComplaintSubject(enum.StrEnum):
    """What a complaint is about."""

    CONTENT = "content"
    CAPTIONS = "captions"
    PLAYING = "playing"
    CREDIT = "credit"
    RULE = "rule"
    OTHER = "other"


class ComplaintState(enum.StrEnum):
    """Whether it was answered."""

    OPEN = "open"
    ANSWERED = "answered"


class CategorySymbol(enum.StrEnum):
    """What the covers of a category show, and in which colour: a drawing in `static/img/covers.svg`."""

    THEORY = "theory"
    CONSTITUTION = "constitution"
    HISTORY = "history"
    VILLAGE = "village"
    GOVERNANCE = "governance"
    INTEGRITY = "integrity"
    LAW = "law"
    SKILLS = "skills"
    MODELS = "models"
    ECONOMY = "economy"
    ECOLOGY = "ecology"
    DIGITAL = "digital"
    CULTURE = "culture"
    HEALTH = "health"
    PLAIN = "plain"


class Category(Base):
    """A category of courses."""

    __tablename__ = "categories"
    __table_args__ = (one_of("symbol", CategorySymbol),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    position: Mapped[int] = mapped_column(default=0)
    symbol: Mapped[str] = mapped_column(String(16), default=CategorySymbol.PLAIN)
    """Drawn on the covers of its courses that have no picture of their own."""


class Lecturer(Base):
    """A lecturer: name and office as printed under a lecture, and what the lecturer's page shows beside."""

    __tablename__ = "lecturers"
    __table_args__ = (UniqueConstraint("name", "office"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60))
    office: Mapped[str] = mapped_column(String(120), default="")
    is_leader: Mapped[bool] = mapped_column(default=False)
    """Whether lectures by this person are “一把手” lectures."""
    biography: Mapped[str] = mapped_column(Text, default="")
    portrait_asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))


class Course(Base):
    """A unit of the library.

    `version` counts what learners completed: it rises when the content of something that was
    published changes, and completions stay bound to the version that was watched. `revision` counts
    every change by the author, so that a reviewer decides on what was read and on nothing newer.
    A published row is never edited: `revises_id` marks a draft that takes its place once approved.
    """

    __tablename__ = "courses"
    __table_args__ = (
        # The library's lists: published courses of a category, newest first.
        Index(None, "state", "category_id", "published_at"),
        # A lecturer's page, and the list of lecturers.
        Index(None, "lecturer_id", "state", "published_at"),
        Index(None, "created_by", "id"),
        # Closes the race of two clicks on "revise": one open revision a course.
        Index(
            "uq_courses_open_revision",
            "revises_id",
            unique=True,
            sqlite_where=text("state NOT IN ('merged', 'discarded')"),
            postgresql_where=text("state NOT IN ('merged', 'discarded')"),
        ),
        CheckConstraint("threshold_permille BETWEEN 1 AND 1000", name="threshold"),
        one_of("state", CourseState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node that offers it; reviewers of that node or above decide."""
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    lecturer_id: Mapped[int | None] = mapped_column(ForeignKey("lecturers.id"))
    cover_asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    state: Mapped[str] = mapped_column(String(12), default=CourseState.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    published_version: Mapped[int | None]
    """The last published version; None until then."""
    content_since: Mapped[dt.datetime | None]
    """Since when the present requirements (items, which of them are required, the threshold) are published: no
    completion of the present version is earlier. None for unpublished courses, and for those published without a
    review."""
    revision: Mapped[int] = mapped_column(default=0)
    revises_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"))
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
    organisation: Mapped[Organisation] = relationship()
    revises: Mapped["Course | None"] = relationship(remote_side=[id])
    items: Mapped[list["CourseItem"]] = relationship(
        primaryjoin="and_(CourseItem.course_id == Course.id, CourseItem.removed_at.is_(None))",
        order_by="CourseItem.position",
        viewonly=True,
    )


class CourseItem(Base):
    """One thing to watch or read in a course. `version` rises when its file is replaced.

    A removed item keeps its row, because watch records refer to it; it has no position.
    """

    __tablename__ = "course_items"
    __table_args__ = (
        UniqueConstraint("course_id", "position"),
        # From an asset to its courses: captions changed, file failed, playback rights.
        Index(None, "asset_id"),
        one_of("kind", ItemKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    position: Mapped[int | None]
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    version: Mapped[int] = mapped_column(default=1)
    required: Mapped[bool] = mapped_column(default=True)
    origin_id: Mapped[int | None] = mapped_column(ForeignKey("course_items.id"))
    """In a revision: the item of the original that this one replaces."""
    removed_at: Mapped[dt.datetime | None]

    course: Mapped[Course] = relationship()
    asset: Mapped[Asset | None] = relationship()


class Review(Base):
    """One decision on one version of a course, by someone other than its author."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index(None, "course_id", "id"),
        CheckConstraint("reviewer_id <> author_id", name="second_pair_of_eyes"),
        one_of("decision", ReviewDecision),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    course_version: Mapped[int]
    course_revision: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    decision: Mapped[str] = mapped_column(String(12))
    comment: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class ContentProposal(Base):
    """Proposed captions or chapters of a published file; applied when a reviewer approves.

    `revision` counts the author's edits, so that a reviewer decides on what was read; for captions it continues from
    `base_version`, the transcript's version that the author started with.
    """

    __tablename__ = "content_proposals"
    __table_args__ = (
        # Closes the race of two tabs: one open proposal a file.
        Index(
            "uq_content_proposals_pending",
            "asset_id",
            "kind",
            unique=True,
            sqlite_where=text("state IN ('open', 'returned')"),
            postgresql_where=text("state IN ('open', 'returned')"),
        ),
        # The reviewers' list: pending proposals, oldest first.
        Index(None, "state", "updated_at"),
        one_of("kind", ProposalKind),
        one_of("state", ProposalState),
        CheckConstraint("reviewer_id IS NULL OR reviewer_id <> account_id", name="second_pair_of_eyes"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    asset_id: Mapped[int] = mapped_column(ForeignKey("assets.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    """The published course whose reviewers decide."""
    kind: Mapped[str] = mapped_column(String(12))
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    base_version: Mapped[int] = mapped_column(default=0)
    revision: Mapped[int] = mapped_column(default=0)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(String(12), default="")
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    comment: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_at: Mapped[dt.datetime | None]

    asset: Mapped[Asset] = relationship()
    course: Mapped[Course] = relationship()


class Complaint(Base):
    """A complaint about a lecture, a rule, or the academy itself.

    Its author is not shown to those who answer. Nobody answers their own.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        # The complaints of a subtree; one person's own.
        Index(None, "state", "organisation_id"),
        Index(None, "account_id", "id"),
        CheckConstraint("answered_by IS NULL OR answered_by <> account_id", name="second_pair_of_eyes"),
        one_of("subject", ComplaintSubject),
        one_of("state", ComplaintState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The responsible node: the one that offers the lecture, else the complainant's own."""
    course_id: Mapped[int | None] = mapped_column(ForeignKey("courses.id"))
    subject: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default=ComplaintState.OPEN)
    answer: Mapped[str] = mapped_column(Text, default="")
    took_down: Mapped[bool] = mapped_column(default=False)
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    course: Mapped[Course | None] = relationship()
    organisation: Mapped[Organisation] = relationship()
