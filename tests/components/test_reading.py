"""Reading is credited page by page, by the server's clock."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.learning import queries, rules
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.models import Completion, WatchLedger
from academy.learning.rules import PAGE_MS, Unit
from academy.learning.service import Opened
from academy.library.models import Course
from academy.media.documents.pages import keep
from academy.media.models import Asset
from tests.support import shelf
from tests.support.ledger_makers import beat, learner, lecture, opened
from tests.support.shortcuts import record_heartbeat

START = dt.datetime(2026, 5, 4, 8, tzinfo=dt.UTC)
PAGES = 20


@pytest.fixture
def scene(runtime: Runtime) -> tuple[Actor, Course]:
    """A course of one document of twenty pages."""
    with clock.frozen(START), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        course = lecture(tx, account)
        item = course.shown.items[0]
        shelf.change_item(tx, item.item_id, kind="document")
        asset = tx.get_one(Asset, item.asset_id)
        asset.kind, asset.duration_ms = "document", None
        keep(tx, asset, [{"width": 1240, "height": 1754, "text": f"第{n}页"} for n in range(PAGES)])
        return actor, course


def pages(first: int, last: int) -> tuple[int, int]:
    return first - 1, last


def completed(runtime: Runtime, course: Course) -> bool:
    with runtime.db.read() as tx:
        return tx.scalar(select(Completion).where(Completion.course_id == course.id)) is not None


def test_turning_pages_faster_than_anybody_reads_earns_what_the_clock_allows(
    runtime: Runtime, scene: tuple[Actor, Course]
) -> None:
    actor, course = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    with clock.frozen(START + dt.timedelta(seconds=5)):
        outcome = beat(runtime, lease, [pages(1, PAGES)])
    # Five seconds are one page, and the slack that a clock may be wrong by is another: not twenty.
    assert (outcome.gained, outcome.refused, outcome.reason) == (2, ((2, PAGES),), "too_fast")
    assert not completed(runtime, course)


def test_a_document_is_complete_when_every_page_was_read(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    assert lease.lease.threshold_permille == 1000
    for page in range(1, PAGES):
        with clock.frozen(START + dt.timedelta(seconds=6 * page)):
            assert beat(runtime, lease, [pages(page, page)], page).gained == 1
    assert not completed(runtime, course), "nineteen of twenty are above the course's 95 percent, and not all"
    with clock.frozen(START + dt.timedelta(seconds=6 * PAGES)):
        assert beat(runtime, lease, [pages(PAGES, PAGES)], PAGES).finished
    assert completed(runtime, course)
    with runtime.db.read() as tx:
        item = shelf.item(tx, course)
        assert queries.ledger_of(tx, actor.member_id or 0, item).completed_at is not None


def test_reading_one_page_for_an_hour_is_one_page(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    for number in range(1, 20):
        with clock.frozen(START + dt.timedelta(minutes=3 * number)):
            beat(runtime, lease, [pages(4, 4)], number)
    with runtime.db.read() as tx:
        assert queries.ledger_of(tx, actor.member_id or 0, course.shown.items[0]).covered == 1


def old_beat(runtime: Runtime, lease: Opened, spans: list[tuple[int, int]], seq: int = 1) -> HeartbeatOutcome:
    """A claim with the token of a release in which a page was ten seconds."""
    grant = lease.grant_for(Unit.MS)
    assert (grant.unit, grant.extent) == ("ms", PAGES * PAGE_MS)
    claimed = rules.check_claim([list(span) for span in spans], grant.extent)
    claim = Heartbeat(grant, seq, claimed, spans[-1][1], clock.now_ms())
    with runtime.db.begin() as tx:
        return record_heartbeat(tx, runtime.settings, claim)


def test_pages_that_a_phone_kept_in_milliseconds_before_an_upgrade_are_credited_as_pages(
    runtime: Runtime, scene: tuple[Actor, Course]
) -> None:
    actor, course = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    with clock.frozen(START + dt.timedelta(seconds=12)):
        # Two pages, and the third begun: the queue of such a phone holds its rest apart.
        outcome = old_beat(runtime, lease, [(0, 24_000)])
        assert (outcome.gained, outcome.unit, outcome.reason) == (3, "page", "")
        assert old_beat(runtime, lease, [(24_000, 30_000)], 2).gained == 0, "no page counts twice"
        refused = old_beat(runtime, lease, [(30_000, 200_000)], 3)
        assert (refused.gained, refused.refused, refused.reason) == (0, ((30_000, 200_000),), "too_fast")
    with runtime.db.read() as tx:
        row = tx.scalars(select(WatchLedger)).one()
        assert (row.unit, rules.unpack_spans(row.spans), row.covered, row.position) == ("page", ((0, 3),), 3, 20)


def test_a_film_and_a_document_are_added_up_as_time_of_study(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    with clock.frozen(START + dt.timedelta(seconds=50)):
        assert beat(runtime, lease, [pages(1, 10)]).gained == 10
    with runtime.db.read() as tx:
        assert actor.member_id is not None
        assert queries.course_states(tx, actor.member_id, [course.id])[course.id].permille == 500
        item = shelf.item(tx, course)
        assert queries.item_states(tx, actor.member_id, [item])[item.item_id].permille == 500
        assert queries.ledger_of(tx, actor.member_id, item).unit == "page"
