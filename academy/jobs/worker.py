"""The worker: turns facts into jobs, runs jobs, sweeps up after the dead."""

import datetime as dt
import functools
import logging
import threading
import time
import traceback
from collections.abc import Collection
from typing import Any

from huey import Huey
from sqlalchemy import select

from academy.core import clock
from academy.core.errors import AcademyError
from academy.core.house import House
from academy.core.i18n import Message, msg
from academy.core.logging import event
from academy.jobs import facts, recurring, registry, service, transport
from academy.jobs.models import Job, JobState, OutboxFact
from academy.jobs.registry import BRIEF, FAST, HEAVY, LANES, JobContext

log = logging.getLogger(__name__)

BATCH = 200
SWEEP_S = 2.0
CALENDAR_S = 30.0
GAVE_UP = msg("处理时出现意外错误，已多次重试。请联系系统管理员。")
"""What people read of a job that crashed each time it was tried."""
FOREVER_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


def deliver(house: House) -> int:
    """Turn undelivered facts into jobs, one a subscriber; returns how many facts there were."""
    with house.db.begin() as tx:
        waiting = tx.scalars(
            select(OutboxFact).where(OutboxFact.delivered_at.is_(None)).order_by(OutboxFact.id).limit(BATCH)
        ).all()
        for fact in waiting:
            for name in facts.subscribers(fact.kind):
                tx.add(Job(name=name, args=fact.payload))
            fact.delivered_at = clock.now()
        return len(waiting)


def run_job(house: House, job_id: int) -> bool:
    """Claim and run one job; whatever happens is written to its row. False if it was not to be had."""
    with house.db.begin() as tx:
        row = service.claim(tx, job_id)
        if row is None:
            return False
        name, args, attempts = row.name, dict(row.args), row.attempts
    spec = registry.spec(name)
    if spec is None:
        with house.db.begin() as tx:
            service.fail(tx, job_id, msg("这个版本不认识任务“%(name)s”。", name=name), "")
        return True
    event(log, "job.started", job=job_id, job_name=name, attempt=attempts)
    try:
        spec.run(JobContext(house, job_id), **args)
    except service.Cancelled:
        event(log, "job.cancelled", job=job_id, job_name=name)
    except AcademyError as error:
        _failed(house, job_id, spec, error.message, args)
    except Exception:
        trace = traceback.format_exc()
        log.exception("job.crashed", extra={"job": job_id, "job_name": name, "attempt": attempts})
        if attempts < spec.max_attempts:
            with house.db.begin() as tx:
                service.again(tx, job_id, trace, delay_s=min(600, 5 * 4 ** (attempts - 1)))
        else:
            _failed(house, job_id, spec, GAVE_UP, args, trace)
    else:
        with house.db.begin() as tx:
            service.finish(tx, job_id)
        event(log, "job.done", job=job_id, job_name=name)
    return True


def _failed(
    house: House, job_id: int, spec: registry.JobSpec, message: Message, args: dict[str, Any], trace: str = ""
) -> None:
    with house.db.begin() as tx:
        service.fail(tx, job_id, message, trace or str(message))
        if spec.on_failure is not None:
            spec.on_failure(tx, message, **args)
    event(log, "job.failed", job=job_id, job_job_name=spec.name)


def runnable(house: House, lane: str | None = None, only: Collection[str] = ()) -> list[int]:
    """Ids of jobs that may run now, oldest first; of one lane, or of some names only."""
    names = only or [s.name for s in registry.all_specs() if lane is None or s.lane == lane]
    with house.db.read() as tx:
        query = (
            select(Job.id)
            .where(Job.state == JobState.QUEUED, Job.run_after <= clock.now())
            .order_by(Job.run_after, Job.id)
        )
        if lane is not None or only:
            query = query.where(Job.name.in_(names))
        return list(tx.scalars(query.limit(BATCH)))


def drain(house: House, *, limit: int = 10_000, only: Collection[str] = ()) -> int:
    """Run everything that is due, in this thread, until nothing is left; for tests and commands.

    With names in `only`, other jobs stay where they are.
    """
    done = 0
    while done < limit:
        while deliver(house):
            pass
        ids = runnable(house, only=only)
        if not ids:
            return done
        for job_id in ids:
            done += run_job(house, job_id)
    raise RuntimeError(f"more than {limit} jobs: does one enqueue itself?")


