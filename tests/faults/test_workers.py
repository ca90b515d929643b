"""Workers on real databases, as threads with their own connections and as processes that are killed."""

import contextlib
import datetime as dt
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.jobs import events as job_events
from academy.jobs import queue
from academy.jobs.api import Job, JobContext, JobState, enqueue, job, publish
from academy.jobs.models import OutboxEvent, Recurrence
from academy.jobs.outbox import deliver
from academy.jobs.worker import Worker, run_job
from academy.library.events import CoursePublished
from tests.support.waiting import until

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]
START_S = 120
"""Seconds after which a process that has not begun never will: on a busy machine half a minute is too few."""
SCRIPT = """
import datetime as dt, os, signal, sys, time
from pathlib import Path
from academy import components
from academy.core.runtime import Runtime
from academy.jobs import queue, worker
from academy.jobs.api import JobContext, job
from academy.jobs.models import Recurrence
from tests.conftest import make_settings

folder, url, stale = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])

@job("test.slow")
def slow(context: JobContext, seconds: float) -> None:
    (folder / f"started-{context.job_id}-{context.attempt}-{os.getpid()}").touch()
    time.sleep(seconds)

@job("test.poison")
def poison(context: JobContext) -> None:
    (folder / f"started-{context.job_id}-{context.attempt}-{os.getpid()}").touch()
    time.sleep(0.3)
    os._exit(9)

@job("test.writes")
def writes(context: JobContext, steps: int, inside: bool) -> None:
    # A row a step, each in a transaction of its own; it waits before each commit, or between them.
    def write(tx) -> None:
        tx.add(Recurrence(name=f"step-{step}-{context.attempt}", due_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC)))
        tx.flush()
        (folder / f"step-{context.job_id}-{context.attempt}-{os.getpid()}").touch()
        if inside:
            time.sleep(1)
    try:
        for step in range(steps):
            context.db.run_in_transaction(write)
            time.sleep(0.4)
    except queue.Cancelled:
        (folder / f"over-{context.job_id}-{context.attempt}").touch()
        raise

components.import_all()
queue.STALE = dt.timedelta(seconds=stale)
worker.HEARTBEAT_S = min(worker.HEARTBEAT_S, stale / 3)
runner = worker.Worker(Runtime.build(make_settings(folder, database_url=url)))
signal.signal(signal.SIGTERM, lambda *_: runner.stop())
runner.run()
"""


@job("test.counted")
def _counted(context: object, number: int) -> None:
    ran[number] += 1


ran: Counter[int] = Counter()


class Workers:
    """Worker processes on one database."""

    def __init__(self, runtime: Runtime, folder: Path) -> None:
        self.runtime, self.folder = runtime, folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, stale: float = 60) -> "subprocess.Popen[bytes]":
        url = self.runtime.db.url.render_as_string(hide_password=False)
        told = [sys.executable, "-c", SCRIPT, str(self.folder), url, str(stale)]
        started = subprocess.Popen(told, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)})
        self.processes.append(started)
        return started

    def started(self, job_id: int) -> list[int]:
        """Processes that began that job, an entry each time."""
        return [int(file.name.split("-")[-1]) for file in self.folder.glob(f"started-{job_id}-*")]

    def is_running(self, job_id: int) -> Callable[[], bool]:
        return lambda: len(self.started(job_id)) > 0

    def state(self, job_id: int) -> Job:
        with self.runtime.db.read() as tx:
            return tx.get_one(Job, job_id)

    def wait_for(self, job_id: int, state: JobState, seconds: float = START_S) -> Job:
        until(lambda: self.state(job_id).state == state, seconds, f"{state} of job {job_id}")
        return self.state(job_id)


@pytest.fixture
def workers(real_runtime: Runtime, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(real_runtime, tmp_path)
    try:
        yield made
    finally:
        for process in made.processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(10)


def ask(runtime: Runtime, name: str, **args: object) -> int:
    with runtime.db.begin() as tx:
        return enqueue(tx, name, **args).id  # type: ignore[arg-type]


def at_once(*calls: Callable[[], object]) -> list[BaseException]:
    """Each in a thread of its own; what went wrong."""
    gate, wrong = threading.Barrier(len(calls)), list[BaseException]()

    def run(call: Callable[[], object]) -> None:
        gate.wait()
        try:
            call()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def test_several_workers_deliver_each_event_once(real_runtime: Runtime) -> None:
    runtime, events = real_runtime, 1000
    with runtime.db.begin() as tx:
        for number in range(events):
            publish(tx, CoursePublished(number))

    def all_of_them() -> None:
        while deliver(runtime):
            pass

    assert at_once(*[all_of_them] * 4) == []
    handlers = len(job_events.subscribers(CoursePublished.kind))
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).where(OutboxEvent.delivered_at.is_(None))) == 0
        copies = select(Job.name, func.count()).where(Job.name.like("on.CoursePublished%")).group_by(Job.name)
        assert [number for _, number in tx.execute(copies)] == [events] * handlers
        payloads = [args["course_id"] for args in tx.scalars(select(Job.args))]
        assert set(Counter(payloads).values()) == {handlers}


