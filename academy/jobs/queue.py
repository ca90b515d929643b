"""The queue: a job is a state machine, and every transition is one UPDATE that names the state and attempt it expects.

    queued ──claim──▶ running ──finish──▶ done
      ▲  ▲               │ ├─────fail──▶ failed ──retry_job──▶ queued
      │  └──crash, lost──┘ │
      └─────hand_back──────┘        queued, running ──cancel_jobs──▶ cancelled

`attempts` counts claims and never goes back: it is the attempt's token. A worker that was given up for dead,
or whose job was cancelled, names an attempt that is no longer the row's, and its UPDATE matches no row.
`crashes` and `deaths` are reset by a manual retry.
"""

import dataclasses
import datetime as dt
import logging
from collections.abc import Callable, Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from academy.core import clock, collisions
from academy.core.actor import SYSTEM, Actor
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.core.unique import unique_or
from academy.jobs import registry
from academy.jobs.models import Job, JobState

log = logging.getLogger(__name__)

STALE = dt.timedelta(seconds=60)
"""Seconds; longer than any step between two heartbeats. A job silent for so long has lost its worker."""
MAX_DEATHS = 3
"""A job is failed after so many workers vanished while running it."""
SUSPECT = 2
"""From so many deaths on, a job runs beside no other suspect: so that other jobs of a worker it kills stay innocent."""
GAVE_UP = msg("处理时出现意外错误，已多次重试。请联系系统管理员。")
"""Message shown for a job that crashed on every attempt."""
DIED = msg("处理时进程多次中断，已停止重试。请联系系统管理员。")
"""Message shown for a job whose workers vanished."""
OPEN = (JobState.QUEUED, JobState.RUNNING)


class Cancelled(Exception):
    """Raised inside a job whose attempt is over (cancelled, or claimed by another worker); do not catch it.

    Raised by its next progress report, and by the commit of any write: see `fence`.
    """


@dataclasses.dataclass(frozen=True)
class Attempt:
    """One claim of a job; gives the right to write its row while it is running with this attempt number."""

    job_id: int
    number: int


def enqueue(
    tx: Tx, name: str, *, key: str | None = None, actor: Actor = SYSTEM, delay_s: float = 0, **args: Any
) -> Job:
    """Create a job. With a `key`, an open job of the same key is returned instead of a second one.

    Raises:
        Conflict: an open job of the same key ended at the same moment; the caller tries again.
    """
    run_after = clock.now() + dt.timedelta(seconds=delay_s)
    for _ in range(3):
        open_job = _open(tx, key) if key is not None else None
        if open_job is not None:
            return open_job
        job = Job(name=name, args=args, key=key, account_id=actor.account_id, run_after=run_after)
        tx.flush()
        try:
            with tx.begin_nested():
                tx.add(job)
        except IntegrityError as error:
            # Another transaction created the same key between our query and our insert; that job may even be done by
            # now.
            if key is None or not collisions.is_duplicate(error):
                raise
        else:
            return job
    raise Conflict(msg("同样的任务正在进行，请稍候再试。"))


def _open(tx: Tx, key: str) -> Job | None:
    # Locked until this transaction ends, so that a waiting job cannot be claimed before our rows are visible to it.
    # A running one is not locked, or its heartbeat would wait for us.
    waiting = select(Job).where(Job.key == key, Job.state == JobState.QUEUED).with_for_update(read=True)
    running = select(Job).where(Job.key == key, Job.state == JobState.RUNNING)
    return tx.scalar(waiting) or tx.scalar(running)


def claim(tx: Tx, job_id: int, worker: str = "") -> Job | None:
    """Claim one job if it is due; exactly one caller gets it."""
    taken = _claim(tx, [job_id], worker)
    return taken[0] if taken else None


