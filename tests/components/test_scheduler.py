"""Jobs that come back by themselves: asked for once each time, by one worker, whatever was missed."""

import datetime as dt

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.runtime import Runtime
from academy.jobs import scheduler
from academy.jobs.api import Job, JobContext, every, nightly
from academy.jobs.models import Recurrence
from tests.support.shortcuts import drain

pytestmark = pytest.mark.commits

EVENING = dt.datetime(2026, 3, 1, 20, 0, tzinfo=clock.CITY)
ran: list[str] = []


@nightly("test.night", at=dt.time(3, 10))
def _night(context: JobContext) -> None:
    """At night."""
    ran.append("night")


@every("test.often", minutes=15)
def _often(context: JobContext) -> None:
    """Often."""
    ran.append("often")


@pytest.fixture(autouse=True)
def _only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ran.clear()
    ours = {name: plan for name, plan in scheduler._schedules.items() if name.startswith("test.")}
    monkeypatch.setattr(scheduler, "_schedules", ours)


def _look(runtime: Runtime, at: dt.datetime) -> list[str]:
    ran.clear()
    with clock.frozen(at):
        scheduler.ask_due(runtime)
        drain(runtime)
    return sorted(ran)


def test_it_runs_when_its_hour_comes_and_not_before(runtime: Runtime) -> None:
    assert _look(runtime, EVENING) == [], "meeting a job for the first time only plans it"
    assert _look(runtime, EVENING + dt.timedelta(minutes=14)) == []
    assert _look(runtime, EVENING + dt.timedelta(minutes=16)) == ["often"]
    assert _look(runtime, EVENING + dt.timedelta(hours=7, minutes=9)) == ["often"]
    assert _look(runtime, EVENING + dt.timedelta(hours=7, minutes=11)) == ["night"]
    assert _look(runtime, EVENING + dt.timedelta(hours=7, minutes=12)) == []


def test_a_worker_that_was_down_for_days_runs_it_once(runtime: Runtime) -> None:
    _look(runtime, EVENING)
    assert _look(runtime, EVENING + dt.timedelta(days=9)) == ["night", "often"]
    assert _look(runtime, EVENING + dt.timedelta(days=9, minutes=1)) == []


def test_of_two_workers_that_saw_the_same_moment_one_asks(runtime: Runtime) -> None:
    _look(runtime, EVENING)
    later = EVENING + dt.timedelta(minutes=20)
    with runtime.db.read() as tx:
        seen = tx.scalars(select(Recurrence.due_at).where(Recurrence.name == "test.often")).one()
    with runtime.db.begin() as tx:
        assert scheduler._ask(tx, "test.often", seen, later)
    drain(runtime)
    with runtime.db.begin() as tx:
        assert not scheduler._ask(tx, "test.often", seen, later)
        assert tx.scalar(select(func.count()).where(Job.name == "test.often")) == 1


def test_the_night_is_that_of_the_city(runtime: Runtime) -> None:
    plan = scheduler.schedule("test.night")
    assert plan is not None
    assert plan.after(dt.datetime(2026, 3, 1, 19, 9, tzinfo=dt.UTC)) == dt.datetime(2026, 3, 1, 19, 10, tzinfo=dt.UTC)
    assert plan.after(dt.datetime(2026, 3, 1, 19, 10, tzinfo=dt.UTC)) == dt.datetime(2026, 3, 2, 19, 10, tzinfo=dt.UTC)
