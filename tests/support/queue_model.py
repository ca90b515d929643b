"""The queue against a model of it: any order of claims, ends, deaths, cancellations and retries, by workers that
remember every attempt they ever had and may speak up at any time."""

import dataclasses
import datetime as dt

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select

from academy.core import clock
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.jobs import queue
from academy.jobs.api import Job, JobContext, JobState, cancel_jobs, enqueue, job
from academy.jobs.queue import Attempt, Cancelled, retry_job

MOST = 2
KEYS = ["a", "b", None]


@job("test.model", max_attempts=MOST)
def _never_run(context: JobContext) -> None:
    """Only its row matters here."""


@dataclasses.dataclass
class Expected:
    """What the row of a job must say."""

    key: str | None
    state: str = JobState.QUEUED
    attempts: int = 0
    crashes: int = 0
    deaths: int = 0
    due: dt.datetime = dataclasses.field(default_factory=clock.now)
    beat: dt.datetime = dataclasses.field(default_factory=clock.now)
    worker: str = ""

    @property
    def is_open(self) -> bool:
        return self.state in queue.OPEN


def machine(runtime: Runtime) -> type[RuleBasedStateMachine]:
    """The rules, on this house's database."""

    class Queue(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.now = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
            self.jobs: dict[int, Expected] = {}
            self.attempts: list[Attempt] = []
            with runtime.db.begin() as tx:
                tx.execute(delete(Job))

        def running(self, attempt: Attempt) -> Expected | None:
            one = self.jobs[attempt.job_id]
            return one if one.state == JobState.RUNNING and one.attempts == attempt.number else None

        @rule(key=st.sampled_from(KEYS))
        def ask(self, key: str | None) -> None:
            with clock.frozen(self.now), runtime.db.begin() as tx:
                made = enqueue(tx, "test.model", key=key).id
            known = [number for number, one in self.jobs.items() if key is not None and one.key == key and one.is_open]
            assert made in known or (not known and made not in self.jobs)
            self.jobs.setdefault(made, Expected(key, due=self.now))

        @rule(seconds=st.sampled_from([1, 10, 61, 700]))
        def wait(self, seconds: int) -> None:
            self.now += dt.timedelta(seconds=seconds)

        @rule(worker=st.sampled_from(["one", "two"]), limit=st.integers(1, 3))
        def claim(self, worker: str, limit: int) -> None:
            with clock.frozen(self.now), runtime.db.begin() as tx:
                taken = queue.claim_next(tx, ["test.model"], limit, worker)
            due = [(one.due, n) for n, one in self.jobs.items() if one.state == JobState.QUEUED and one.due <= self.now]
            wanted = [number for _, number in sorted(due)[:limit]]
            suspects = [number for number in wanted if self.jobs[number].deaths >= queue.SUSPECT]
            assert [row.id for row in taken] == [number for number in wanted if number not in suspects[1:]]
            for row in taken:
                one = self.jobs[row.id]
                one.state, one.attempts, one.beat, one.worker = JobState.RUNNING, one.attempts + 1, self.now, worker
                self.attempts.append(Attempt(row.id, one.attempts))

        @precondition(lambda self: self.attempts)
        @rule(data=st.data(), how=st.sampled_from(["finish", "fail", "crash", "hand_back", "heartbeat", "progress"]))
        def speak(self, data: st.DataObject, how: str) -> None:
            """Any attempt there ever was, also one that is long over."""
            attempt = data.draw(st.sampled_from(self.attempts))
            one = self.running(attempt)
            with clock.frozen(self.now), runtime.db.begin() as tx:
                match how:
                    case "finish":
                        assert queue.finish(tx, attempt) == (one is not None)
                    case "fail":
                        assert queue.fail(tx, attempt, msg("不行。"), "") == (one is not None)
                    case "crash":
                        assert queue.crash(tx, attempt, "trace") == (one is not None)
                    case "hand_back":
                        queue.release_attempts(tx, [attempt])
                    case "heartbeat":
                        queue.heartbeat(tx, [attempt])
                    case "progress":
                        try:
                            queue.note_progress(tx, attempt, 500, None)
                            assert one is not None
                        except Cancelled:
                            assert one is None
            if one is not None:
                self.expect(one, how)

        def expect(self, one: Expected, how: str) -> None:
            match how:
                case "finish":
                    one.state = JobState.DONE
                case "fail":
                    one.state = JobState.FAILED
                case "crash":
                    one.crashes += 1
                    one.state = JobState.QUEUED if one.crashes < MOST else JobState.FAILED
                    one.due = self.now + dt.timedelta(seconds=5 * 4 ** (one.crashes - 1))
                case "hand_back":
                    one.state, one.due = JobState.QUEUED, self.now
                case _:
                    one.beat = self.now

        @rule(dead=st.sampled_from([[], ["one"], ["two"], ["one", "two"]]))
        def bury(self, dead: list[str]) -> None:
            with clock.frozen(self.now), runtime.db.begin() as tx:
                lost = queue.release_lost(tx, dead)
            late = self.now - queue.STALE
            running = {n: one for n, one in self.jobs.items() if one.state == JobState.RUNNING}
            assert sorted(lost) == sorted(n for n, one in running.items() if one.worker in dead or one.beat < late)
            for number in lost:
                one = self.jobs[number]
                one.deaths += 1
                one.state = JobState.FAILED if one.deaths >= queue.MAX_DEATHS else JobState.QUEUED
                one.due = self.now

        @rule(key=st.sampled_from(["a", "b"]))
        def cancel(self, key: str) -> None:
            with clock.frozen(self.now), runtime.db.begin() as tx:
                cancel_jobs(tx, key)
            for one in self.jobs.values():
                if one.key == key and one.is_open:
                    one.state = JobState.CANCELLED

        @precondition(lambda self: self.jobs)
        @rule(data=st.data())
        def retry(self, data: st.DataObject) -> None:
            number = data.draw(st.sampled_from(sorted(self.jobs)))
            one = self.jobs[number]
            taken = one.key is not None and any(other.key == one.key and other.is_open for other in self.jobs.values())
            allowed = one.state == JobState.FAILED and not taken
            with clock.frozen(self.now), runtime.db.begin() as tx:
                try:
                    retry_job(tx, tx.get_one(Job, number))
                    assert allowed
                except Conflict:
                    assert not allowed
            if allowed:
                one.state, one.crashes, one.deaths, one.due = JobState.QUEUED, 0, 0, self.now

        @invariant()
        def rows_are_as_expected(self) -> None:
            with runtime.db.read() as tx:
                rows = {row.id: row for row in tx.scalars(select(Job))}
                doubles = select(Job.key).where(Job.key.is_not(None), Job.state.in_(queue.OPEN))
                assert tx.execute(doubles.group_by(Job.key).having(func.count() > 1)).all() == []
            assert rows.keys() == self.jobs.keys()
            for number, one in self.jobs.items():
                row = rows[number]
                assert (row.state, row.attempts, row.crashes, row.deaths) == (
                    one.state,
                    one.attempts,
                    one.crashes,
                    one.deaths,
                )
                assert (row.finished_at is None) == one.is_open
                assert (row.error is None) == (one.state != JobState.FAILED)

    return Queue


def run(runtime: Runtime, examples: int, steps: int, *, derandomize: bool) -> None:
    """Try so many orders of events, each of so many steps."""
    quiet = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=derandomize,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine(runtime), settings=quiet)
