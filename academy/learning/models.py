"""The watch ledger and the rows that follow from it."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, false, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.learning.rules import Unit


class LeaseEnd(enum.StrEnum):
    """Why a playback ended."""

    FINISHED = "finished"
    MOVED = "moved"
    IDLE = "idle"
    TAKEN_OVER = "taken_over"
    WITHDRAWN = "withdrawn"
    REPLACED = "replaced"
    EXPIRED = "expired"
    SIGNED_OUT = "signed_out"


class RefusalReason(enum.StrEnum):
    """Why claimed time was not credited: the claim itself, or how its lease ended."""

    TOO_FAST = "too_fast"
    FRAGMENTS = "fragments"
    FINISHED = LeaseEnd.FINISHED
    MOVED = LeaseEnd.MOVED
    IDLE = LeaseEnd.IDLE
    TAKEN_OVER = LeaseEnd.TAKEN_OVER
    WITHDRAWN = LeaseEnd.WITHDRAWN
    REPLACED = LeaseEnd.REPLACED
    EXPIRED = LeaseEnd.EXPIRED
    SIGNED_OUT = LeaseEnd.SIGNED_OUT
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class KeptForm(enum.StrEnum):
    """What of a lecture is kept on a phone: sound with stills of its slides, the small film, or a document's pages."""

    SOUND = "sound"
    FILM = "film"
    PAGES = "pages"


class EvidenceKind(enum.StrEnum):
    """Kinds of evidence of a completion."""

    WATCHED = "watched"
    GROUP_STUDY = "group_study"
    IMPORTED = "imported"
    CORRECTED = "corrected"


class CorrectionKind(enum.StrEnum):
    """Whether a completion is entered or struck by hand."""

    REGISTER = "register"
    STRIKE = "strike"


