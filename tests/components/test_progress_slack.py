"""The clock's slack is a member's, however their playbacks begin and end."""

import datetime as dt
import random
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.learning import service
from academy.learning.models import LeaseEnd, PlaybackLease, WatchLedger
from academy.learning.service import Opened
from academy.library.events import CourseWithdrawn
from academy.library.models import Course
from tests.support.ledger_makers import beat, learner, lecture, opened

START = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
SLACK_MS = 10_000


def _replaced(runtime: Runtime, lease: Opened) -> None:
    with runtime.db.begin() as tx:
        service.end_leases_of(tx, LeaseEnd.REPLACED, item_id=lease.lease.item_id)


def _withdrawn(runtime: Runtime, lease: Opened) -> None:
    with runtime.db.begin() as tx:
        publish(tx, CourseWithdrawn(lease.lease.course_id))


def _finished(runtime: Runtime, lease: Opened) -> None:
    with runtime.db.begin() as tx:
        service.end_lease(tx, tx.get_one(PlaybackLease, lease.lease.id), LeaseEnd.FINISHED)


def _signed_out(runtime: Runtime, lease: Opened) -> None:
    with runtime.db.begin() as tx:
        tx.get_one(PlaybackLease, lease.lease.id).session_id = 7
        tx.flush()
        service.end_leases_of_sessions(tx, [7], LeaseEnd.SIGNED_OUT)


def _taken_over(_runtime: Runtime, _lease: Opened) -> None:
    """The next opening does it."""


WAYS: dict[str, Callable[[Runtime, Opened], None]] = {
    "replaced": _replaced,
    "withdrawn": _withdrawn,
    "finished": _finished,
    "signed_out": _signed_out,
    "taken_over": _taken_over,
}


@pytest.fixture
def scene(runtime: Runtime) -> tuple[Actor, list[Course]]:
    with clock.frozen(START), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        return actor, [lecture(tx, account, minutes=200) for _ in range(2)]


@pytest.mark.parametrize("way", WAYS)
def test_no_end_of_a_playback_lends_the_slack_again(
    runtime: Runtime, scene: tuple[Actor, list[Course]], way: str
) -> None:
    actor, courses = scene
    total = 0
    for seconds in (0, 0, 0, 2, 2):
        with clock.frozen(START + dt.timedelta(seconds=seconds)):
            for course in courses:
                item = course.shown.items[0]
                lease = opened(runtime, actor, item, device_key=f"d{total}", take_over=True)
                total += beat(runtime, lease, [(total, total + 20_000)]).gained
                WAYS[way](runtime, lease)
                total += beat(runtime, lease, [(total, total + 20_000)], seq=2).gained
        assert total <= SLACK_MS + 2_000 * seconds


@pytest.mark.parametrize("seed", range(6))
def test_no_walk_through_playbacks_earns_more_than_the_clock(
    runtime: Runtime, scene: tuple[Actor, list[Course]], seed: int
) -> None:
    """Beats in time and late, of leases that go on and that ended, of two lectures on two devices."""
    actor, courses = scene
    dice, seconds, place = random.Random(seed), 0, 0
    leases: list[Opened] = []
    for number in range(25):
        seconds += dice.choice([0, 0, 1, 15, 60, 2_400])
        with clock.frozen(START + dt.timedelta(seconds=seconds)):
            act = dice.random()
            if act < 0.3 or not leases:
                item = dice.choice(courses).shown.items[0]
                leases.append(opened(runtime, actor, item, device_key=dice.choice("ab"), take_over=True))
            elif act < 0.45:
                WAYS[dice.choice(list(WAYS))](runtime, leases[-1])
            else:
                wanted = dice.choice([5, 30, 600, 3_600]) * 1_000
                beat(runtime, dice.choice(leases[-3:]), [(place, place + wanted)], seq=number)
                place = (place + wanted) % (180 * 60_000)
        with runtime.db.read() as tx:
            total = tx.scalar(select(func.sum(WatchLedger.covered))) or 0
        assert total <= seconds * 2_000 + SLACK_MS


def test_what_a_phone_played_before_its_lecture_was_replaced_still_counts(
    runtime: Runtime, scene: tuple[Actor, list[Course]]
) -> None:
    """Forty minutes without a network; meanwhile a new version appears. Of the time after that nothing counts."""
    actor, [course, _] = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    with clock.frozen(START + dt.timedelta(minutes=40)):
        _replaced(runtime, lease)
    with clock.frozen(START + dt.timedelta(hours=2)):
        assert beat(runtime, lease, [(0, 40 * 60_000)]).gained == 40 * 60_000
        rest = beat(runtime, lease, [(40 * 60_000, 180 * 60_000)], seq=2)
    assert (rest.gained, rest.reason) == (40 * 60_000, "replaced")
