"""Credit follows a re-cut while the city goes on watching: killed, resumed, with late beats of the old version."""

import datetime as dt
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.learning import recuts, repair, rules, service
from academy.learning.group_commit import Committer
from academy.learning.heartbeats import Heartbeat
from academy.learning.models import LeaseEnd, PlaybackLease, Recut, WatchLedger
from academy.learning.service import Opened
from academy.library.models import Course, ItemVersion
from academy.media.models import Asset
from academy.people.models import Organisation
from tests.conftest import make_settings
from tests.support import factories, failures, shelf, templates
from tests.support.failures import failing
from tests.support.ledger_makers import MINUTE, learner, lecture, opened
from tests.support.shortcuts import drain

pytestmark = pytest.mark.faults

START = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
LATER = START + dt.timedelta(hours=2)
MEMBERS = 190
OLD_MS, NEW_MS = 10 * MINUTE, 8 * MINUTE
KEPT = [(MINUTE, 4 * MINUTE, 0), (5 * MINUTE, 10 * MINUTE, 3 * MINUTE)]


@pytest.fixture(params=["sqlite", "postgresql"])
def real_runtime(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Runtime]:
    with templates.database(request.param, tmp_path) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url))
        yield runtime
        runtime.db.dispose()


class City:
    """A lecture that many have watched a part of, whose file was then replaced by a shorter one."""

    def __init__(self, runtime: Runtime, seed: int) -> None:
        self.runtime, self.dice = runtime, random.Random(seed)
        with clock.frozen(START), runtime.db.begin() as tx:
            person, actor, account = learner(tx)
            node = tx.get_one(Organisation, person.organisation_id)
            self.course: Course = lecture(tx, account, minutes=10)
            self.item: ItemVersion = self.course.shown.items[0]
            self.people = [person.id] + [factories.member(tx, node).id for _ in range(MEMBERS - 1)]
            self.accounts = {actor.member_id: account.id}
        self.old: dict[int, set[int]] = {}
        self.new: dict[int, set[int]] = {}
        self.phones: list[Opened] = []
        with clock.frozen(START):
            for member in self.people[:40]:
                self.phones.append(opened(runtime, Actor(account_id=1, member_id=member), self.item))
        with runtime.db.begin() as tx:
            rows = []
            for member in self.people[40:]:
                spans = self._spans(OLD_MS)
                rows.append(
                    {
                        "member_id": member,
                        "item_id": self.item.item_id,
                        "item_version": 1,
                        "spans": rules.pack_spans(spans),
                    }
                    | {"covered": rules.length(spans), "updated_ms": clock.now_ms(), "pending_since_ms": 1}
                )
                self.old[member] = seconds(spans)
            tx.execute(insert(WatchLedger), rows)
            tx.get_one(Asset, self.item.asset_id).duration_ms = NEW_MS
            shelf.change_item(tx, self.item.item_id, number=2)
        with clock.frozen(LATER), runtime.db.begin() as tx:
            service.end_leases_of(tx, LeaseEnd.REPLACED, item_id=self.item.item_id)

    def _spans(self, duration: int) -> tuple[rules.Span, ...]:
        cuts = sorted(self.dice.sample(range(1, duration // 1000, 2), self.dice.choice([2, 4, 6])))
        return tuple((a * 1000, b * 1000) for a, b in zip(cuts[::2], cuts[1::2], strict=True))

    def live(self) -> None:
        """Somebody opens the new version, and watches a stretch of it."""
        member, spans = self.dice.choice(self.people), self._spans(NEW_MS)
        with clock.frozen(LATER + dt.timedelta(days=self.dice.randint(1, 9_000))):
            with self.runtime.db.read() as tx:
                item = shelf.item(tx, self.course)
            lease = opened(self.runtime, Actor(account_id=1, member_id=member), item, take_over=True)
            assert held(self.runtime, member, 2) >= carried(self.old.get(member, set())), "whoever opens it has it all"
        at_ms = lease.ledger.last_heartbeat_ms + 20 * MINUTE
        Committer(self.runtime).submit(Heartbeat(lease.grant, 1, spans, None, at_ms))
        self.new.setdefault(member, set()).update(seconds(spans))

    def late(self) -> None:
        """A phone brings what it played of the old version before that was replaced."""
        if self.phones:
            phone, spans = self.phones.pop(), self._spans(OLD_MS)
            Committer(self.runtime).submit(Heartbeat(phone.grant, 1, spans, None, int(LATER.timestamp() * 1000) + 1))
            self.old.setdefault(phone.grant.member_id, set()).update(seconds(spans))

    def expected(self, member: int) -> set[int]:
        return carried(self.old.get(member, set())) | self.new.get(member, set())

    def check(self, *, whole: bool) -> None:
        for member in self.people:
            there = held(self.runtime, member, 2)
            assert there <= self.expected(member), "nothing is invented"
            if whole:
                assert there == self.expected(member)
            assert held(self.runtime, member, 1) == self.old.get(member, set()), "the old rows stay as they are"


def seconds(spans: tuple[rules.Span, ...]) -> set[int]:
    return {second for start, end in spans for second in range(start // 1000, end // 1000)}


def carried(old: set[int]) -> set[int]:
    """Second by second."""
    return {s - a // 1000 + to // 1000 for s in old for a, b, to in KEPT if a // 1000 <= s < b // 1000}


def held(runtime: Runtime, member: int, version: int) -> set[int]:
    with runtime.db.read() as tx:
        query = select(WatchLedger.spans, WatchLedger.covered).where(
            WatchLedger.member_id == member, WatchLedger.item_version == version
        )
        row = tx.execute(query).first()
    if row is None:
        return set()
    spans = rules.unpack_spans(row.spans)
    assert rules.length(spans) == row.covered
    return seconds(spans)


@pytest.mark.parametrize("seed", range(2))
def test_everybodys_credit_is_right_at_every_point(real_runtime: Runtime, seed: int) -> None:
    city = City(real_runtime, seed)
    with real_runtime.db.begin() as tx:
        item = shelf.item(tx, city.course)
        recut = recuts.carry_over_credit(tx, Actor(account_id=1), item, 1, KEPT)
    assert recut.finished_at is None and recut.job_id is not None
    steps = 0

    class Killed(Exception):
        pass

    def between(_permille: int) -> None:
        """What happens between two steps: the write lock is free, beats come, the worker dies."""
        nonlocal steps
        steps += 1
        city.live()
        city.late()
        city.check(whole=False)
        if steps % 2:
            raise Killed

    while True:
        try:
            with failing(real_runtime.db, failures.deadlock, at=_at(city.dice.randint(5, 60))):
                recuts.carry_all(real_runtime.db, recut.id, between)
            break
        except Killed:
            continue
    assert steps >= 3, "a city is carried in many steps"
    for _ in range(10):
        city.late()
        city.live()
    city.check(whole=True)
    with real_runtime.db.begin() as tx:  # once more changes nothing
        recuts.carry_over_credit(tx, Actor(account_id=1), shelf.item(tx, city.course), 1, KEPT)
    drain(real_runtime, only=[recuts.CARRY])
    city.check(whole=True)
    repair.repair_ledgers(real_runtime.db)
    assert list(repair.ledger_differences(real_runtime.db)) == []
    with real_runtime.db.read() as tx:
        assert len(tx.scalars(select(Recut)).all()) == 1


def _at(number: int) -> Callable[[int, str], bool]:
    return lambda place, _: place == number


def test_no_step_grows_with_the_city(real_runtime: Runtime) -> None:
    """Statements in one transaction are bounded, in the request as in the job."""
    city = City(real_runtime, 7)
    sizes: list[int] = []
    with failing(real_runtime.db) as seen:
        with real_runtime.db.begin() as tx:
            item = shelf.item(tx, city.course)
            recut = recuts.carry_over_credit(tx, Actor(account_id=1), item, 1, KEPT)
        sizes.append(len(seen.sent))
        recuts.carry_all(real_runtime.db, recut.id, lambda _: sizes.append(len(seen.sent)))
    steps = [after - before for before, after in zip([0, *sizes], sizes, strict=False)]
    assert len(steps) >= (MEMBERS - 40) // recuts.STEP
    assert max(steps) <= 30 * recuts.STEP
    with real_runtime.db.read() as tx:
        assert tx.get_one(Job, recut.job_id).account_id == 1
        assert tx.scalars(select(PlaybackLease.ended_because).distinct()).all() == ["replaced"]
