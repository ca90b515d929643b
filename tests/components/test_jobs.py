"""Facts become jobs, jobs survive whoever runs them."""

import dataclasses
import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.core.runtime import Runtime
from academy.jobs import queue
from academy.jobs.api import Event, Job, JobContext, JobState, cancel_jobs, enqueue, handles, job, publish
from academy.jobs.queue import retry_job
from academy.jobs.worker import run_job
from tests.support.shortcuts import drain

pytestmark = pytest.mark.commits

seen: list[object] = []


@dataclasses.dataclass(frozen=True)
class SomethingHappened(Event):
    number: int


@handles(SomethingHappened, in_transaction=True)
def _at_once(tx: Tx, event: SomethingHappened) -> None:
    seen.append(("within", event.number))


@handles(SomethingHappened)
def _later(context: JobContext, event: SomethingHappened) -> None:
    seen.append(("on", event.number))


@job("test.flaky", max_attempts=3)
def _flaky(context: JobContext, fails: int) -> None:
    seen.append("try")
    if seen.count("try") <= fails:
        raise RuntimeError("not yet")
    context.result(tries=seen.count("try"))


def _note_failure(tx: Tx, message: Message, **args: object) -> None:
    seen.append(("failed", str(message)))


@job("test.refuses", on_failure=_note_failure)
def _refuses(context: JobContext) -> None:
    raise Conflict(msg("不行。"))


@pytest.fixture(autouse=True)
def _forget() -> None:
    seen.clear()


