"""Tables of the outbox and of jobs."""

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of


class OutboxEvent(Base):
    """An event waiting to become jobs; written with the rows it speaks of, so neither exists alone."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        # The worker's only question: what is undelivered, oldest first.
        Index(
            "ix_outbox_events_undelivered",
            "id",
            sqlite_where=text("delivered_at IS NULL"),
            postgresql_where=text("delivered_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    delivered_at: Mapped[dt.datetime | None]


class JobState(enum.StrEnum):
    """Where a job stands. `failed` waits for a person; everything else moves by itself."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Base):
    """One piece of work that survives the death of whoever does it.

    The row is all there is: no broker holds a copy that could be lost or run once more. Its
    transitions are in `academy.jobs.queue`.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        # The sweep: what may be run now.
        Index("ix_jobs_waiting", "state", "run_after"),
        # Two enquiries for the same work at once become one job: the key is unique while it is open.
        Index(
            "uq_jobs_open_key",
            "key",
            unique=True,
            sqlite_where=text("key IS NOT NULL AND state IN ('queued','running')"),
            postgresql_where=text("key IS NOT NULL AND state IN ('queued','running')"),
        ),
        # A state that no transition knows would be claimed by nobody, for ever.
        one_of("state", JobState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(String(160))
    state: Mapped[str] = mapped_column(String(12), default=JobState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often it was claimed; never goes back, so that it names the attempt that may write here."""
    crashes: Mapped[int] = mapped_column(default=0, server_default="0")
    """Attempts that raised something unforeseen, since a person last asked for it."""
    deaths: Mapped[int] = mapped_column(default=0, server_default="0")
    """Workers that vanished while they ran it, since a person last asked for it."""
    worker: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """Who claimed it last."""
    permille: Mapped[int] = mapped_column(default=0)
    note: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    trace: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    run_after: Mapped[dt.datetime] = mapped_column(default=clock.now)
    heartbeat_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]


class Recurrence(Base):
    """When a job that comes back by itself is due next. The primary key closes the race of two workers
    that meet a new job at the same moment; `due_at` is moved on by the one that asks for it."""

    __tablename__ = "recurrences"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    due_at: Mapped[dt.datetime]
    asked_at: Mapped[dt.datetime | None]
