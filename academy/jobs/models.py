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
    """An event waiting to become jobs; written in the transaction of the rows it is about, so neither exists alone."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        # The worker's query: undelivered events, oldest first.
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
    """State of a job. `failed` waits for an operator; all other transitions are automatic."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Base):
    """A unit of work that survives the death of its worker.

    The row is the only copy: there is no broker that could lose it or run it once more. Its transitions are in
    `academy.jobs.queue`.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        # The sweep: what may be run now.
        Index("ix_jobs_waiting", "state", "run_after"),
        # Two requests for the same work become one job: the key is unique while the job is open.
        Index(
            "uq_jobs_open_key",
            "key",
            unique=True,
            sqlite_where=text("key IS NOT NULL AND state IN ('queued','running')"),
            postgresql_where=text("key IS NOT NULL AND state IN ('queued','running')"),
        ),
        # An unknown state would never be claimed.
        one_of("state", JobState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    name: Mapped[str] = mapped_column(String(80))
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(String(160))
    state: Mapped[str] = mapped_column(String(12), default=JobState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    """Number of claims; never reset, so that it identifies the attempt that may write here."""
    crashes: Mapped[int] = mapped_column(default=0, server_default="0")
    """Unexpected exceptions since the last manual retry."""
    deaths: Mapped[int] = mapped_column(default=0, server_default="0")
    """Workers that vanished while running it, since the last manual retry."""
    worker: Mapped[str] = mapped_column(String(60), default="", server_default="")
    """The worker that claimed it last."""
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
    """When a recurring job is due next. The primary key closes the race of two workers that meet a new job at once;
    `due_at` is advanced by the one that enqueues it."""

    __tablename__ = "recurrences"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    due_at: Mapped[dt.datetime]
    asked_at: Mapped[dt.datetime | None]