def test_a_worker_that_dies_while_it_delivers_has_delivered_nothing(real_runtime: Runtime) -> None:
    runtime = real_runtime
    with runtime.db.begin() as tx:
        publish(tx, CoursePublished(1))
    with pytest.raises(ZeroDivisionError), runtime.db.begin() as tx:
        from academy.jobs import outbox

        assert outbox._deliver(tx) == 1
        raise ZeroDivisionError
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Job)) == 0
    assert (deliver(runtime), deliver(runtime)) == (1, 0)


def test_several_workers_run_each_job_once(real_runtime: Runtime) -> None:
    runtime, jobs = real_runtime, 60
    ran.clear()
    with runtime.db.begin() as tx:
        for number in range(jobs):
            enqueue(tx, "test.counted", number=number)
    made = [Worker(runtime) for _ in range(3)]
    threads = [threading.Thread(target=one.run) for one in made]
    for thread in threads:
        thread.start()

    def done() -> bool:
        with runtime.db.read() as tx:
            return tx.scalar(select(func.count()).where(Job.name == "test.counted", Job.state == "done")) == jobs

    until(done, START_S, "the end of the jobs")
    for one in made:
        one.stop()
    for thread in threads:
        thread.join(20)
    assert set(ran.values()) == {1} and len(ran) == jobs
    with runtime.db.read() as tx:
        assert set(tx.scalars(select(Job.attempts).where(Job.name == "test.counted"))) == {1}
    assert list((runtime.settings.data_dir / "workers").iterdir()) == []


def test_a_worker_that_starts_while_the_city_writes_runs_what_was_left_behind_once(workers: Workers) -> None:
    first = workers.start()
    job_id = ask(workers.runtime, "test.slow", seconds=3)
    until(workers.is_running(job_id), START_S, "the job")
    first.kill()
    first.wait(10)
    with workers.runtime.db.write_lock():
        second = workers.start()
        time.sleep(3)
    row = workers.wait_for(job_id, JobState.DONE)
    assert (row.attempts, row.deaths) == (2, 1)
    assert sorted(workers.started(job_id)) == sorted([first.pid, second.pid])


def test_a_sibling_takes_what_a_killed_worker_left_and_keeps_its_own(workers: Workers) -> None:
    first = workers.start(stale=30)
    lost = ask(workers.runtime, "test.slow", seconds=25)
    until(workers.is_running(lost), START_S, "the job")
    second = workers.start(stale=30)
    until(
        lambda: len(list((workers.runtime.settings.data_dir / "workers").iterdir())) == 2, START_S, "the second worker"
    )
    kept = [ask(workers.runtime, "test.slow", seconds=12) for _ in range(3)]
    for job_id in kept:
        until(workers.is_running(job_id), START_S, "the job")
    first.kill()
    began = {job_id: workers.started(job_id) for job_id in [lost, *kept]}
    for job_id, pids in began.items():
        row = workers.wait_for(job_id, JobState.DONE, 60)
        deaths = pids.count(first.pid)
        assert (row.attempts, row.deaths) == (1 + deaths, deaths)
        assert Counter(workers.started(job_id)) == Counter([*pids, *[second.pid] * deaths])


def test_a_worker_that_was_taken_for_dead_changes_nothing_when_it_wakes(workers: Workers) -> None:
    first = workers.start(stale=3)
    job_id = ask(workers.runtime, "test.slow", seconds=6)
    until(workers.is_running(job_id), START_S, "the job")
    first.send_signal(signal.SIGSTOP)  # alive to the kernel, silent to everybody
    workers.start(stale=3)
    until(lambda: len(workers.started(job_id)) == 2, START_S, "a second attempt")
    first.send_signal(signal.SIGCONT)
    time.sleep(4)  # its sleep is over long before that of the second
    row = workers.wait_for(job_id, JobState.DONE)
    assert (row.attempts, row.deaths) == (2, 1)
    assert len(workers.started(job_id)) == 2


def test_a_job_that_kills_its_worker_is_put_aside_and_no_innocent_with_it(workers: Workers) -> None:
    with workers.runtime.db.begin() as tx:
        innocent = [enqueue(tx, "test.slow", seconds=1.5).id]
        poison = enqueue(tx, "test.poison").id
        innocent += [enqueue(tx, "test.slow", seconds=1.5).id for _ in range(2)]
    for _ in range(queue.MAX_DEATHS):
        assert workers.start().wait(START_S) == 9, "as a supervisor would, start it again"
    workers.start()
    row = workers.wait_for(poison, JobState.FAILED)
    assert (row.deaths, row.attempts) == (queue.MAX_DEATHS, queue.MAX_DEATHS)
    assert row.error is not None and row.error["text"] == queue.DIED.text
    for job_id in innocent:
        assert workers.wait_for(job_id, JobState.DONE).deaths < queue.MAX_DEATHS


