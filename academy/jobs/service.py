"""Writes on jobs: enqueue, claim, tell, finish."""

import datetime as dt
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.db import Tx
from academy.core.i18n import Message
from academy.jobs import transport
from academy.jobs.models import Job, JobState

# Longer than any step between two heartbeats; a job silent for so long has lost its worker.
STALE = dt.timedelta(seconds=60)


class Cancelled(Exception):
    """Raised inside a job whose row was cancelled; the worker lets it end quietly."""


def enqueue(
    tx: Tx, name: str, *, key: str | None = None, actor: Actor = SYSTEM, delay_s: float = 0, **args: Any
) -> Job:
    """Ask for a job. With a `key`, an open job of the same key is returned instead of a second one."""
    if key is not None:
        open_job = _open(tx, key)
        if open_job is not None:
            return open_job
    job = Job(
        name=name,
        args=args,
        key=key,
        account_id=actor.account_id,
        run_after=clock.now() + dt.timedelta(seconds=delay_s),
    )
    try:
        with tx.begin_nested():
            tx.add(job)
    except IntegrityError:
        # Another transaction asked for the same key between our look and our insert.
        other = _open(tx, key or "")
        if other is None:
            raise
        return other
    tx.after_commit(transport.wake)
    return job


def _open(tx: Tx, key: str) -> Job | None:
    return tx.scalar(select(Job).where(Job.key == key, Job.state.in_((JobState.QUEUED, JobState.RUNNING))))


def claim(tx: Tx, job_id: int) -> Job | None:
    """Take a job if it may run now; exactly one caller gets it."""
    now = clock.now()
    taken = tx.execute(
        update(Job)
        .where(
            Job.id == job_id,
            ((Job.state == JobState.QUEUED) & (Job.run_after <= now))
            | ((Job.state == JobState.RUNNING) & (Job.heartbeat_at < now - STALE)),
        )
        .values(state=JobState.RUNNING, heartbeat_at=now, attempts=Job.attempts + 1, error=None)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return tx.get(Job, job_id, populate_existing=True) if taken is not None else None


def release_stale(tx: Tx, *, everything: bool = False) -> int:
    """Queue again what a dead worker left running; `everything` when this is the only worker."""
    dead = Job.state == JobState.RUNNING
    if not everything:
        dead &= Job.heartbeat_at < clock.now() - STALE
    return len(tx.execute(update(Job).where(dead).values(state=JobState.QUEUED).returning(Job.id)).all())


def heartbeat(tx: Tx, job_ids: list[int]) -> None:
    """Say that these jobs are still being worked on."""
    tx.execute(update(Job).where(Job.id.in_(job_ids), Job.state == JobState.RUNNING).values(heartbeat_at=clock.now()))


def note_progress(tx: Tx, job_id: int, permille: int, note: Message | None, now: dt.datetime) -> None:
    """Keep progress and heartbeat.

    Raises:
        Cancelled: the job is no longer running.
    """
    values: dict[str, Any] = {"permille": permille, "heartbeat_at": now}
    if note is not None:
        values["note"] = note.to_json()
    hit = tx.execute(
        update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING).values(**values).returning(Job.id)
    ).scalar()
    if hit is None:
        raise Cancelled


def keep_result(tx: Tx, job_id: int, values: dict[str, Any]) -> None:
    """Merge values into the job's result."""
    job = tx.get_one(Job, job_id)
    job.result = (job.result or {}) | values


def finish(tx: Tx, job_id: int) -> None:
    """The job is done."""
    tx.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state=JobState.DONE, permille=1000, finished_at=clock.now(), trace="")
    )


def again(tx: Tx, job_id: int, trace: str, delay_s: float) -> None:
    """The job failed for a passing reason: queue it again, later."""
    tx.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state=JobState.QUEUED, trace=trace, run_after=clock.now() + dt.timedelta(seconds=delay_s))
    )


def fail(tx: Tx, job_id: int, message: Message, trace: str) -> None:
    """The job failed for good; `message` says it to a person, `trace` to the operator."""
    tx.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state=JobState.FAILED, error=message.to_json(), trace=trace, finished_at=clock.now())
    )


def retry_job(tx: Tx, job: Job) -> None:
    """A person asks to try a failed job again, from zero attempts."""
    job.state, job.attempts, job.error, job.run_after = JobState.QUEUED, 0, None, clock.now()
    tx.after_commit(transport.wake)


def cancel_jobs(tx: Tx, key: str) -> None:
    """Cancel what is open under a key; a running job notices at its next progress."""
    tx.execute(
        update(Job)
        .where(Job.key == key, Job.state.in_((JobState.QUEUED, JobState.RUNNING)))
        .values(state=JobState.CANCELLED, finished_at=clock.now())
    )
