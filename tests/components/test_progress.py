"""Leases, credit and completion on a real database."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.jobs.api import handles, publish
from academy.learning import queries, service
from academy.learning.events import CourseFinished, CourseItemFinished, CourseStarted
from academy.learning.models import Completion, CreditHour, PlaybackLease, Refusal
from academy.learning.service import OtherDevice
from academy.library.events import CourseWithdrawn
from academy.library.models import Course
from tests.support import shelf
from tests.support.ledger_makers import MINUTE, beat, learner, lecture, opened

told: list[object] = []
START = dt.datetime(2026, 12, 31, 15, 50, tzinfo=dt.UTC)  # ten minutes before New Year in the city


@handles(CourseStarted, in_transaction=True)
def _started(tx: Tx, event: CourseStarted) -> None:
    told.append(event)


@handles(CourseItemFinished, in_transaction=True)
def _item(tx: Tx, event: CourseItemFinished) -> None:
    told.append(event)


@handles(CourseFinished, in_transaction=True)
def _finished(tx: Tx, event: CourseFinished) -> None:
    told.append(event)


@pytest.fixture(autouse=True)
def _forget() -> None:
    told.clear()


@contextmanager
def after(**later: float) -> Iterator[None]:
    with clock.frozen(START + dt.timedelta(**later)):
        yield


@pytest.fixture
def scene(runtime: Runtime) -> tuple[Actor, Course]:
    with after(), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        return actor, lecture(tx, account)


def test_an_honest_viewing_is_credited_and_completes_once(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    for i in range(40):
        with after(seconds=15 * (i + 1)):
            outcome = beat(runtime, lease, [(15_000 * i, 15_000 * (i + 1))], seq=i + 1, position=15_000 * (i + 1))
            assert (outcome.gained, outcome.reason) == (15_000, "")
    assert actor.member_id is not None
    at_ms = int((START + dt.timedelta(seconds=15 * 38)).timestamp() * 1000)  # 95 % of ten minutes
    assert told == [
        CourseStarted(actor.member_id, course.id, int((START + dt.timedelta(seconds=15)).timestamp() * 1000)),
        CourseItemFinished(actor.member_id, course.shown.items[0].item_id, course.id, at_ms),
        CourseFinished(actor.member_id, course.id, 1, at_ms),
    ]
    with runtime.db.read() as tx:
        held = queries.ledger_of(tx, actor.member_id, course.shown.items[0])
        assert (held.spans, held.covered, held.position) == (((0, 600_000),), 600_000, 600_000)
        hours = tx.scalars(select(CreditHour)).one()
        assert (hours.minutes, hours.rule, hours.source) == (45, "course.completed", f"course:{course.public_id}")


def test_completion_at_midnight_belongs_to_the_citys_day(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    with after(minutes=9, seconds=59.999):
        beat(runtime, lease, [(0, 9 * MINUTE)])
    with after(minutes=10):
        assert beat(runtime, lease, [(9 * MINUTE, 10 * MINUTE)], seq=2).finished
    with runtime.db.read() as tx:
        row = tx.scalars(select(Completion)).one()
        assert clock.to_city(row.completed_at).date() == dt.date(2027, 1, 1)
        start, end = clock.day_bounds(dt.date(2027, 1, 1))
        hour = tx.scalars(select(CreditHour)).one()
        assert (hour.member_id, hour.minutes) == (actor.member_id, 45) and start <= hour.earned_at < end


def test_an_hour_claimed_at_once_is_cut_to_the_clock_and_explained(
    runtime: Runtime, scene: tuple[Actor, Course]
) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    with after(seconds=5):
        outcome = beat(runtime, lease, [(0, 600_000)])
        assert (outcome.gained, outcome.reason) == (20_000, "too_fast")
        for seq in range(100):
            assert beat(runtime, lease, [(0, 600_000)], seq=seq).gained == 0
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Refusal)) == 1
        assert actor.member_id is not None
        [told_why] = queries.ledger_of(tx, actor.member_id, course.shown.items[0]).refused
        assert (told_why.reason, told_why.spans) == ("too_fast", ((20_000, 600_000),))


def test_repeats_and_disorder_change_nothing(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    with after(minutes=5):
        for seq in (3, 1, 2, 2, 5, 1):
            beat(runtime, lease, [((seq - 1) * 60_000, seq * 60_000)], seq=seq, position=seq * 60_000)
    with runtime.db.read() as tx:
        assert actor.member_id is not None
        held = queries.ledger_of(tx, actor.member_id, course.shown.items[0])
    assert (held.spans, held.position, held.refused) == (((0, 180_000), (240_000, 300_000)), 300_000, ())


def test_slack_is_not_lent_again_by_opening_again(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    total = 0
    for second in range(10):
        with after(seconds=second):
            lease = opened(runtime, actor, course.shown.items[0], device_key=f"d{second}", take_over=True)
            total += beat(runtime, lease, [(0, 600_000)]).gained
    assert total <= 9 * 2_000 + 10_000


def test_a_second_device_is_asked_and_taking_over_ends_the_first(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        phone = opened(runtime, actor, course.shown.items[0], device="手机", device_key="phone")
    with after(seconds=30):
        beat(runtime, phone, [(0, 30_000)])
        with pytest.raises(OtherDevice) as asked:
            opened(runtime, actor, course.shown.items[0], device="电脑", device_key="desk")
        assert asked.value.device == "手机"
        assert opened(runtime, actor, course.shown.items[0], device_key="phone").lease.id == phone.lease.id
        desk = opened(runtime, actor, course.shown.items[0], device="电脑", device_key="desk", take_over=True)
    with after(seconds=60):
        refused = beat(runtime, phone, [(30_000, 60_000)], seq=2)
        assert (refused.ended, refused.gained) == ("taken_over", 0)
        assert beat(runtime, desk, [(30_000, 50_000)]).gained == 20_000
    with runtime.db.read() as tx:
        assert actor.member_id is not None
        held = queries.ledger_of(tx, actor.member_id, course.shown.items[0])
        assert held.spans == ((0, 50_000),)
        assert [(r.reason, r.spans) for r in held.refused] == [("taken_over", ((50_000, 60_000),))]


def test_a_device_silent_for_ninety_seconds_does_not_ask(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        phone = opened(runtime, actor, course.shown.items[0], device_key="phone")
    with after(seconds=30):
        beat(runtime, phone, [(0, 30_000)])
    with after(seconds=119), pytest.raises(OtherDevice):
        opened(runtime, actor, course.shown.items[0], device_key="desk")
    with after(seconds=121):
        opened(runtime, actor, course.shown.items[0], device_key="desk")
    with runtime.db.read() as tx:
        assert tx.scalars(select(PlaybackLease.ended_because).order_by(PlaybackLease.id)).all() == ["idle", None]


def test_what_waited_for_the_network_is_credited_after_a_quiet_end(
    runtime: Runtime, scene: tuple[Actor, Course]
) -> None:
    actor, course = scene
    with after():
        old = opened(runtime, actor, course.shown.items[0], device_key="phone")
    with after(minutes=31):
        opened(runtime, actor, course.shown.items[0], device_key="desk")
    with after(days=2):
        outcome = beat(runtime, old, [(0, 300_000)])
        assert (outcome.gained, outcome.ended) == (300_000, "")
    with after(days=2, minutes=1):
        assert beat(runtime, old, [(0, 600_000)]).finished, "62 minutes of clock were there"


def test_twenty_lectures_at_once_earn_as_one(runtime: Runtime) -> None:
    with after(), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        courses = [lecture(tx, account) for _ in range(20)]
    with after():
        leases = [opened(runtime, actor, course.shown.items[0], device_key="d") for course in courses]
    with after(seconds=60):
        outcomes = [beat(runtime, lease, [(0, 60_000)]) for lease in leases]
    assert sum(o.gained for o in outcomes) == 60_000
    assert [o.ended for o in outcomes] == ["moved"] * 19 + [""]


def test_a_withdrawn_course_earns_nothing_more(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    with after(seconds=30):
        beat(runtime, lease, [(0, 30_000)])
        with runtime.db.begin() as tx:
            publish(tx, CourseWithdrawn(course.id))
    with after(seconds=60):
        assert beat(runtime, lease, [(30_000, 60_000)], seq=2).ended == "withdrawn"


def test_a_replaced_lecture_keeps_credit_with_its_version(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    with after(minutes=1), runtime.db.begin() as tx:
        shelf.change_item(tx, course.shown.items[0].item_id, number=2)
        shelf.change_version(tx, course, content_number=2)
    with after(minutes=10):
        assert beat(runtime, lease, [(0, 600_000)]).finished
    with runtime.db.read() as tx:
        item = shelf.item(tx, course)
        assert actor.member_id is not None
        assert queries.ledger_of(tx, actor.member_id, item).covered == 0
        assert tx.scalar(select(func.count()).select_from(Completion)) == 0
    assert [type(event) for event in told] == [CourseStarted, CourseItemFinished]


def test_a_course_is_complete_with_its_last_item(runtime: Runtime) -> None:
    with after(), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        course = lecture(tx, account, minutes=1, items=2)
    for place, item in enumerate(course.shown.items):
        with after(minutes=2 * place):
            lease = opened(runtime, actor, item, device_key="d")
        with after(minutes=2 * place + 1):
            assert beat(runtime, lease, [(0, MINUTE)]).finished
        with runtime.db.read() as tx:
            assert actor.member_id is not None
            state = queries.course_states(tx, actor.member_id, [course.id])[course.id]
            assert state.permille == (500, 1000)[place]
            assert (state.completed_at is not None) == bool(place)
            assert len(queries.recently_begun(tx, actor.member_id)) == 0
    assert [type(event) for event in told].count(CourseStarted) == 1


def test_recent_and_states_show_where_one_stopped(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with after():
        lease = opened(runtime, actor, course.shown.items[0])
    with after(minutes=2):
        beat(runtime, lease, [(0, 120_000)], position=118_000)
    with runtime.db.read() as tx:
        assert actor.member_id is not None
        [found] = queries.recently_begun(tx, actor.member_id)
        assert (found.item.item_id, found.position, found.permille) == (course.shown.items[0].item_id, 118_000, 200)
        state = queries.course_states(tx, actor.member_id, [course.id, 999])
    assert list(state) == [course.id]
    assert state[course.id].last_item_public_id == course.shown.items[0].public_id


def test_a_completion_from_elsewhere_is_recorded_once(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    assert actor.member_id is not None
    with after(), runtime.db.begin() as tx:
        assert service.record_completion(tx, SYSTEM, actor.member_id, course, START)
        assert not service.record_completion(tx, SYSTEM, actor.member_id, course, START)
    assert [type(event) for event in told] == [CourseStarted, CourseFinished]


def test_a_poisoned_beat_fails_alone(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    from academy.learning import crediting
    from academy.learning.heartbeats import Heartbeat
    from academy.learning.models import WatchLedger

    actor, course = scene
    with after(), runtime.db.begin() as tx:
        _, other, _ = learner(tx)
    with after():
        good, bad = opened(runtime, actor, course.shown.items[0]), opened(runtime, other, course.shown.items[0])
        with runtime.db.begin() as tx:
            row = tx.get_one(WatchLedger, (other.member_id, course.shown.items[0].item_id, 1))
            row.spans = b"\x01"
    with after(minutes=1), runtime.db.begin() as tx:
        beats = [Heartbeat(lease.grant, 1, ((0, 60_000),), None, clock.now_ms()) for lease in (bad, good)]
        first, second = crediting.settle(tx, runtime.settings, beats)
    assert first.error is not None
    assert second.gained == 60_000