class CorrectionDecision(enum.StrEnum):
    """Decision on a proposed correction."""

    APPROVED = "approved"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class PlaybackLease(Base):
    """The right to credit one playback of one member; a member has one active lease at a time, and besides those of
    lectures that are kept on their phones (`is_kept`), whose clock is in `OfflinePlayback`.

    While it is active, its clock and its heartbeats' sequence are kept in the `WatchLedger` row, so that a heartbeat
    touches one row only; `credited_until_ms` here is the clock at its end.
    """

    __tablename__ = "playback_leases"
    __table_args__ = (
        # One playback a member: the second device must take over, which ends the first lease.
        Index(
            "uq_playback_leases_active",
            "member_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND NOT is_kept"),
            postgresql_where=text("ended_at IS NULL AND NOT is_kept"),
        ),
        Index(None, "member_id", "item_id", "id"),
        # Used when a course is withdrawn: ends all its playbacks.
        Index(
            "ix_playback_leases_active_course",
            "course_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        # Used at sign-out: ends the playbacks of the session.
        Index(
            "ix_playback_leases_active_session",
            "session_id",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        one_of("ended_because", LeaseEnd),
        one_of("unit", Unit),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"))
    item_version: Mapped[int]
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    unit: Mapped[str] = mapped_column(String(8), default=Unit.MS, server_default="ms")
    extent: Mapped[int]
    """Length of the item, in its unit."""
    threshold_permille: Mapped[int]
    started_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    credited_until_ms: Mapped[int] = mapped_column(BigInteger)
    """The moment (server epoch, ms) up to which wall-clock time has been spent on credit."""
    device: Mapped[str] = mapped_column(String(120), default="")
    """Device name, shown when another device asks to take over."""
    device_key: Mapped[str] = mapped_column(String(40), default="")
    """A random token kept by the browser: the same device takes over without asking."""
    is_kept: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the lecture is kept on the device and may be played there without a network."""
    session_id: Mapped[int | None] = mapped_column(Key)
    """The session that opened it; the playback ends with it."""
    ended_at: Mapped[dt.datetime | None]
    ended_because: Mapped[str | None] = mapped_column(String(20))


class OfflinePlayback(Base):
    """The clock of a lease whose lecture is kept on a device (`offline_rules.OfflineClock`), and what is kept there."""

    __tablename__ = "offline_playbacks"
    __table_args__ = (
        # Used at each report: all clocks of the member, because time is credited once for all devices.
        Index(None, "member_id"),
        one_of("form", KeptForm),
    )

    lease_id: Mapped[int] = mapped_column(ForeignKey("playback_leases.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    form: Mapped[str] = mapped_column(String(8))
    since_ms: Mapped[int] = mapped_column(BigInteger)
    base_ms: Mapped[int] = mapped_column(BigInteger)
    last_ms: Mapped[int] = mapped_column(BigInteger)
    last_base_ms: Mapped[int] = mapped_column(BigInteger)
    lapses_ms: Mapped[int] = mapped_column(BigInteger)


class WatchLedger(Base):
    """What one member has watched of one version of one item: merged spans in media milliseconds.

    It also carries the active lease's clock (`lease_id`, `credited_until_ms`, `seq`): a heartbeat reads one row and
    writes one row. WITHOUT ROWID, so that SQLite uses one B-tree, not two.
    """

    __tablename__ = "watch_ledgers"
    __table_args__ = (
        # Used by a recut: everybody with credit in a version of an item.
        Index(None, "item_id", "item_version"),
        # Used by the repair: rows with pending consequences, which are very few.
        Index(
            "ix_watch_ledgers_pending",
            "pending_since_ms",
            sqlite_where=text("pending_since_ms IS NOT NULL"),
            postgresql_where=text("pending_since_ms IS NOT NULL"),
        ),
        one_of("unit", Unit),
        {"sqlite_with_rowid": False},
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"), primary_key=True)
    item_version: Mapped[int] = mapped_column(primary_key=True)
    spans: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    """Sorted disjoint [start, end) pairs in the item's unit, packed little-endian uint32."""
    unit: Mapped[str] = mapped_column(String(8), default=Unit.MS, server_default="ms")
    covered: Mapped[int] = mapped_column(default=0)
    position: Mapped[int] = mapped_column(default=0)
    """Where the member stopped, in the item's unit."""
    updated_ms: Mapped[int] = mapped_column(BigInteger, default=clock.now_ms)
    completed_ms: Mapped[int | None] = mapped_column(BigInteger)
    """When the credit reached the threshold; written with the credit itself."""
    lease_id: Mapped[int | None] = mapped_column(Key)
    """The lease that may add to this row now; no foreign key, because every heartbeat would pay for it."""
    credited_until_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    seq: Mapped[int] = mapped_column(default=0)
    """The newest heartbeat of the lease; an older one that arrives late does not move `position`."""
    last_heartbeat_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """When the newest heartbeat was received, or when the lease began: credit is claimed of the time since."""
    lapses_ms: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    """Until when unspent time before `last_heartbeat_ms` may still be claimed."""
    pending_since_ms: Mapped[int | None] = mapped_column(BigInteger)
    """The moment of the first credit whose consequences (start, completions, hours, coverage) are not written; None
    when all are. Written with the credit, so that a later failure is found and repaired."""


class Recut(Base):
    """Declared mapping of an item's old version to a newer one, and the progress of the job that carries credit over.

    Kept permanently: a phone may deliver playback of the old version a week later, which follows the same mapping.
    """

    __tablename__ = "recuts"
    __table_args__ = (
        # Used by late heartbeats, and by members who open the lecture meanwhile: the newer version of theirs.
        Index(None, "item_id", "from_version"),
        CheckConstraint("from_version < to_version", name="forwards"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"))
    from_version: Mapped[int]
    to_version: Mapped[int]
    extent: Mapped[int]
    """Length of the newer version, in the item's unit."""
    kept: Mapped[list[list[int]]] = mapped_column(JSON)
    """Triples in the item's unit: old start, old end, new start."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    # For the nightly deletion: each deleted job is looked up here.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    carried_to: Mapped[int] = mapped_column(Key, default=0)
    """The last member who has been carried over; a killed job continues after them."""
    finished_at: Mapped[dt.datetime | None]


class Refusal(Base):
    """Claimed stretches that were not credited, with the reason shown to the learner.

    One row a lease and reason, however often it is claimed: a broken player cannot fill the disk.
    """

    __tablename__ = "refusals"
    __table_args__ = (Index(None, "member_id", "item_id"), one_of("reason", RefusalReason))

    lease_id: Mapped[int] = mapped_column(ForeignKey("playback_leases.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(24), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"))
    spans: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    times: Mapped[int] = mapped_column(default=1)
    first_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    last_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class CourseStart(Base):
    """A member's first credited second of a course. The key makes `CourseStarted` happen once."""

    __tablename__ = "course_starts"
    __table_args__ = ({"sqlite_with_rowid": False},)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    started_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


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
        one_of("evidence", EvidenceKind),
        # A member's rows are clustered: a year of the whole city is read sequentially.
        {"sqlite_with_rowid": False},
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    course_version: Mapped[int] = mapped_column(primary_key=True)
    completed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    evidence: Mapped[str] = mapped_column(String(20), default=EvidenceKind.WATCHED)


class CreditHour(Base):
    """Hours earned, each with the rule that gave it; append-only."""

    __tablename__ = "credit_hours"
    __table_args__ = ({"sqlite_with_rowid": False},)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    minutes: Mapped[int]
    rule: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    """The reason, e.g. ``course:ab12…:1``."""
    earned_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Correction(Base):
    """A completion to be registered or struck by hand: proposer, reason, decision, and the rows before.

    Never deleted, so that a changed figure can be traced to two people and a reason.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        # One pending proposal a member and course: two officers would otherwise correct the same twice.
        Index(
            "uq_corrections_waiting",
            "member_id",
            "course_id",
            unique=True,
            sqlite_where=text("decision IS NULL"),
            postgresql_where=text("decision IS NULL"),
        ),
        # The history on a member's page, and evidence packs, which list corrections made since.
        Index(None, "member_id", "decided_at"),
        one_of("kind", CorrectionKind),
        one_of("decision", CorrectionDecision),
        CheckConstraint(
            "decision IS NULL OR decision <> 'approved' OR decided_by <> proposed_by", name="second_pair_of_eyes"
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    course_version: Mapped[int]
    """The version that is registered; for a strike, the present one (all versions are struck)."""
    kind: Mapped[str] = mapped_column(String(12))
    studied_on: Mapped[dt.date | None]
    """The day of study that is registered; None for a strike."""
    reason: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """For a strike: the removed completions, with version, moment and evidence."""
    proposed_by: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    proposed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    decision: Mapped[str | None] = mapped_column(String(12))
