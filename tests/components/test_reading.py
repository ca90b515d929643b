"""Reading is credited page by page, by the server's clock."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.learning import queries
from academy.learning.models import Completion
from academy.library.models import Course
from academy.media.documents.pages import PAGE_MS, keep
from academy.media.models import Asset
from tests.support import shelf
from tests.support.ledger_makers import beat, learner, lecture, opened

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
        asset.kind = "document"
        keep(tx, asset, [{"width": 1240, "height": 1754, "text": f"第{n}页"} for n in range(PAGES)])
        return actor, course


def pages(first: int, last: int) -> tuple[int, int]:
    return (first - 1) * PAGE_MS, last * PAGE_MS


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
    assert (outcome.gained_ms, outcome.reason) == (2 * PAGE_MS, "too_fast")
    assert not completed(runtime, course)


def test_a_document_is_complete_when_every_page_was_read(runtime: Runtime, scene: tuple[Actor, Course]) -> None:
    actor, course = scene
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    assert lease.lease.threshold_permille == 1000
    for page in range(1, PAGES):
        with clock.frozen(START + dt.timedelta(seconds=6 * page)):
            assert beat(runtime, lease, [pages(page, page)], page).gained_ms == PAGE_MS
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
        assert queries.ledger_of(tx, actor.member_id or 0, course.shown.items[0]).covered_ms == PAGE_MS