class Worker:
    """All lanes in one process: short jobs never wait behind an encoding.

    huey wakes the lanes and runs periodic work; a sweeping thread queues what a lost wake or a dead
    worker left behind, and keeps the heartbeats of jobs that are running here.
    """

    def __init__(self, house: House) -> None:
        self.house = house
        self._stop = threading.Event()
        self._running: set[int] = set()
        self._queues: dict[str, Huey] = {}
        self._tasks: dict[str, Any] = {}
        self._sent: dict[int, dt.datetime] = {}
        self._guard = threading.Lock()
        self._look_again = 0.0
        for lane in LANES:
            self._queues[lane] = transport.make_huey(house.settings, lane)
            self._tasks[lane] = self._queues[lane].task(name=f"run_{lane}")(self._run)
        self._wake = threading.Event()

        def wake() -> None:
            self._wake.set()

        self._queues[FAST].task(name="wake")(wake)

    def _run(self, job_id: int) -> None:
        with self._guard:
            self._running.add(job_id)
        try:
            run_job(self.house, job_id)
        finally:
            with self._guard:
                self._running.discard(job_id)
                self._sent.pop(job_id, None)
            self._wake.set()

    def run(self) -> None:
        """Work until `stop` is called."""
        settings = self.house.settings
        workers = {FAST: settings.fast_workers, BRIEF: settings.brief_workers, HEAVY: settings.heavy_workers}
        consumers = []
        for lane, queue in self._queues.items():
            consumer = queue.create_consumer(
                workers=workers[lane],
                worker_type="thread",
                initial_delay=0.05,
                max_delay=0.25,
                check_worker_health=False,
            )
            # huey would take the process's signals for itself, and then nobody could stop this loop.
            consumer._set_signal_handlers = lambda: None
            consumer.start()
            consumers.append(consumer)
        if not self.house.settings.redis_url:
            # The embedded worker is the only one: whatever is marked running died with its process.
            with self.house.db.begin() as tx:
                service.release_stale(tx, everything=True)
        event(log, "worker.started")
        try:
            while not self._stop.is_set():
                try:
                    self._sweep()
                except Exception:
                    log.exception("worker.sweep_failed")
                self._wake.wait(SWEEP_S)
                self._wake.clear()
        finally:
            for consumer in consumers:
                consumer.stop(graceful=False)
            event(log, "worker.stopped")

    def _sweep(self) -> None:
        if time.monotonic() >= self._look_again:
            self._look_again = time.monotonic() + CALENDAR_S
            recurring.ask_due(self.house)
        while deliver(self.house):
            pass
        with self._guard:
            running = list(self._running)
        with self.house.db.read() as tx:
            stale = tx.scalar(
                select(Job.id)
                .where(
                    Job.state == JobState.RUNNING,
                    Job.heartbeat_at < clock.now() - service.STALE,
                    Job.id.not_in(running),
                )
                .limit(1)
            )
        if running or stale is not None:
            with self.house.db.begin() as tx:
                service.heartbeat(tx, running)
                service.release_stale(tx)
        for lane in LANES:
            for job_id in runnable(self.house, lane):
                with self._guard:
                    # Sent once, and again if the queue lost it; a claim is exclusive, so twice does no harm.
                    if self._sent.get(job_id, FOREVER_AGO) > clock.now() - service.STALE:
                        continue
                    self._sent[job_id] = clock.now()
                self._tasks[lane](job_id)

    def stop(self) -> None:
        """Ask `run` to return; a running job is run again by the next worker."""
        self._stop.set()
        self._wake.set()


def waker(house: House) -> Any:
    """What a web process calls after a commit: a message to the worker's fast lane."""

    def wake() -> None:
        """The name is all that crosses: the worker has its own function of that name."""

    @functools.cache
    def message() -> Any:
        return transport.make_huey(house.settings, FAST).task(name="wake")(wake)

    return lambda: message()()