def test_a_worker_that_is_asked_to_stop_hands_back_and_nobody_died(workers: Workers) -> None:
    first = workers.start()
    job_id = ask(workers.runtime, "test.slow", seconds=30)
    until(workers.is_running(job_id), START_S, "the job")
    first.terminate()
    assert first.wait(10) == 0
    row = workers.state(job_id)
    assert (row.state, row.attempts, row.deaths) == (JobState.QUEUED, 1, 0)
    with workers.runtime.db.begin() as tx:
        tx.execute(update(Job).where(Job.id == job_id).values(args={"seconds": 0.1}))
    workers.start()
    row = workers.wait_for(job_id, JobState.DONE)
    assert (row.attempts, row.deaths) == (2, 0)


def rows(runtime: Runtime) -> list[str]:
    with runtime.db.read() as tx:
        return sorted(tx.scalars(select(Recurrence.name).where(Recurrence.name.startswith("step-"))))


def wait_for_file(folder: Path, pattern: str) -> Path:
    until(lambda: any(folder.glob(pattern)), START_S, pattern)
    return next(folder.glob(pattern))


def test_a_worker_that_was_taken_for_dead_writes_nothing_more(workers: Workers) -> None:
    """Stopped between two of its transactions, it goes on after another has done its job."""
    asked = ask(workers.runtime, "test.writes", steps=4, inside=False)
    first = workers.start(stale=2)
    wait_for_file(workers.folder, f"step-{asked}-1-*")
    first.send_signal(signal.SIGSTOP)
    # Stopped at the moment of a commit it holds the job's row (SQLite: the one write lock): let it come out of it.
    while not _is_free(workers.runtime, asked):
        first.send_signal(signal.SIGCONT)
        time.sleep(0.05)
        first.send_signal(signal.SIGSTOP)
    workers.start(stale=2)
    done = workers.wait_for(asked, JobState.DONE)
    before = rows(workers.runtime)
    assert {f"step-{step}-{done.attempts}" for step in range(4)} <= set(before)
    first.send_signal(signal.SIGCONT)
    wait_for_file(workers.folder, f"over-{asked}-1")
    assert rows(workers.runtime) == before
    assert workers.state(asked).attempts == done.attempts


def test_a_worker_that_is_stopped_before_a_commit_does_not_commit_beside_another(workers: Workers) -> None:
    """Its rows are written and not yet committed when it stops. Elsewhere than on SQLite another worker does the job
    meanwhile, and only that one's rows are there. On SQLite the other waits for the one write lock: the first commits,
    while the job is still its own, and may lose it after that; then the job is done once more, as after a death.
    """
    asked = ask(workers.runtime, "test.writes", steps=1, inside=True)
    first = workers.start(stale=2)
    wait_for_file(workers.folder, f"step-{asked}-1-*")
    first.send_signal(signal.SIGSTOP)
    workers.start(stale=2)
    if workers.runtime.db.is_sqlite:
        time.sleep(4)
    else:
        workers.wait_for(asked, JobState.DONE)
    first.send_signal(signal.SIGCONT)
    done = workers.wait_for(asked, JobState.DONE)
    if workers.runtime.db.is_sqlite:
        assert rows(workers.runtime) == [f"step-0-{attempt}" for attempt in range(1, done.attempts + 1)]
    else:
        wait_for_file(workers.folder, f"over-{asked}-1")
        assert rows(workers.runtime) == [f"step-0-{done.attempts}"]


def _is_free(runtime: Runtime, job_id: int) -> bool:
    """Whether a writer would get the job's row at once."""
    if not runtime.db.is_sqlite:
        with runtime.db.begin() as tx:
            row = select(Job.id).where(Job.id == job_id).with_for_update(skip_locked=True)
            return tx.scalar(row) is not None
    with Path(f"{runtime.db.url.database}.lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_cancelled_job_commits_nothing_more(real_runtime: Runtime) -> None:
    """Also where it says no progress."""
    cancel = queue.cancel_jobs

    @job("test.cancelled_midway")
    def midway(context: JobContext) -> None:
        context.db.run_in_transaction(lambda tx: _note(tx, "step-0"))
        with pytest.raises(RuntimeError):
            context.db.run_in_transaction(lambda tx: _refuse(tx))
        outside = threading.Thread(target=lambda: real_runtime.db.run_in_transaction(lambda tx: cancel(tx, "one")))
        outside.start()
        outside.join()
        context.db.run_in_transaction(lambda tx: _note(tx, "step-1"))

    asked = ask(real_runtime, "test.cancelled_midway", key="one")
    assert run_job(real_runtime, asked)
    assert rows(real_runtime) == ["step-0"]
    with real_runtime.db.read() as tx:
        assert tx.get_one(Job, asked).state == JobState.CANCELLED
    real_runtime.db.run_in_transaction(lambda tx: _note(tx, "step-2"))  # outside the job this thread is free again


def _note(tx: Tx, name: str) -> None:
    tx.add(Recurrence(name=name, due_at=dt.datetime(2099, 1, 1, tzinfo=dt.UTC)))


def _refuse(tx: Tx) -> None:
    raise RuntimeError
