"""The watch ledger and what follows from it."""

import datetime as dt

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.db import Base
from academy.core.ids import new_id
from academy.core.types import Key


class Lease(Base):
    """The right to credit one playback of one member; a member has one active lease at a time.

    `credited_until_ms` (server epoch) is the moment up to which the clock has been spent: the next
    beat can earn only the time since then.
    """

    __tablename__ = "leases"
    __table_args__ = (
        # One playback a member: the second device must take over, which ends the first lease.
        Index(
            "uq_leases_active",
            "member_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(None, "member_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"))
    item_version: Mapped[int]
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    duration_ms: Mapped[int]
    threshold_permille: Mapped[int]
    started_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    credited_until_ms: Mapped[int] = mapped_column(BigInteger)
    device: Mapped[str] = mapped_column(String(120), default="")
    ended_at: Mapped[dt.datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(20))
    """finished, taken_over, withdrawn, expired or signed_out."""


class WatchLedger(Base):
    """What one member has watched of one version of one item: merged spans in media milliseconds."""

    __tablename__ = "watch_ledgers"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"), primary_key=True)
    item_version: Mapped[int] = mapped_column(primary_key=True)
    spans: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """Sorted disjoint [start, end) pairs, packed little-endian uint32 milliseconds."""
    covered_ms: Mapped[int] = mapped_column(default=0)
    position_ms: Mapped[int] = mapped_column(default=0)
    """Where the member stopped."""
    updated_ms: Mapped[int] = mapped_column(BigInteger, default=clock.now_ms)
    completed_ms: Mapped[int | None] = mapped_column(BigInteger)


class Refusal(Base):
    """A stretch that was claimed and not credited, with the reason the learner is told."""

    __tablename__ = "refusals"
    __table_args__ = (Index(None, "member_id", "item_id", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lease_id: Mapped[int] = mapped_column(ForeignKey("leases.id"))
    member_id: Mapped[int] = mapped_column(Key)
    item_id: Mapped[int] = mapped_column(Key)
    reason: Mapped[str] = mapped_column(String(24))
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class ItemCompletion(Base):
    """A member completed one item of a course: a dated fact, once a version."""

    __tablename__ = "item_completions"

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"), primary_key=True)
    item_version: Mapped[int] = mapped_column(primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    completed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Completion(Base):
    """A member completed every required item of a course: a dated fact, once a version."""

    __tablename__ = "completions"
    __table_args__ = (
        # A course's completions through time, for coverage as of a date.
        Index(None, "course_id", "completed_at"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    course_version: Mapped[int] = mapped_column(primary_key=True)
    completed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    evidence: Mapped[str] = mapped_column(String(20), default="watched")
    """watched, group_study, imported or corrected."""


class CreditHour(Base):
    """Hours earned, each with the rule that gave it; never changed, only added to."""

    __tablename__ = "credit_hours"
    __table_args__ = (UniqueConstraint("member_id", "rule", "source"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    minutes: Mapped[int]
    rule: Mapped[str] = mapped_column(String(40))
    source: Mapped[str] = mapped_column(String(60))
    """What it was given for, e.g. ``course:ab12…:1``."""
    earned_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
