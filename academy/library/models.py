"""Courses, their versions and items, reviews, proposals and complaints."""

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    event,
    text,
    true,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.errors import NotFound
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.library import guards
from academy.library.kinds import (
    CategorySymbol,
    ComplaintState,
    ComplaintSubject,
    CourseState,
    ItemKind,
    ProposalKind,
    ProposalState,
    ReviewDecision,
    VersionState,
)
from academy.media.api import Asset
from academy.people.api import Organisation


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
    """A unit of the library, apart from what it says: addresses, records and trainings refer to it for good.

    What it says is in its versions. Members see the one `published_version_id` points to; its author works on the one
    `draft_version_id` points to, which takes its place once approved.
    """

    __tablename__ = "courses"
    __table_args__ = (
        # The library's lists: courses that members see, newest first.
        Index(
            "ix_courses_shelf",
            "published_at",
            "id",
            sqlite_where=text("published_version_id IS NOT NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("published_version_id IS NOT NULL AND withdrawn_at IS NULL"),
        ),
        Index(None, "created_by", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node that offers it; reviewers of that node or above decide."""
    published_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("course_versions.id", use_alter=True), unique=True
    )
    """What members see, and saw until it was withdrawn; None until the first publication."""
    draft_version_id: Mapped[int | None] = mapped_column(ForeignKey("course_versions.id", use_alter=True))
    """What its author changes, or a reviewer decides on; None while nothing is in work."""
    created_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    """Last edit, publication or withdrawal."""
    published_at: Mapped[dt.datetime | None]
    """First publication."""
    withdrawn_at: Mapped[dt.datetime | None]
    """Since when members do not see it any more."""

    organisation: Mapped[Organisation] = relationship()
    # `post_update`: a course and its first version refer to each other, so the pointer is written after both rows.
    published: Mapped["CourseVersion | None"] = relationship(
        foreign_keys=[published_version_id], post_update=True, lazy="joined"
    )
    draft: Mapped["CourseVersion | None"] = relationship(foreign_keys=[draft_version_id], post_update=True)

    @hybrid_property
    def is_published(self) -> bool:
        """Whether members see it."""
        return self.published_version_id is not None and self.withdrawn_at is None

    @is_published.inplace.expression
    @classmethod
    def _is_published(cls) -> ColumnElement[bool]:
        return and_(cls.published_version_id.is_not(None), cls.withdrawn_at.is_(None))

    @property
    def state(self) -> CourseState:
        """What it is to people; an open revision of a published course does not change it."""
        if self.is_published:
            return CourseState.PUBLISHED
        if self.draft_version_id is not None and self.draft is not None:
            return CourseState(self.draft.state)
        return CourseState.WITHDRAWN if self.published_at is not None else CourseState.DISCARDED

    @property
    def shown(self) -> "CourseVersion":
        """The version that lists and records name it by: the published one, before the first publication the draft.

        Raises:
            NotFound: it was discarded before anybody saw it.
        """
        found = self.published or self.draft
        if found is None:
            raise NotFound
        return found

    @property
    def title(self) -> str:
        """The title of the version that is shown."""
        return self.shown.title

    @property
    def category(self) -> Category:
        """The category of the version that is shown."""
        return self.shown.category

    @property
    def lecturer(self) -> Lecturer | None:
        """The lecturer of the version that is shown."""
        return self.shown.lecturer


class CourseVersion(Base):
    """What a course says: immutable once published, so that a decision and a completion are about something that stays.

    `number` counts the versions of a course. `content_number` counts what learners completed: it rises when items, or
    which of them are required, differ from what was published before; titles, summaries, order and covers leave it,
    and completions, as they are. `edit_number` counts every change by the author, on through all versions, so that a
    reviewer decides on what was read and on nothing newer.
    """

    __tablename__ = "course_versions"
    __table_args__ = (
        UniqueConstraint("course_id", "number"),
        # Closes the race of two clicks on "revise": one version in work a course.
        Index(
            "uq_course_versions_open",
            "course_id",
            unique=True,
            sqlite_where=text("state IN ('draft', 'submitted', 'returned', 'approved')"),
            postgresql_where=text("state IN ('draft', 'submitted', 'returned', 'approved')"),
        ),
        # Closes the race of two publications: one published version a course.
        Index(
            "uq_course_versions_published",
            "course_id",
            unique=True,
            sqlite_where=text("state = 'published'"),
            postgresql_where=text("state = 'published'"),
        ),
        # The library's list of a category; the reviewers' queue.
        Index(None, "state", "category_id"),
        # A lecturer's page, and the list of lecturers.
        Index(None, "lecturer_id", "state"),
        CheckConstraint("threshold_permille BETWEEN 1 AND 1000", name="threshold"),
        CheckConstraint("published_at IS NOT NULL OR state NOT IN ('published', 'superseded')", name="dated"),
        one_of("state", VersionState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    number: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(12), default=VersionState.DRAFT)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    lecturer_id: Mapped[int | None] = mapped_column(ForeignKey("lecturers.id"))
    cover_asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    threshold_permille: Mapped[int] = mapped_column(default=950)
    """Share of an item's unique media time that completes it."""
    credit_minutes: Mapped[int] = mapped_column(default=45)
    """Credit hours given for completing it, in minutes (45 is one hour of study, 学时)."""
    credit_chosen: Mapped[bool] = mapped_column(default=False, server_default=true())
    """Whether the author chose it; otherwise it follows the length when the version is submitted."""
    content_number: Mapped[int] = mapped_column(default=1)
    """What completions, corrections and trainings call the version of a course."""
    content_since: Mapped[dt.datetime | None]
    """Since when the present requirements (items, which of them are required, the threshold) are published: no
    completion of this content is earlier. None until then, and for courses published without a review."""
    edit_number: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    submitted_at: Mapped[dt.datetime | None]
    published_at: Mapped[dt.datetime | None]
    """From then on only its state changes."""

    course: Mapped[Course] = relationship(foreign_keys=[course_id])
    category: Mapped[Category] = relationship()
    lecturer: Mapped[Lecturer | None] = relationship()
    items: Mapped[list["ItemVersion"]] = relationship(order_by="ItemVersion.position", viewonly=True)


class CourseItem(Base):
    """One thing to watch or read in a course, apart from its file: addresses and watch records refer to it for good."""

    __tablename__ = "course_items"
    __table_args__ = (Index(None, "course_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))

    course: Mapped[Course] = relationship()


class ItemVersion(Base):
    """An item as one version of its course has it: its place, title and file. As immutable as that version.

    `number` rises when the file is replaced: leases, ledgers, completions and recuts call it the item's version. Every
    version of a course lists all of its items, so several rows of an item may have the same number.
    """

    __tablename__ = "item_versions"
    __table_args__ = (
        # Places of a version, in order.
        UniqueConstraint("course_version_id", "position"),
        # From an item to its versions, for items that were removed.
        Index(None, "item_id"),
        # From an asset to its courses: captions changed, file failed, playback rights.
        Index(None, "asset_id"),
        one_of("kind", ItemKind),
    )

    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_versions.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"), primary_key=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(12))
    title: Mapped[str] = mapped_column(String(120))
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    number: Mapped[int] = mapped_column(default=1)
    required: Mapped[bool] = mapped_column(default=True)

    course_version: Mapped[CourseVersion] = relationship()
    item: Mapped[CourseItem] = relationship(lazy="joined")
    asset: Mapped[Asset | None] = relationship()

    @property
    def public_id(self) -> str:
        """The item's, for addresses."""
        return self.item.public_id

    @property
    def course_id(self) -> int:
        """The course that the item belongs to."""
        return self.item.course_id

    @property
    def course(self) -> Course:
        """The course that the item belongs to."""
        return self.item.course


event.listen(CourseVersion, "before_update", guards.keep_version)
event.listen(ItemVersion, "before_update", guards.keep_item)
event.listen(ItemVersion, "before_insert", guards.keep_list)
event.listen(ItemVersion, "before_delete", guards.keep_list)


class Review(Base):
    """One decision on one version of a course as its author's edits had left it, by someone other than its author."""

    __tablename__ = "reviews"
    __table_args__ = (
        Index(None, "course_version_id", "id"),
        CheckConstraint("reviewer_id <> author_id", name="second_pair_of_eyes"),
        one_of("decision", ReviewDecision),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_versions.id"))
    edit_number: Mapped[int] = mapped_column(default=0)
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
