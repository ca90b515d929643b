"""Lectures kept on phones: what is played without a network is credited once, within the member's clock."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import select

from academy.accounts.api import SessionsEnded
from academy.core import clock
from academy.core.actor import Actor
from academy.core.errors import Conflict
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.learning import offline, queries, service
from academy.learning.models import Completion, KeptForm, LeaseEnd, OfflinePlayback, PlaybackLease, WatchLedger
from academy.learning.offline import KeptLease
from academy.library.events import CourseWithdrawn
from academy.library.models import Course, ItemVersion
from tests.support.ledger_makers import MINUTE, beat, learner, lecture, opened

START = dt.datetime(2026, 12, 1, 1, tzinfo=dt.UTC)
RATE = 2.0
Scene = tuple[Actor, Course]


@contextmanager
def after(**later: float) -> Iterator[None]:
    with clock.frozen(START + dt.timedelta(**later)):
        yield


@pytest.fixture
def scene(runtime: Runtime) -> Scene:
    with after(), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        return actor, lecture(tx, account, items=2)


def keep(
    runtime: Runtime, scene: Scene, number: int = 0, device: str = "phone-1", session_id: int | None = None
) -> KeptLease:
    actor, course = scene
    with runtime.db.begin() as tx:
        item = course.shown.items[number]
        mine = tx.get_one(ItemVersion, (item.course_version_id, item.item_id))
        return offline.keep_lecture(
            tx, actor, mine, KeptForm.SOUND, rate=RATE, device="phone", device_key=device, session_id=session_id
        )


def held(runtime: Runtime, scene: Scene, number: int = 0) -> queries.Ledger:
    actor, course = scene
    assert actor.member_id is not None
    with runtime.db.read() as tx:
        return queries.ledger_of(tx, actor.member_id, course.shown.items[number])


def test_what_was_played_without_a_network_completes_the_lecture_when_it_is_reported(
    runtime: Runtime, scene: Scene
) -> None:
    actor, course = scene
    with after():
        first, second = keep(runtime, scene), keep(runtime, scene, 1)
    with after(hours=3):
        outcome = beat(runtime, first.opened, [(0, 10 * MINUTE)], position=10 * MINUTE)
        assert (outcome.gained, outcome.reason, outcome.ended, outcome.finished) == (10 * MINUTE, "", "", True)
        assert not outcome.closed, "it may be played again"
        assert beat(runtime, first.opened, [(0, 10 * MINUTE)], seq=2).gained == 0
        assert beat(runtime, second.opened, [(0, 10 * MINUTE)]).finished
    assert (held(runtime, scene).spans, held(runtime, scene).position) == (((0, 10 * MINUTE),), 10 * MINUTE)
    with runtime.db.read() as tx:
        row = tx.scalars(select(Completion)).one()
    assert (row.course_id, row.completed_at) == (course.id, START + dt.timedelta(hours=3)), "the server's clock"
    assert actor.member_id == row.member_id


def test_a_claim_beyond_the_wall_clock_is_refused_in_words(runtime: Runtime, scene: Scene) -> None:
    with after():
        kept = keep(runtime, scene)
    with after(minutes=1):
        outcome = beat(runtime, kept.opened, [(0, 10 * MINUTE)])
    assert (outcome.gained, outcome.reason, outcome.refused) == (2 * MINUTE, "offline", ((2 * MINUTE, 10 * MINUTE),))
    assert not outcome.ended
    [told] = held(runtime, scene).refused
    assert (told.reason, told.spans) == ("offline", ((2 * MINUTE, 10 * MINUTE),))
    with after(minutes=5):
        assert beat(runtime, kept.opened, [(2 * MINUTE, 10 * MINUTE)], seq=2).gained == 8 * MINUTE


def test_two_phones_share_the_clock_and_the_same_stretch_counts_once(runtime: Runtime, scene: Scene) -> None:
    with after():
        one, other = keep(runtime, scene), keep(runtime, scene, 1, "phone-2")
        same = keep(runtime, scene, 0, "phone-2")
    with after(minutes=6):
        assert beat(runtime, one.opened, [(0, 10 * MINUTE)]).gained == 10 * MINUTE
        assert beat(runtime, same.opened, [(0, 10 * MINUTE)]).gained == 0
        outcome = beat(runtime, other.opened, [(0, 10 * MINUTE)])
        assert (outcome.gained, outcome.reason) == (2 * MINUTE, "offline"), "twelve minutes in six, at most"


def test_a_playback_with_a_network_keeps_its_own_time(runtime: Runtime, scene: Scene) -> None:
    actor, course = scene
    with after():
        kept = keep(runtime, scene)
        lease = opened(runtime, actor, course.shown.items[1])
    with after(minutes=4):
        # Silent for four minutes: it may still claim eight; the kept lecture takes what is left, and then from it.
        assert beat(runtime, kept.opened, [(0, 10 * MINUTE)]).gained == 8 * MINUTE
        again = beat(runtime, lease, [(0, 10 * MINUTE)])
        assert again.gained <= 10_000, "no more than the slack that is lent once"
    with after(minutes=5):
        assert beat(runtime, lease, [(MINUTE, 3 * MINUTE)], seq=2).gained >= 2 * MINUTE - 10_000
    with runtime.db.read() as tx:
        total = sum(tx.scalars(select(WatchLedger.covered)))
    assert total <= 2 * 5 * MINUTE + 10_000


def test_withdrawal_ends_it_and_what_was_played_before_counts(runtime: Runtime, scene: Scene) -> None:
    _, course = scene
    with after():
        kept = keep(runtime, scene)
    with after(minutes=2), runtime.db.begin() as tx:
        publish(tx, CourseWithdrawn(course_id=course.id))
    with after(hours=1):
        outcome = beat(runtime, kept.opened, [(0, 10 * MINUTE)])
    assert (outcome.gained, outcome.reason, outcome.ended) == (4 * MINUTE, "withdrawn", "withdrawn")


def test_signing_out_ends_what_this_session_keeps(runtime: Runtime, scene: Scene) -> None:
    with after():
        mine, elsewhere = keep(runtime, scene, session_id=71), keep(runtime, scene, 1, "phone-2", session_id=72)
    with after(minutes=1), runtime.db.begin() as tx:
        publish(tx, SessionsEnded([71]))
    with runtime.db.read() as tx:
        ends = {lease.id: lease.ended_because for lease in tx.scalars(select(PlaybackLease))}
    assert ends == {mine.lease.id: LeaseEnd.SIGNED_OUT, elsewhere.lease.id: None}
    with after(hours=1):
        assert beat(runtime, mine.opened, [(0, 10 * MINUTE)]).gained == 2 * MINUTE, "until then"


def test_contact_renews_and_says_what_has_ended(runtime: Runtime, scene: Scene) -> None:
    actor, course = scene
    with after():
        one, two = keep(runtime, scene), keep(runtime, scene, 1)
        foreign = keep(runtime, scene, 0, "phone-2")
    names = [one.lease.public_id, two.lease.public_id, foreign.lease.public_id, "aaaaaaaaaaaaaaaa"]
    with after(days=20), runtime.db.begin() as tx:
        service.end_leases_of(tx, LeaseEnd.WITHDRAWN, item_id=course.shown.items[1].item_id)
        told = {c.lease.public_id: c for c in offline.renew_kept(tx, actor, "phone-1", names, session_id=9)}
    assert set(told) == {one.lease.public_id, two.lease.public_id}, "nothing of other devices or people"
    assert told[two.lease.public_id].ended_because == LeaseEnd.WITHDRAWN
    fresh = told[one.lease.public_id].opened
    assert fresh is not None and fresh.grant.expires_s == int((START + dt.timedelta(days=50)).timestamp())
    assert fresh.lease.session_id == 9
    with after(days=51), runtime.db.begin() as tx:
        [late] = offline.renew_kept(tx, actor, "phone-1", [one.lease.public_id])
    assert late.ended_because == LeaseEnd.EXPIRED


def test_keeping_again_continues_and_a_newer_version_replaces(runtime: Runtime, scene: Scene) -> None:
    actor, _ = scene
    with after():
        first = keep(runtime, scene)
    with after(days=1):
        assert keep(runtime, scene).lease.id == first.lease.id, "an interrupted download goes on"
    with after(days=40):
        again = keep(runtime, scene)
    assert again.lease.id != first.lease.id
    with runtime.db.read() as tx:
        assert tx.get_one(PlaybackLease, first.lease.id).ended_because == LeaseEnd.REPLACED
        assert tx.get_one(OfflinePlayback, again.lease.id).since_ms == again.lease.credited_until_ms
    assert actor.member_id == again.lease.member_id


def test_nobody_keeps_without_bound(runtime: Runtime, scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "MOST_KEPT", 2)
    for device in ("phone-1", "phone-2"):
        keep(runtime, scene, 0, device)
    with pytest.raises(Conflict):
        keep(runtime, scene, 0, "phone-3")
    keep(runtime, scene, 0, "phone-2")
