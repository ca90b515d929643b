"""A training's own notices: each person who can read one gets each of them once, whatever dies half-way."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.jobs.context import JobContext
from academy.notifications.models import Notification
from academy.outreach import jobs, notices, reminders
from academy.people.models import Exemption
from academy.trainings import service
from academy.trainings.events import TrainingOpened
from academy.trainings.models import Training
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training


class _Killed(Exception):
    pass


def opened(tx: Tx) -> tuple[City, Training]:
    """An open training with twenty enrolled, of whom the first twelve have an account."""
    city = City(tx)
    plan = training(tx, city.city, city.courses[:1])
    service.open_training(tx, SYSTEM, plan)
    for person in city.people[:12]:
        make.account(tx, person)
    return city, plan


def received(tx: Tx, kind: str) -> dict[int, int]:
    """Member → how many notices of a kind."""
    query = select(Notification.member_id, func.count()).where(Notification.kind == kind)
    return {int(member): number for member, number in tx.execute(query.group_by(Notification.member_id))}


@pytest.mark.parametrize("killed_at", range(5))
def test_everybody_with_an_account_gets_one_wherever_the_worker_is_killed(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, killed_at: int
) -> None:
    monkeypatch.setattr(notices, "BATCH", 3)
    context = JobContext(runtime, 0)
    with clock.frozen(at()):
        with runtime.db.begin() as tx:
            city, plan = opened(tx)
            training_id, known = plan.id, {person.id for person in city.people[:12]}
        batches, notify = iter(range(99)), notices.notify_opening

        def dying(tx: Tx, training_id: int, after: int = 0) -> int | None:
            last = notify(tx, training_id, after)
            if next(batches) == killed_at:
                raise _Killed
            return last

        monkeypatch.setattr(notices, "notify_opening", dying)
        with pytest.raises(_Killed):
            jobs.announce(context, TrainingOpened(training_id))
        with runtime.db.begin() as tx:
            assert len(received(tx, "training.opened")) == min(3 * killed_at, 12)
        for _ in range(2):  # and again, as an event that is delivered twice
            jobs.announce(context, TrainingOpened(training_id))
            with runtime.db.begin() as tx:
                assert received(tx, "training.opened") == dict.fromkeys(known, 1)


def test_who_is_done_exempt_or_reminded_lately_is_left_in_peace(runtime: Runtime) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city, plan = opened(tx)
        training_id, closes = plan.id, plan.closes_on
        done, away, reminded, *rest = (person.id for person in city.people[:12])
        complete(tx, done, city.courses[0].id, at())
        tx.add(Exemption(member_id=away, reason="病假", valid_from=plan.opens_on, approved_at=clock.now()))
        tx.flush()
        service.refresh_audience(tx, plan)
    week = dt.datetime.combine(closes - dt.timedelta(days=7), dt.time(8), clock.CITY)
    with clock.frozen(week - dt.timedelta(days=1)), runtime.db.begin() as tx:
        assert notices.notify_closing(tx, training_id) is None, "eight days before the last one"
        reminders.send_reminder(tx, SYSTEM, plan, city.city, member=city.people[2])
    context = JobContext(runtime, 0)
    for days, expected, after_reminder in [(0, 1, 0), (1, 1, 0), (5, 1, 1), (6, 2, 2), (7, 2, 2)]:
        with clock.frozen(week + dt.timedelta(days=days)):
            jobs.closing(context)
            with runtime.db.begin() as tx:
                wanted = dict.fromkeys(rest, expected) | {reminded: after_reminder}
                assert received(tx, "training.closing") == {member: n for member, n in wanted.items() if n}
    with clock.frozen(week + dt.timedelta(days=8)):
        jobs.closing(context)
        with runtime.db.begin() as tx:
            assert notices.notify_opening(tx, training_id) is None, "it is over"
            assert set(received(tx, "training.closing").values()) == {2}


@given(st.integers(0, 60), st.integers(0, 60))
def test_at_most_one_stage_a_day_and_each_at_most_once_around(length: int, gone: int) -> None:
    opens = dt.date(2026, 3, 2)
    plan = Training(opens_on=opens, closes_on=opens + dt.timedelta(days=length))
    due = notices.closing_stages(plan, opens + dt.timedelta(days=gone))
    left = length - gone
    assert len(due) <= 1 and all(0 <= left <= stage for stage in due)
    assert bool(due) == (0 <= left <= max((s for s in notices.LAST_DAYS if length > notices.SHORT * s), default=-1))