def claim_next(
    tx: Tx, names: Collection[str], limit: int, worker: str = "", *, beside_suspect: bool = False
) -> list[Job]:
    """Claim due jobs of these names, the longest due first; rows locked by others are skipped.

    At most one of them is a suspect, and none with `beside_suspect`.
    """
    query = select(Job.id, Job.deaths).where(_due(), Job.name.in_(names))
    if beside_suspect:
        query = query.where(Job.deaths < SUSPECT)
    found = tx.execute(query.order_by(Job.run_after, Job.id).limit(limit).with_for_update(skip_locked=True)).all()
    suspects = [job_id for job_id, deaths in found if deaths >= SUSPECT]
    return _claim(tx, [job_id for job_id, _ in found if job_id not in suspects[1:]], worker)


def _due() -> ColumnElement[bool]:
    return (Job.state == JobState.QUEUED) & (Job.run_after <= clock.now())


def _claim(tx: Tx, job_ids: Sequence[int], worker: str) -> list[Job]:
    taken = tx.scalars(
        update(Job)
        .where(Job.id.in_(job_ids), _due())
        .values(
            state=JobState.RUNNING,
            heartbeat_at=clock.now(),
            attempts=Job.attempts + 1,
            worker=worker,
            error=None,
            finished_at=None,
        )
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    ).all()
    rows = tx.scalars(select(Job).where(Job.id.in_(taken)).execution_options(populate_existing=True))
    return sorted(rows, key=lambda job: (job.run_after, job.id))


def _change(tx: Tx, attempt: Attempt, **values: Any) -> bool:
    """Update the row of a running attempt; False when the attempt is over."""
    hit = tx.execute(
        update(Job)
        .where(Job.id == attempt.job_id, Job.state == JobState.RUNNING, Job.attempts == attempt.number)
        .values(**values)
        .returning(Job.id)
    ).scalar()
    return hit is not None


