"""The worker: claims and runs jobs, delivers the outbox, enqueues recurring jobs, releases jobs of dead workers."""

import logging
import threading
import time
import traceback
from collections.abc import Callable, Collection

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import AcademyError
from academy.core.i18n import msg
from academy.core.logging import log_event
from academy.core.runtime import Runtime
from academy.jobs import queue, registry, scheduler
from academy.jobs.context import JobContext
from academy.jobs.models import Job, JobState
from academy.jobs.outbox import BATCH, deliver
from academy.jobs.presence import Presence
from academy.jobs.queue import Attempt
from academy.jobs.registry import BRIEF, FAST, HEAVY, LANES

log = logging.getLogger(__name__)

POLL_S = (0.05, 0.5)
"""Poll interval: minimum after work was done, maximum when idle. A poll is two index reads; docs/decisions explains
why there is no notification instead."""
HEARTBEAT_S = 10.0
CALENDAR_S = 30.0
GRACE_S = 2.0
"""Seconds that a stopping worker waits for jobs that are nearly done."""


def run_job(runtime: Runtime, job_id: int, worker: str = "") -> bool:
    """Claim and run one job; its outcome is written to its row. False if it could not be claimed."""
    job = runtime.db.run_in_transaction(lambda tx: queue.claim(tx, job_id, worker))
    if job is None:
        return False
    execute(runtime, job)
    return True


def execute(runtime: Runtime, job: Job) -> None:
    """Run a claimed job, and write its outcome."""
    attempt, spec = Attempt(job.id, job.attempts), registry.spec(job.name)
    identifiers = {"job": job.id, "job_name": job.name, "attempt": job.attempts}
    if spec is None:
        unknown = msg("这个版本不认识任务“%(name)s”。", name=job.name)
        _close(runtime, lambda tx: queue.fail(tx, attempt, unknown, ""), "job.failed", identifiers)
        return
    log_event(log, "job.started", **identifiers)
    try:
        with runtime.db.guarded(lambda tx: queue.fence(tx, attempt)):
            spec.run(JobContext(runtime, job.id, job.attempts), **job.args)
    except queue.Cancelled:
        log_event(log, "job.cancelled", **identifiers)
    except AcademyError as error:
        message = error.message
        _close(runtime, lambda tx: queue.fail(tx, attempt, message, ""), "job.failed", identifiers)
    except Exception:
        trace = traceback.format_exc()
        log.exception("job.crashed", extra=identifiers)
        _close(runtime, lambda tx: queue.crash(tx, attempt, trace), "job.requeued", identifiers)
    else:
        _close(runtime, lambda tx: queue.finish(tx, attempt), "job.done", identifiers)


def _close(runtime: Runtime, change: Callable[[Tx], bool], event_name: str, identifiers: dict[str, object]) -> None:
    # An attempt that is over (cancelled, or presumed dead and run by another) must not write.
    kept = runtime.db.run_in_transaction(change)
    log_event(log, event_name if kept else "job.attempt_over", **identifiers)


def runnable(runtime: Runtime, lane: str | None = None, only: Collection[str] = (), limit: int = BATCH) -> list[int]:
    """Ids of due jobs, oldest first; of one lane, or of some names only."""
    query = select(Job.id).where(Job.state == JobState.QUEUED, Job.run_after <= clock.now())
    if lane is not None or only:
        query = query.where(Job.name.in_(only or registry.names_in(lane or FAST)))
    with runtime.db.read() as tx:
        return list(tx.scalars(query.order_by(Job.run_after, Job.id).limit(limit)))


