"""Whatever statement fails after credit, what follows from it is written in the end: once, and of its own date."""

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import select

from academy.app import create_app
from academy.core import clock, collisions
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.runtime import Runtime
from academy.jobs.api import enqueue
from academy.jobs.models import OutboxEvent
from academy.learning import corrections, repair
from academy.learning.group_commit import Committer
from academy.learning.heartbeats import Heartbeat
from academy.learning.models import Completion, CourseStart, CreditHour, ItemCompletion, WatchLedger
from academy.learning.service import Opened
from academy.library.models import Course
from academy.people.models import Member, Organisation
from academy.trainings import coverage_cells, recount
from academy.trainings import service as trainings
from academy.trainings.models import Enrolment, Training
from tests.conftest import make_settings
from tests.support import factories, failures, shelf, templates
from tests.support.coverage_city import training
from tests.support.failures import failing
from tests.support.ledger_makers import MINUTE, learner, lecture, opened
from tests.support.shortcuts import drain, record_heartbeat

pytestmark = pytest.mark.faults

START = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
EARNED = START + dt.timedelta(minutes=1)


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def real_runtime(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A runtime whose transactions commit."""
    folder = tmp_path_factory.mktemp("consequences")
    with templates.database(request.param, folder) as url:
        runtime = Runtime.build(make_settings(folder, database_url=url))
        yield runtime
        runtime.db.dispose()


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collisions, "PAUSE_S", 0)


@pytest.fixture(autouse=True)
def _settling_is_asked_for_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else by every so many changes of the process: a statement that one beat sends and the next does not."""
    monkeypatch.setattr(coverage_cells, "EVERY", 1)


@dataclass
class Scene:
    """One member before a course of one item, and a training that asks for it."""

    runtime: Runtime
    actor: Actor
    course: Course
    training_id: int
    lease: Opened

    def beat(self, seconds: float = 60) -> None:
        """The whole lecture, claimed so long after the beginning."""
        with clock.frozen(START + dt.timedelta(seconds=seconds)):
            claim = Heartbeat(self.lease.grant, 1, ((0, MINUTE),), None, clock.now_ms())
            Committer(self.runtime).submit(claim)

    def held(self) -> int:
        with self.runtime.db.read() as tx:
            key = (self.actor.member_id, self.course.shown.items[0].item_id, 1)
            return tx.get_one(WatchLedger, key).covered

    def check(self, earned: dt.datetime) -> None:
        """Everything is there, once, and dated when it was earned."""
        with self.runtime.db.read() as tx:
            member, course = self.actor.member_id, self.course.id
            mine = {"member_id": member}
            assert tx.scalars(select(CourseStart.started_at).filter_by(**mine)).all() == [earned]
            assert tx.scalars(select(ItemCompletion.completed_at).filter_by(**mine)).all() == [earned]
            done = tx.scalars(select(Completion).filter_by(**mine)).one()
            assert (done.course_id, done.completed_at, done.evidence) == (course, earned, "watched")
            hours = tx.scalars(select(CreditHour).filter_by(**mine)).one()
            assert (hours.minutes, hours.earned_at) == (45, earned)
            row = tx.get_one(WatchLedger, (member, self.course.shown.items[0].item_id, 1))
            assert (row.covered, row.pending_since_ms) == (MINUTE, None)
            assert row.completed_ms == int(earned.timestamp() * 1000)
            enrolled = tx.scalars(select(Enrolment).filter_by(training_id=self.training_id, **mine)).one()
            assert (enrolled.started_on, enrolled.completed_on) == (earned.date(), earned.date())
            assert recount.recount_differences(tx, tx.get_one(Training, self.training_id)) == []
            events = [row for row in tx.scalars(select(OutboxEvent)) if row.payload.get("member_id") == member]
            kinds = [event.kind for event in events]
            assert len(kinds) == len(set(kinds)), "each fact is told once"
        assert [found for found in repair.ledger_differences(self.runtime.db) if found[0][0] == member] == []


def scene(runtime: Runtime, kind: str = "video", **changes: object) -> Scene:
    with clock.frozen(START), runtime.db.begin() as tx:
        person, actor, account = learner(tx)
        course = lecture(tx, account, minutes=1, **changes)
        shelf.change_item(tx, course.shown.items[0].item_id, kind=kind)
        node = tx.get_one(Organisation, tx.get_one(Member, person.id).organisation_id)
        plan = training(tx, node, [course])
        trainings.open_training(tx, SYSTEM, plan)
    with clock.frozen(START):
        lease = opened(runtime, actor, course.shown.items[0])
    return Scene(runtime, actor, course, plan.id, lease)


def statements(runtime: Runtime) -> list[str]:
    """What an untroubled beat sends that earns everything, when settling was asked for already."""
    scene(runtime).beat()
    whole = scene(runtime)
    with failing(runtime.db) as seen:
        whole.beat()
    whole.check(EARNED)
    return seen.sent


HEALERS = {
    "the same beat again": lambda scene: scene.beat(75),
    "the repair": lambda scene: repair.repair_ledgers(scene.runtime.db),
    "an empty beat": lambda scene: _empty(scene),
    "another lease": lambda scene: _again(scene),
}


def _empty(scene: Scene) -> None:
    with clock.frozen(START + dt.timedelta(seconds=75)):
        Committer(scene.runtime).submit(Heartbeat(scene.lease.grant, 2, (), None, clock.now_ms()))


def _again(scene: Scene) -> None:
    with clock.frozen(START + dt.timedelta(hours=1)):
        scene.lease = opened(scene.runtime, scene.actor, scene.course.shown.items[0])
    scene.beat(3_700)


@pytest.mark.parametrize("healer", HEALERS)
@pytest.mark.parametrize("kind", ["video", "document"])
def test_a_failure_at_any_statement_is_made_good(real_runtime: Runtime, healer: str, kind: str) -> None:
    runtime, acknowledged = real_runtime, 0
    whole = statements(runtime)
    for place in range(len(whole)):
        tried = scene(runtime, kind)
        # The batch, and what the committer tries by itself afterwards: the failure does not pass so soon.
        with (
            failing(runtime.db, at=lambda _, text, mine=whole[place]: text == mine) as seen,
            contextlib.suppress(Exception),
        ):
            tried.beat()
        assert seen.failed, whole[place]
        if tried.held():
            acknowledged += 1
            HEALERS[healer](tried)
            tried.check(EARNED)
        else:
            tried.beat(75)
            tried.check(START + dt.timedelta(seconds=75))
    assert acknowledged > 5, "most of what can fail comes after the credit"


def test_a_failure_whose_savepoint_cannot_be_undone_commits_no_half(real_runtime: Runtime) -> None:
    """Else the start would be there and its coverage not, and nobody would write it any more."""
    runtime = real_runtime
    whole = statements(runtime)
    for place in range(len(whole)):
        tried = scene(runtime)
        with (
            failing(runtime.db, at=lambda _, text, mine=whole[place]: text == mine or "ROLLBACK TO" in text),
            contextlib.suppress(Exception),
        ):
            tried.beat()
        credited = tried.held() > 0
        tried.beat(75)
        tried.check(EARNED if credited else START + dt.timedelta(seconds=75))


@pytest.mark.parametrize("make", failures.COLLISIONS)
def test_a_collision_at_any_statement_passes_unnoticed(real_runtime: Runtime, make: Callable[[], Exception]) -> None:
    runtime = real_runtime
    for place in range(len(statements(runtime))):
        tried = scene(runtime)
        with failing(runtime.db, make, at=lambda number, _, place=place: number == place) as seen:
            tried.beat()
        assert seen.failed
        tried.check(EARNED)


def test_the_repair_comes_by_itself(real_runtime: Runtime) -> None:
    tried = scene(real_runtime)
    with failing(real_runtime.db, at=lambda _, text: "INSERT INTO completions" in text):
        tried.beat()
    with real_runtime.db.begin() as tx:
        enqueue(tx, "learning.repair")
    drain(real_runtime, only=["learning.repair"])
    tried.check(EARNED)


def test_what_an_earlier_version_lost_is_found_by_looking_at_everything(real_runtime: Runtime) -> None:
    """Rows without marks: nothing says that anything is missing, but the ledger itself."""
    runtime = real_runtime
    for lost in ("start", "item", "course"):
        tried = scene(runtime)
        with failing(runtime.db, at=lambda _, text: "INSERT INTO" in text and "ledgers" not in text):
            tried.beat()
        key = (tried.actor.member_id, tried.course.shown.items[0].item_id, 1)
        if lost != "start":
            repair.repair_ledgers(runtime.db)
            with runtime.db.begin() as tx:
                for done in tx.scalars(select(Completion).filter_by(member_id=key[0])):
                    tx.delete(done)
                if lost == "item":
                    for part in tx.scalars(select(ItemCompletion).filter_by(member_id=key[0])):
                        tx.delete(part)
        with runtime.db.begin() as tx:
            row = tx.get_one(WatchLedger, key)
            row.pending_since_ms = None
            if lost == "item":
                row.completed_ms = None  # as the version before wrote it
        assert {what for found, what in repair.ledger_differences(runtime.db) if found == key} >= {lost}
        app: Flask = create_app(runtime)
        answer = app.test_cli_runner().invoke(args=["progress", "repair", "--all"])
        assert answer.exit_code == 0, answer.output
        assert app.test_cli_runner().invoke(args=["progress", "verify"]).exit_code == 0
        with runtime.db.read() as tx:
            assert tx.scalars(select(Completion.completed_at).filter_by(member_id=key[0])).one() == EARNED


def test_looking_at_everything_finds_what_is_missing_and_nothing_else(real_runtime: Runtime) -> None:
    """Long lectures; a course of two items of which one is completed; each kind of row beside one that is right."""
    runtime = real_runtime
    with clock.frozen(START), runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        course = lecture(tx, account, minutes=200, items=2)
    for place, item in enumerate(course.shown.items):
        assert list(repair.ledger_differences(runtime.db)) == []
        with clock.frozen(START + dt.timedelta(hours=4 * place)):
            lease = opened(runtime, actor, item, device_key="d")
        with clock.frozen(START + dt.timedelta(hours=4 * (place + 1))):
            Committer(runtime).submit(Heartbeat(lease.grant, 1, ((0, 200 * MINUTE),), None, clock.now_ms()))
    assert list(repair.ledger_differences(runtime.db)) == []
    key = (actor.member_id, course.shown.items[0].item_id, 1)
    with runtime.db.begin() as tx:
        tx.delete(tx.scalars(select(Completion).filter_by(member_id=actor.member_id)).one())
        row = tx.get_one(WatchLedger, key)
        row.covered -= 1
        tx.delete(tx.get_one(ItemCompletion, key))
    assert sorted(repair.ledger_differences(runtime.db)) == [(key, "item"), (key, "sum")]
    with runtime.db.begin() as tx:
        tx.get_one(WatchLedger, key).covered += 1
    assert repair.derive_from_ledgers(runtime.db).failed == 0
    assert list(repair.ledger_differences(runtime.db)) == []


def test_one_that_cannot_be_repaired_keeps_nobody_from_it(real_runtime: Runtime) -> None:
    runtime = real_runtime
    three = [scene(runtime) for _ in range(3)]
    with failing(runtime.db, at=lambda _, text: "INSERT INTO course_starts" in text):
        for tried in three:
            tried.beat()
    poisoned = (three[1].actor.member_id, three[1].course.shown.items[0].item_id, 1)
    with runtime.db.begin() as tx:
        tx.get_one(WatchLedger, poisoned).completed_ms = 10**17  # no date
    told = repair.repair_ledgers(runtime.db)
    assert (told.done, told.failed) == (2, 1)
    three[0].check(EARNED)
    three[2].check(EARNED)
    with runtime.db.begin() as tx:
        tx.get_one(WatchLedger, poisoned).completed_ms = int(EARNED.timestamp() * 1000)
    assert repair.repair_ledgers(runtime.db).failed == 0
    three[1].check(EARNED)


def test_what_was_struck_is_not_earned_again_by_a_repair(real_runtime: Runtime) -> None:
    tried = scene(real_runtime)
    tried.beat()
    with clock.frozen(START + dt.timedelta(days=1)), real_runtime.db.begin() as tx:
        person = tx.get_one(Member, tried.actor.member_id)
        node = tx.get_one(Organisation, person.organisation_id)
        first, second = (
            factories.actor_of(tx, factories.account(tx, None, (Role.NODE_ADMINISTRATOR, node))) for _ in range(2)
        )
        course = tx.get_one(Course, tried.course.id)
        proposed = corrections.propose_correction(tx, first, person, course, kind="strike", reason="代看")
        corrections.approve_correction(tx, second, proposed)
    key = (person.id, tried.course.shown.items[0].item_id, 1)
    assert [found for found in repair.ledger_differences(real_runtime.db) if found[0] == key] == []
    assert repair.derive_from_ledgers(real_runtime.db).failed == 0
    repair.repair_ledgers(real_runtime.db)
    with real_runtime.db.read() as tx:
        assert tx.scalars(select(Completion).filter_by(member_id=person.id)).all() == []
        assert sum(tx.scalars(select(CreditHour.minutes).filter_by(member_id=person.id))) == 0


def test_two_items_finished_at_once_finish_their_course(real_runtime: Runtime) -> None:
    """On two connections, each before the other's commit: one of them sees both."""
    runtime = real_runtime
    for _ in range(5):
        with clock.frozen(START), runtime.db.begin() as tx:
            _, actor, account = learner(tx)
            course = lecture(tx, account, minutes=1, items=2)
        with clock.frozen(START):
            first = opened(runtime, actor, course.shown.items[0], device_key="d")
        with clock.frozen(EARNED):
            second = opened(runtime, actor, course.shown.items[1], device_key="d")
        gate = threading.Barrier(2)

        def finish(lease: Opened, gate: threading.Barrier = gate) -> None:
            claim = Heartbeat(lease.grant, 1, ((0, MINUTE),), None, int(EARNED.timestamp() * 1000) + MINUTE)
            gate.wait()
            runtime.db.run_in_transaction(lambda tx: record_heartbeat(tx, runtime.settings, claim))

        threads = [threading.Thread(target=finish, args=(lease,)) for lease in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with runtime.db.read() as tx:
            assert len(tx.scalars(select(Completion).filter_by(member_id=actor.member_id)).all()) == 1