def test_a_fact_runs_within_the_transaction_and_again_from_the_outbox(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        publish(tx, SomethingHappened(7))
        assert seen == [("within", 7)]
    drain(runtime)
    assert seen == [("within", 7), ("on", 7)]
    assert drain(runtime) == 0


def test_a_fact_of_a_failed_transaction_never_happened(runtime: Runtime) -> None:
    with pytest.raises(ZeroDivisionError), runtime.db.begin() as tx:
        publish(tx, SomethingHappened(8))
        raise ZeroDivisionError
    drain(runtime)
    assert ("on", 8) not in seen


def test_an_open_key_gives_the_same_job(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        first = enqueue(tx, "test.flaky", key="k", fails=0)
        second = enqueue(tx, "test.flaky", key="k", fails=0)
        assert first.id == second.id
    drain(runtime)
    with runtime.db.begin() as tx:
        assert enqueue(tx, "test.flaky", key="k", fails=0).id != first.id


def test_a_crash_is_tried_again_later_and_a_refusal_is_not(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        flaky = enqueue(tx, "test.flaky", fails=1).id
        refusing = enqueue(tx, "test.refuses").id
    drain(runtime)
    with runtime.db.read() as tx:
        assert tx.get_one(Job, flaky).state == JobState.QUEUED
        assert "not yet" in tx.get_one(Job, flaky).trace
        assert tx.get_one(Job, refusing).state == JobState.FAILED
        assert Message.from_json(tx.get_one(Job, refusing).error or {}).text == "不行。"
    assert ("failed", "不行。") in seen
    with clock.frozen(clock.now() + dt.timedelta(minutes=10)):
        drain(runtime)
    with runtime.db.read() as tx:
        row = tx.get_one(Job, flaky)
        assert (row.state, row.result, row.permille) == (JobState.DONE, {"tries": 2}, 1000)


def test_a_job_whose_worker_died_is_taken_by_another_once(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        job_id = enqueue(tx, "test.flaky", fails=0).id
        assert queue.claim(tx, job_id) is not None
        assert queue.release_lost(tx) == []
    assert not run_job(runtime, job_id), "a fresh claim belongs to its worker"
    with clock.frozen(clock.now() + queue.STALE + dt.timedelta(seconds=1)):
        assert not run_job(runtime, job_id), "nobody takes a running job; it is queued again first"
        with runtime.db.begin() as tx:
            assert queue.release_lost(tx) == [job_id]
        assert run_job(runtime, job_id)
        assert not run_job(runtime, job_id)


def _elsewhere(act: Callable[[], None]) -> None:
    """Do it in a thread of its own: what a job's own thread writes commits only while the job is its own."""
    with ThreadPoolExecutor(1) as other:
        other.submit(act).result()


def _cancel(context: JobContext, key: str) -> None:
    with context.db.begin() as tx:
        cancel_jobs(tx, key)


def test_a_cancelled_job_stops_at_its_next_progress(runtime: Runtime) -> None:
    @job("test.cancels-itself")
    def run(context: JobContext) -> None:
        _elsewhere(lambda: _cancel(context, "c"))
        context.progress(500)
        seen.append("went on")

    with runtime.db.begin() as tx:
        enqueue(tx, "test.cancels-itself", key="c")
    drain(runtime)
    assert "went on" not in seen
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).where(Job.state == JobState.CANCELLED)) == 1


@pytest.mark.parametrize("end", ["returns", "crashes", "refuses"])
@pytest.mark.parametrize("meanwhile", ["cancelled", "cancelled, and asked for again", "given to another worker"])
def test_an_attempt_that_is_over_changes_nothing_however_it_ends(runtime: Runtime, end: str, meanwhile: str) -> None:
    @job("test.overtaken", on_failure=_note_failure)
    def run(context: JobContext) -> None:
        def happens() -> None:
            if meanwhile == "given to another worker":
                with clock.frozen(clock.now() + queue.STALE * 2), context.db.begin() as tx:
                    queue.release_lost(tx)
                    assert queue.claim(tx, context.job_id) is not None
                return
            _cancel(context, "o")
            if "again" in meanwhile:
                with context.db.begin() as tx:
                    enqueue(tx, "test.overtaken", key="o", delay_s=3600)

        _elsewhere(happens)
        if end == "crashes":
            raise RuntimeError("too late")
        if end == "refuses":
            raise Conflict(msg("不行。"))

    with runtime.db.begin() as tx:
        job_id = enqueue(tx, "test.overtaken", key="o").id
    assert run_job(runtime, job_id)
    with runtime.db.read() as tx:
        row = tx.get_one(Job, job_id)
        assert row.state == (JobState.RUNNING if "worker" in meanwhile else JobState.CANCELLED)
        assert row.trace == "" and row.error is None
    assert seen == [], "nor does its component hear of a failure"


def test_a_job_that_takes_its_workers_along_is_put_aside_and_can_be_tried_again(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        job_id = enqueue(tx, "test.refuses").id
    deaths, now = 0, clock.now()
    for _ in range(20):
        now += queue.STALE * 2
        with clock.frozen(now), runtime.db.begin() as tx:
            if queue.claim(tx, job_id) is None:
                break
        with clock.frozen(now + queue.STALE * 1.5), runtime.db.begin() as tx:
            deaths += len(queue.release_lost(tx))
    assert deaths == queue.MAX_DEATHS
    assert seen == [("failed", str(queue.DIED))], "its component hears of it, once"
    with runtime.db.begin() as tx:
        row = tx.get_one(Job, job_id)
        assert (row.state, Message.from_json(row.error or {})) == (JobState.FAILED, queue.DIED)
        retry_job(tx, row)
    with runtime.db.read() as tx:
        again = tx.get_one(Job, job_id)
        assert (again.state, again.deaths, again.attempts) == (JobState.QUEUED, 0, queue.MAX_DEATHS)
    with runtime.db.begin() as tx, pytest.raises(Conflict):
        retry_job(tx, row)


def test_a_retry_gives_way_to_the_job_that_took_its_place(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        failed = enqueue(tx, "test.refuses", key="k")
    drain(runtime)
    with runtime.db.begin() as tx:
        enqueue(tx, "test.flaky", key="k", fails=0)
        with pytest.raises(Conflict):
            retry_job(tx, tx.get_one(Job, failed.id))


def test_a_component_that_cannot_hear_of_a_failure_does_not_keep_the_job_alive(runtime: Runtime) -> None:
    def broken(tx: Tx, message: Message) -> None:
        raise KeyError("a row that is gone")

    @job("test.deaf", on_failure=broken)
    def run(context: JobContext) -> None:
        raise Conflict(msg("不行。"))

    with runtime.db.begin() as tx:
        job_id = enqueue(tx, "test.deaf").id
    drain(runtime)
    with runtime.db.read() as tx:
        assert tx.get_one(Job, job_id).state == JobState.FAILED


def test_after_two_deaths_a_job_runs_beside_no_other_suspect(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        jobs = [enqueue(tx, "test.flaky", fails=0) for _ in range(4)]
        for row in jobs[1:]:
            row.deaths = queue.SUSPECT
    names = ["test.flaky"]
    with runtime.db.begin() as tx:
        assert [row.id for row in queue.claim_next(tx, names, 4)] == [jobs[0].id, jobs[1].id]
        assert queue.claim_next(tx, names, 4, beside_suspect=True) == []
        assert [row.id for row in queue.claim_next(tx, names, 4)] == [jobs[2].id]