class Worker:
    """All lanes in one process: short jobs never wait behind an encoding.

    One thread polls the queue and claims as many jobs as there are free threads; each job runs in its own thread.
    """

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        settings = runtime.settings
        self._threads = {FAST: settings.fast_workers, BRIEF: settings.brief_workers, HEAVY: settings.heavy_workers}
        self._presence = Presence(settings.data_dir / "workers")
        self._guard = threading.Lock()
        self._running: dict[Attempt, tuple[str, bool]] = {}
        """The running job: its lane, and whether it is a suspect."""
        self._stop, self._wake = threading.Event(), threading.Event()
        self._next_heartbeat = self._next_calendar = 0.0

    def run(self) -> None:
        """Work until `stop` is called."""
        self._presence.begin()
        log_event(log, "worker.started", worker=self._presence.worker)
        pause = POLL_S[0]
        try:
            while not self._stop.is_set():
                try:
                    pause = POLL_S[0] if self._turn() else min(pause * 1.5, POLL_S[1])
                except Exception:
                    log.exception("worker.poll_failed")
                    pause = POLL_S[1]
                self._wake.wait(pause)
                self._wake.clear()
        finally:
            self._leave()

    def stop(self) -> None:
        """Make `run` return; unfinished jobs go back to the queue."""
        self._stop.set()
        self._wake.set()

    def _turn(self) -> bool:
        """One poll; whether there was something to do."""
        now = time.monotonic()
        if now >= self._next_heartbeat:
            # Dead workers first: their jobs are queued before anything is claimed.
            self._next_heartbeat = now + HEARTBEAT_S
            self._look_after_the_living_and_the_dead()
        if now >= self._next_calendar:
            self._next_calendar = now + CALENDAR_S
            scheduler.ask_due(self.runtime)
        delivered = deliver(self.runtime)
        return bool(self._start_jobs()) or delivered > 0

    def _look_after_the_living_and_the_dead(self) -> None:
        dead = self._presence.dead()
        with self._guard:
            running = list(self._running)

        def write(tx: Tx) -> list[int]:
            queue.heartbeat(tx, running)
            return queue.release_lost(tx, dead)

        if running or dead or self._some_are_running():
            for job_id in self.runtime.db.run_in_transaction(write):
                log_event(log, "job.lost", job=job_id)
        self._presence.forget(dead)

    def _some_are_running(self) -> bool:
        with self.runtime.db.read() as tx:
            return tx.scalar(select(Job.id).where(Job.state == JobState.RUNNING).limit(1)) is not None

    def _start_jobs(self) -> int:
        with self._guard:
            taken = [lane for lane, _ in self._running.values()]
            beside_suspect = any(suspect for _, suspect in self._running.values())
        free = {lane: self._threads[lane] - taken.count(lane) for lane in LANES}
        wanted = [lane for lane in LANES if free[lane] > 0 and runnable(self.runtime, lane, limit=1)]
        if not wanted:
            return 0

        def write(tx: Tx) -> list[tuple[str, Job]]:
            claimed: list[tuple[str, Job]] = []
            for lane in wanted:
                busy = beside_suspect or any(job.deaths >= queue.SUSPECT for _, job in claimed)
                names, worker = registry.names_in(lane), self._presence.worker
                jobs = queue.claim_next(tx, names, free[lane], worker, beside_suspect=busy)
                claimed += [(lane, job) for job in jobs]
            return claimed

        claimed = self.runtime.db.run_in_transaction(write)
        for lane, job in claimed:
            with self._guard:
                self._running[Attempt(job.id, job.attempts)] = lane, job.deaths >= queue.SUSPECT
            # A daemon thread: an encoding must not keep a stopping worker alive.
            threading.Thread(target=self._execute, args=(job,), name=job.name, daemon=True).start()
        return len(claimed)

    def _execute(self, job: Job) -> None:
        try:
            execute(self.runtime, job)
        except Exception:
            # The row cannot be written: the heartbeat stops, and the job is released when it is stale.
            log.exception("job.outcome_not_written", extra={"job": job.id, "job_name": job.name})
        finally:
            with self._guard:
                self._running.pop(Attempt(job.id, job.attempts), None)
            self._wake.set()

    def _leave(self) -> None:
        deadline = time.monotonic() + GRACE_S
        while self._running and time.monotonic() < deadline:
            time.sleep(0.02)
        with self._guard:
            left = list(self._running)
        try:
            self.runtime.db.run_in_transaction(lambda tx: queue.release_attempts(tx, left))
            self._presence.end()
        except Exception:
            log.exception("worker.died")
        log_event(log, "worker.stopped", worker=self._presence.worker)
