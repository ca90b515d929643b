"""Terms, holidays, classrooms, training classes and their members; groups, turns and applications stand beside."""

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
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.classes.kinds import ApplicationState, ClassState, HolidayKind, TurnState
from academy.core import clock
from academy.core.database import Base
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.people.api import Member, Organisation

WEDNESDAY, SIX_PM = 2, 18 * 60
PENDING = text("state IN ('applied', 'waiting')")


class TeachingTerm(Base):
    """A term of the school (学期) and the weekly hour at which its forum meets. Terms do not overlap."""

    __tablename__ = "teaching_terms"
    __table_args__ = (
        # The term of a day.
        Index(None, "first_day"),
        CheckConstraint("last_day >= first_day", name="order"),
        CheckConstraint("forum_weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("forum_minute BETWEEN 0 AND 1439", name="minute"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    """The last day that belongs to it."""
    forum_weekday: Mapped[int] = mapped_column(default=WEDNESDAY)
    """0 is Monday, as in `datetime`."""
    forum_minute: Mapped[int] = mapped_column(default=SIX_PM)
    """Minutes after midnight on the city's clock."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Holiday(Base):
    """A span of days that the yearly notice declares off, or working in exchange for another day.

    Kept by people: no library knows the notice of a year before it is published. A working day wins over a span of
    days off around it.
    """

    __tablename__ = "holidays"
    __table_args__ = (
        # The days off of a term.
        Index(None, "first_day"),
        CheckConstraint("last_day >= first_day", name="order"),
        one_of("kind", HolidayKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(8), default=HolidayKind.OFF)
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Classroom(Base):
    """A place where the school teaches, and how many it seats."""

    __tablename__ = "classrooms"
    __table_args__ = (CheckConstraint("seats > 0", name="seats"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    seats: Mapped[int]
    address: Mapped[str] = mapped_column(String(120), default="")
    retired_at: Mapped[dt.datetime | None]
    """Since when it is not offered any more; lectures that were there keep it."""


class TrainingClass(Base):
    """A class of one term (培训班). The leaders' share is one of the class hours of main classes (主体班次)."""

    __tablename__ = "training_classes"
    __table_args__ = (
        # The classes of a term, and the share of its main classes.
        Index(None, "term_id", "is_main"),
        CheckConstraint("last_day >= first_day", name="order"),
        CheckConstraint("seats IS NULL OR seats > 0", name="seats"),
        one_of("state", ClassState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    term_id: Mapped[int] = mapped_column(ForeignKey("teaching_terms.id"))
    name: Mapped[str] = mapped_column(String(80))
    is_main: Mapped[bool] = mapped_column(default=False)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node that holds it."""
    first_day: Mapped[dt.date]
    last_day: Mapped[dt.date]
    seats: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12), default=ClassState.PLANNED)
    summary: Mapped[str] = mapped_column(Text, default="")
    apply_until: Mapped[dt.date | None]
    """The last day on which members may apply; None: the office alone enrols."""
    closing_report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """Figures as they stood when the class was closed (`faculty.class_reports`)."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    term: Mapped[TeachingTerm] = relationship()
    organisation: Mapped[Organisation] = relationship()


class ClassMember(Base):
    """A member's place in a class from one day up to (not including) another."""

    __tablename__ = "class_members"
    __table_args__ = (
        # Closes the race of two enrolments of one member at once; a class's present members are found by it.
        Index(
            "uq_class_members_open",
            "class_id",
            "member_id",
            unique=True,
            sqlite_where=text("left_on IS NULL"),
            postgresql_where=text("left_on IS NULL"),
        ),
        # The classes of one member.
        Index(None, "member_id"),
        CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="order"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    joined_on: Mapped[dt.date]
    left_on: Mapped[dt.date | None]
    left_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    added_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    member: Mapped[Member] = relationship()
    training_class: Mapped[TrainingClass] = relationship()

    @classmethod
    def present_in(cls, class_id: int) -> ColumnElement[bool]:
        """Condition: places of a class that nobody has given up."""
        return (cls.class_id == class_id) & cls.left_on.is_(None)

    @classmethod
    def held_on(cls, day: dt.date | ColumnElement[dt.date]) -> ColumnElement[bool]:
        """Condition: places that were held on a day, which may be a column."""
        return (cls.joined_on <= day) & or_(cls.left_on.is_(None), cls.left_on > day)


class ClassApplication(Base):
    """A member asks for a place in a class, or waits for one that is not free.

    The waiting list is its rows in the state waiting, in the order of `queued_at`; a place that is given up passes to
    the first of them in the same transaction.
    """

    __tablename__ = "class_applications"
    __table_args__ = (
        # Closes the race of one member who applies twice at once.
        Index(
            "uq_class_applications_open",
            "class_id",
            "member_id",
            unique=True,
            sqlite_where=PENDING,
            postgresql_where=PENDING,
        ),
        # The waiting list of a class, in its order.
        Index(None, "class_id", "state", "queued_at"),
        # The applications of one member.
        Index(None, "member_id"),
        CheckConstraint("state <> 'waiting' OR queued_at IS NOT NULL", name="queued"),
        CheckConstraint("state <> 'declined' OR reason <> ''", name="declined"),
        one_of("state", ApplicationState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    state: Mapped[str] = mapped_column(String(12), default=ApplicationState.APPLIED)
    applied_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    queued_at: Mapped[dt.datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why it was declined; the member reads it."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]

    member: Mapped[Member] = relationship()
    training_class: Mapped[TrainingClass] = relationship()


class DiscussionGroup(Base):
    """A group in which a class discusses (研讨小组)."""

    __tablename__ = "discussion_groups"
    __table_args__ = (
        # Closes the race of two groups of one name.
        UniqueConstraint("class_id", "name"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"))
    position: Mapped[int]
    name: Mapped[str | None] = mapped_column(String(40))
    """As people call it; None: it is called by its position, in the reader's language."""

    training_class: Mapped[TrainingClass] = relationship()

    @property
    def label(self) -> str | Message:
        """What it is called."""
        return self.name or numbered_group(self.position)


def numbered_group(position: int) -> Message:
    """What a group without a name is called."""
    return msg("第 %(n)s 组", n=position)


class GroupPlace(Base):
    """A class member's group: one at most, which the key sees to. Gone once the member leaves the class."""

    __tablename__ = "group_places"
    __table_args__ = (
        # The people of a group.
        Index(None, "group_id"),
        # Closes the race of two leaders of one group.
        Index(
            "uq_group_places_leader",
            "group_id",
            unique=True,
            sqlite_where=text("is_leader"),
            postgresql_where=text("is_leader"),
        ),
    )

    class_member_id: Mapped[int] = mapped_column(ForeignKey("class_members.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("discussion_groups.id"))
    is_leader: Mapped[bool] = mapped_column(default=False)


class LecternTurn(Base):
    """A student's turn at the lectern (学员登台), planned or taken. The class's rate is counted from those taken."""

    __tablename__ = "lectern_turns"
    __table_args__ = (
        # The turns of a class: by state for the rate, by day for the list.
        Index(None, "class_id", "state", "day"),
        # The turns of one member.
        Index(None, "member_id"),
        CheckConstraint("minutes BETWEEN 1 AND 240", name="minutes"),
        CheckConstraint("(state = 'taken') = (confirmed_at IS NOT NULL)", name="confirmed"),
        one_of("state", TurnState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    class_id: Mapped[int] = mapped_column(ForeignKey("training_classes.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    day: Mapped[dt.date]
    topic: Mapped[str] = mapped_column(String(120))
    minutes: Mapped[int] = mapped_column(default=10)
    state: Mapped[str] = mapped_column(String(12), default=TurnState.PLANNED)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    confirmed_at: Mapped[dt.datetime | None]

    member: Mapped[Member] = relationship()
    training_class: Mapped[TrainingClass] = relationship()
