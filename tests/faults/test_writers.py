"""Many writers at once, and a worker that dies: on real files, with real processes."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from academy.core.actor import SYSTEM
from academy.core.audit import record
from academy.core.database import Database
from tests.conftest import SECRET
from tests.support import templates
from tests.support.waiting import until

pytestmark = pytest.mark.faults

ROOT = Path(__file__).parents[2]


def _write(url: str, count: int) -> None:
    db = Database(url)

    def loop() -> None:
        for _ in range(count):
            with db.begin() as tx:
                record(tx, SYSTEM, "test.written", "test:1")

    threads = [threading.Thread(target=loop) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "var" / "academy.db"
    templates.migrated(path)
    return path


def test_writers_in_threads_and_processes_queue_without_an_error(database: Path) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write, args=(f"sqlite:///{database}", 50)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [w.exitcode for w in writers] == [0, 0, 0]
    assert sqlite3.connect(database).execute("SELECT count(*) FROM audit_entries").fetchone() == (600,)


def test_writing_inside_writing_is_a_mistake_not_a_deadlock(database: Path) -> None:
    db = Database(f"sqlite:///{database}")
    with db.begin(), pytest.raises(RuntimeError, match="already open"), db.begin():
        pass
    with db.begin() as tx:
        record(tx, SYSTEM, "test.after", "test:1")


WORKER = """
import sys, time
from academy import components
from academy.core.runtime import Runtime
from academy.jobs.api import job, JobContext
from academy.jobs.worker import Worker
from pathlib import Path
from tests.conftest import make_settings

@job("test.slow")
def slow(context: JobContext, mark: str, seconds: float) -> None:
    Path(mark + ".started").touch()
    time.sleep(seconds)
    Path(mark).touch()

folder = Path(sys.argv[1])
components.import_all()
Worker(Runtime.build(make_settings(folder))).run()
"""


def _worker(folder: Path) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )


def _until(path: Path, seconds: float = 20) -> None:
    until(path.exists, seconds, path.name, every=0.05)


def test_a_job_outlives_a_killed_worker(database: Path, tmp_path: Path) -> None:
    assert SECRET
    mark = tmp_path / "done"
    db = Database(f"sqlite:///{database}")
    from academy.jobs.api import Job, JobState, enqueue

    first = _worker(tmp_path)
    with db.begin() as tx:
        job_id = enqueue(tx, "test.slow", mark=str(mark), seconds=3).id
    _until(Path(f"{mark}.started"))
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert not mark.exists()
    second = _worker(tmp_path)
    try:
        _until(mark)

        def done() -> bool:
            with db.read() as tx:
                return tx.get_one(Job, job_id).state == JobState.DONE

        until(done, 10, "the end of the job", every=0.05)
        with db.read() as tx:
            assert tx.get_one(Job, job_id).attempts == 2
    finally:
        second.kill()
        second.wait(10)