def heartbeat(tx: Tx, attempts: Collection[Attempt]) -> None:
    """Refresh the heartbeat of these attempts."""
    if not attempts:
        return
    tx.execute(
        update(Job)
        .where(tuple_(Job.id, Job.attempts).in_([(a.job_id, a.number) for a in attempts]))
        .where(Job.state == JobState.RUNNING)
        .values(heartbeat_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def note_progress(tx: Tx, attempt: Attempt, permille: int, note: Message | None) -> None:
    """Store progress (permille) and heartbeat.

    Raises:
        Cancelled: the attempt is over.
    """
    values: dict[str, Any] = {"permille": permille, "heartbeat_at": clock.now()}
    if note is not None:
        values["note"] = note.to_json()
    if not _change(tx, attempt, **values):
        raise Cancelled


def keep_result(tx: Tx, attempt: Attempt, values: dict[str, Any]) -> None:
    """Merge values into the job's result.

    Raises:
        Cancelled: the attempt is over.
    """
    known = tx.scalar(select(Job.result).where(Job.id == attempt.job_id).with_for_update())
    if not _change(tx, attempt, result=(known or {}) | values):
        raise Cancelled


def fence(tx: Tx, attempt: Attempt) -> None:
    """The last statement of every transaction of a running job: it commits only while the attempt is the row's.

    The row stays locked until the commit: the job cannot be released while its worker is writing (`release_lost` skips
    locked rows), and a worker that was given up for dead cannot write when it resumes.

    Raises:
        Cancelled: the attempt is over.
    """
    mine = (Job.id == attempt.job_id, Job.state == JobState.RUNNING, Job.attempts == attempt.number)
    if tx.scalar(select(Job.id).where(*mine).with_for_update(read=True)) is None:
        raise Cancelled


def finish(tx: Tx, attempt: Attempt) -> bool:
    """Mark the job done. False, and no change, when the attempt is over; likewise below."""
    return _change(tx, attempt, state=JobState.DONE, permille=1000, finished_at=clock.now(), trace="")


def crash(tx: Tx, attempt: Attempt, trace: str) -> bool:
    """Record an unexpected exception: retry later, or fail after too many crashes."""
    row = tx.execute(select(Job.name, Job.args, Job.crashes).where(Job.id == attempt.job_id)).one()
    spec = registry.spec(row.name)
    crashes = row.crashes + 1
    if spec is None or crashes >= spec.max_attempts:
        return fail(tx, attempt, GAVE_UP, trace, crashes=crashes)
    later = clock.now() + dt.timedelta(seconds=min(600, 5 * 4 ** (crashes - 1)))
    return _change(tx, attempt, state=JobState.QUEUED, crashes=crashes, trace=trace, run_after=later)


def fail(tx: Tx, attempt: Attempt, message: Message, trace: str, **values: Any) -> bool:
    """Fail the job for good; `message` is for users, `trace` for the operator. The component's `on_failure` runs in the
    same transaction."""
    now = clock.now()
    changed = _change(
        tx,
        attempt,
        state=JobState.FAILED,
        error=message.to_json(),
        trace=trace or str(message),
        finished_at=now,
        **values,
    )
    if changed:
        row = tx.execute(select(Job.name, Job.args).where(Job.id == attempt.job_id)).one()
        spec = registry.spec(row.name)
        if spec is not None and spec.on_failure is not None:
            _run_on_failure(tx, attempt, spec.on_failure, message, row.args)
    return changed


def _run_on_failure(
    tx: Tx, attempt: Attempt, on_failure: Callable[..., None], message: Message, args: dict[str, Any]
) -> None:
    try:
        with tx.begin_nested():
            on_failure(tx, message, **args)
    except Exception as error:
        if collisions.is_retryable(error):
            raise
        # `on_failure` raised, but the job must fail all the same: left running, it would be retried for ever.
        log.exception("job.on_failure_failed", extra={"job": attempt.job_id})


def release_attempts(tx: Tx, attempts: Collection[Attempt]) -> None:
    """Return unfinished jobs of a stopping worker to the queue; they count no death."""
    for attempt in attempts:
        _change(tx, attempt, state=JobState.QUEUED, run_after=clock.now())


def release_lost(tx: Tx, workers: Collection[str] = ()) -> list[int]:
    """Queue again the jobs of dead workers, and those without a heartbeat for too long.

    A job that lost its worker too often fails instead; returns the ids of all.
    """
    silent = Job.heartbeat_at < clock.now() - STALE
    lost = tx.execute(
        select(Job.id, Job.attempts, Job.deaths)
        .where(Job.state == JobState.RUNNING, silent | Job.worker.in_(workers))
        # Locked rows are skipped: a worker that writes at this moment is alive.
        .with_for_update(skip_locked=True)
    ).all()
    for job_id, number, before in lost:
        deaths, attempt = before + 1, Attempt(job_id, number)
        if deaths >= MAX_DEATHS:
            fail(tx, attempt, DIED, f"{deaths} workers vanished while they ran it", deaths=deaths)
        else:
            _change(tx, attempt, state=JobState.QUEUED, deaths=deaths, run_after=clock.now())
    return [job_id for job_id, *_ in lost]


def retry_job(tx: Tx, job: Job) -> None:
    """Manual retry of a failed job; its crashes and deaths are reset.

    Raises:
        Conflict: it did not fail, was retried concurrently, or another job of its key is open.
    """
    taken = Conflict(msg("同样的任务正在进行，请稍候再试。"))
    with unique_or(tx, taken):
        hit = tx.execute(
            update(Job)
            .where(Job.id == job.id, Job.state == JobState.FAILED, Job.attempts == job.attempts)
            .values(
                state=JobState.QUEUED,
                crashes=0,
                deaths=0,
                error=None,
                finished_at=None,
                permille=0,
                run_after=clock.now(),
            )
            .returning(Job.id)
        ).scalar()
    if hit is None:
        raise Conflict(msg("这个任务已经有人重试过了，请刷新查看。"))


def cancel_jobs(tx: Tx, key: str) -> None:
    """Cancel open jobs with a key; a running attempt notices at its next progress report."""
    tx.execute(
        update(Job).where(Job.key == key, Job.state.in_(OPEN)).values(state=JobState.CANCELLED, finished_at=clock.now())
    )
