"""The scheduler of recurring jobs: `@nightly` at an hour of the city, `@every` so many minutes.

One row a job stores when it is due next. A worker advances that moment, in one UPDATE that names the value it read, and
enqueues the job in the same transaction: of many workers exactly one does, and a worker that was down runs a missed job
once, not once for each missed night.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable

from sqlalchemy import select, update

from academy.core import clock
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.core.unique import get_or_create
from academy.jobs import queue, registry
from academy.jobs.context import JobContext
from academy.jobs.models import Recurrence
from academy.jobs.registry import FAST

Next = Callable[[dt.datetime], dt.datetime]


@dataclasses.dataclass(frozen=True)
class Schedule:
    """When a job recurs: `description` is the text for docs/jobs.md, `after(instant)` computes the next time."""

    description: str
    after: Next


_schedules: dict[str, Schedule] = {}


def nightly(
    name: str, *, at: dt.time, lane: str = FAST, max_attempts: int = 3
) -> Callable[[Callable[[JobContext], None]], Callable[[JobContext], None]]:
    """Register `fn(context)` as a job that is enqueued once a day, at a time of the city's clock."""

    def after(instant: dt.datetime) -> dt.datetime:
        local = clock.to_city(instant)
        due = dt.datetime.combine(local.date(), at, clock.CITY)
        if due <= local:
            due = dt.datetime.combine(local.date() + dt.timedelta(days=1), at, clock.CITY)
        return due.astimezone(dt.UTC)

    return _register(name, Schedule(f"every day at {at:%H:%M}", after), lane, max_attempts)


def every(
    name: str, *, minutes: int, lane: str = FAST, max_attempts: int = 3
) -> Callable[[Callable[[JobContext], None]], Callable[[JobContext], None]]:
    """Register `fn(context)` as a job that is enqueued so long after the last time."""
    pause = dt.timedelta(minutes=minutes)
    return _register(name, Schedule(f"every {minutes} minutes", lambda instant: instant + pause), lane, max_attempts)


def _register(
    name: str, schedule: Schedule, lane: str, max_attempts: int
) -> Callable[[Callable[[JobContext], None]], Callable[[JobContext], None]]:
    def register(fn: Callable[[JobContext], None]) -> Callable[[JobContext], None]:
        registry.job(name, lane=lane, max_attempts=max_attempts)(fn)
        _schedules[name] = schedule
        return fn

    return register


def schedule(name: str) -> Schedule | None:
    """The schedule of the job with that name, if it has one."""
    return _schedules.get(name)


def ask_due(runtime: Runtime) -> int:
    """Enqueue every job that is due; returns how many. One query when there is nothing to do."""
    now = clock.now()
    with runtime.db.read() as tx:
        planned = dict(tx.execute(select(Recurrence.name, Recurrence.due_at)).all())
    fresh = [name for name in _schedules if name not in planned]
    late = [(name, due) for name, due in planned.items() if due <= now and name in _schedules]
    if not fresh and not late:
        return 0

    def write(tx: Tx) -> int:
        for name in fresh:
            _plan(tx, name, now)
        return sum(_ask(tx, name, due, now) for name, due in late)

    return runtime.db.run_in_transaction(write)


def _plan(tx: Tx, name: str, now: dt.datetime) -> None:
    # Another worker may insert the new job at the same moment; either due time is fine.
    get_or_create(tx, Recurrence, {"name": name}, due_at=_schedules[name].after(now))


def _ask(tx: Tx, name: str, seen: dt.datetime, now: dt.datetime) -> bool:
    moved = tx.execute(
        update(Recurrence)
        .where(Recurrence.name == name, Recurrence.due_at == seen)
        .values(due_at=_schedules[name].after(now), asked_at=now)
        .returning(Recurrence.name)
        .execution_options(synchronize_session=False)
    ).scalar()
    if moved is None:
        return False
    queue.enqueue(tx, name, key=f"recurring:{name}")
    return True
