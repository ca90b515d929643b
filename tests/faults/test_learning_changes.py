"""Changes of courses and people after people have studied lead by themselves to what the ledger implies."""

import datetime as dt
import random
from collections.abc import Callable

import pytest
from sqlalchemy import select

from academy import components
from academy.core import clock
from academy.core.runtime import Runtime
from academy.jobs.api import enqueue
from academy.learning import completions, repair
from academy.learning.models import Completion
from academy.library.api import add_item, edit_course, remove_item, rename_item, revise_course, withdraw_course
from tests.faults import learning_changes
from tests.faults.learning_changes import MINUTE_MS, START, Life
from tests.support import factories as make
from tests.support.shortcuts import drain

pytestmark = pytest.mark.faults


@pytest.mark.parametrize("seed", range(4))
def test_completions_are_what_the_ledger_implies_after_every_change(real_runtime: Runtime, seed: int) -> None:
    life, wrong = learning_changes.run(real_runtime, random.Random(f"short/{seed}"))
    assert wrong == []
    assert life.shelved[1] > learning_changes.START


def _at_night(runtime: Runtime) -> None:
    """Only what the calendar asks for each night, as if the publication's own event had been lost."""
    runtime.db.run_in_transaction(lambda tx: enqueue(tx, "learning.derive").id)
    drain(runtime, only={"learning.derive"})


HEALERS: dict[str, Callable[[Runtime], object]] = {
    "the publication's own event": drain,
    "the night": _at_night,
    "the operator": lambda runtime: repair.derive_from_ledgers(runtime.db),
}


@pytest.mark.parametrize("healer", HEALERS)
@pytest.mark.parametrize("change", ["dropped", "optional", "asks for less"])
def test_whoever_had_all_the_rest_completes_by_each_way(real_runtime: Runtime, change: str, healer: str) -> None:
    """Noticed by the check first; completed as of the day on which the course became what it is; nobody else is."""
    components.import_all()
    life, days = Life(real_runtime, random.Random(1)), dt.timedelta(days=3)
    share = 0.8 if change == "asks for less" else 1.0
    with real_runtime.db.begin() as tx:
        course = tx.get_one(learning_changes.Course, life.course)
        watched = course.shown.items[:2] if share == 1.0 else course.shown.items
        for who, items in ((life.people[0], watched), (life.people[1], watched[:1])):
            for number, item in enumerate(items, 1):
                # One after the other: three minutes are not watched in one.
                with clock.frozen(START + number * dt.timedelta(minutes=5)):
                    life.watch(tx, who, item, share)
    drain(real_runtime)
    assert list(repair.ledger_differences(real_runtime.db)) == []
    with clock.frozen(START + days), real_runtime.db.begin() as tx:
        course = tx.get_one(learning_changes.Course, life.course)
        draft = revise_course(tx, life.author, course)
        if change == "dropped":
            remove_item(tx, life.author, course, draft.items[2])
        elif change == "optional":
            rename_item(tx, life.author, course, draft.items[2], title="选学", required=False)
        else:
            fields = {"title": draft.title, "category": "theory", "summary": draft.summary}
            edit_course(tx, life.author, course, threshold_permille=800, **fields)  # type: ignore[arg-type]
        life.release(tx, course)
    found = list(repair.ledger_differences(real_runtime.db))
    assert {key[0] for key, _ in found} >= {life.people[0]}
    with clock.frozen(START + 2 * days):
        HEALERS[healer](real_runtime)
        HEALERS[healer](real_runtime)
    assert list(repair.ledger_differences(real_runtime.db)) == []
    with real_runtime.db.read() as tx:
        rows = tx.execute(select(Completion.member_id, Completion.course_version, Completion.completed_at)).all()
        version = tx.get_one(learning_changes.Course, life.course).shown.content_number
    assert [tuple(row) for row in rows] == [(life.people[0], version, START + days)]


def test_a_draft_that_nobody_reviewed_completes_nothing(real_runtime: Runtime) -> None:
    """A beat that comes late while a withdrawn course is being written anew: what it completes is decided when it is
    published, with all that the author has added until then."""
    components.import_all()
    life = Life(real_runtime, random.Random(1))
    person = life.people[0]
    with clock.frozen(START), real_runtime.db.begin() as tx:
        course = tx.get_one(learning_changes.Course, life.course)
        for item in course.shown.items[:2]:
            life.watch(tx, person, item, 1.0)
        withdraw_course(tx, life.author, course)
        remove_item(tx, life.author, course, course.shown.items[2])
        first = course.shown.items[0]
        completions.finish_item(tx, person, first.item_id, first.number, course.id, clock.now_ms())
        assert tx.scalars(select(Completion)).all() == []
        asset = make.asset(tx, tx.get_one(make.Account, life.trainer), duration_ms=MINUTE_MS)
        add_item(tx, life.author, course, kind="video", title="加讲", asset=asset)
        life.release(tx, course)
    drain(real_runtime)
    assert list(repair.ledger_differences(real_runtime.db)) == []
    with real_runtime.db.read() as tx:
        assert tx.scalars(select(Completion)).all() == []
