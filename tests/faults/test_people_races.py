"""The same person, the same training, the same second: on real databases with real transactions."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy import components
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.runtime import Runtime
from academy.jobs import queue
from academy.learning import completions, corrections
from academy.learning.models import Correction
from academy.library.models import Course
from academy.people.api import transfer_member
from academy.people.models import Member, Organisation
from academy.trainings import coverage_cells, opening, recount, service
from academy.trainings.models import Enrolment, Training, TrainingState
from tests.conftest import make_settings
from tests.support import factories as make
from tests.support.coverage_city import City, training
from tests.support.shortcuts import drain
from tests.support.together import together

pytestmark = pytest.mark.faults


def planned(runtime: Runtime) -> tuple[City, Training]:
    with runtime.db.begin() as tx:
        city, today = City(tx), clock.today()
        return city, training(tx, city.city, city.courses[:1], opens_on=today, closes_on=today)


def moving(person: int, branch: int) -> Callable[[Tx], object]:
    return lambda tx: transfer_member(tx, SYSTEM, tx.get_one(Member, person), tx.get_one(Organisation, branch))


def finishing(person: int, course: int) -> Callable[[Tx], object]:
    return lambda tx: completions.finish_course(tx, person, tx.get_one(Course, course), clock.now_ms(), "watched")


def test_a_transfer_in_the_second_of_a_completion(real_runtime: Runtime) -> None:
    city, plan = planned(real_runtime)
    with real_runtime.db.begin() as tx:
        service.open_training(tx, SYSTEM, tx.get_one(Training, plan.id))
    for person in city.people[:10]:
        target = city.branches[3].id
        assert together(real_runtime, finishing(person.id, city.courses[0].id), moving(person.id, target)) == []
    with real_runtime.db.read(snapshot=True) as tx:
        assert recount.recount_differences(tx, tx.get_one(Training, plan.id)) == []
        found = coverage_cells.figures_of(tx, [plan.id], [city.branches[3].id, city.branches[0].id])
        assert (found[plan.id, city.branches[3].id].due, found[plan.id, city.branches[3].id].completed) == (15, 10)
        assert found.get((plan.id, city.branches[0].id), coverage_cells.Figures()).completed == 0


def test_two_versions_and_two_courses_of_one_person_in_the_same_second(real_runtime: Runtime) -> None:
    """Neither sees the other's row before it holds the enrolment: each course counts once, the whole is complete."""
    db = real_runtime.db
    with db.begin() as tx:
        city, today = City(tx), clock.today()
        plan = training(tx, city.city, city.courses[:2], opens_on=today, closes_on=today)
        service.open_training(tx, SYSTEM, plan)
    first, second = (course.id for course in city.courses[:2])

    def registering(person: int, course: int, version: int) -> Callable[[Tx], object]:
        def write(tx: Tx) -> None:
            completions.finish_course(tx, person, tx.get_one(Course, course), clock.now_ms(), "imported", version)

        return write

    for person in city.people[:10]:
        with db.begin() as tx:
            for course in (first, second):
                completions.record_start(tx, person.id, course, clock.now_ms())
        acts = [registering(person.id, first, 1), registering(person.id, first, 2), registering(person.id, second, 1)]
        assert together(real_runtime, *acts) == []
    with db.read(snapshot=True) as tx:
        assert recount.recount_differences(tx, tx.get_one(Training, plan.id)) == []
        found = coverage_cells.figures_of(tx, [plan.id], [city.city.id])[plan.id, city.city.id]
        assert (found.completed, found.courses) == (10, {first: 10, second: 10})


def test_an_opening_in_the_second_of_a_transfer(real_runtime: Runtime) -> None:
    """No training is open yet, so nobody waits for anybody but at the opening itself."""
    for _ in range(6):
        city, plan = planned(real_runtime)
        acts = [moving(person.id, city.branches[3].id) for person in city.people[:3]]
        opening = lambda tx, plan=plan: service.open_training(tx, SYSTEM, tx.get_one(Training, plan.id))  # noqa: E731
        assert together(real_runtime, opening, *acts) == []
        with real_runtime.db.read(snapshot=True) as tx:
            assert recount.recount_differences(tx, tx.get_one(Training, plan.id)) == []


def test_two_administrators_agree_to_one_correction(real_runtime: Runtime) -> None:
    city, _ = planned(real_runtime)
    held = (Scope(Role.NODE_ADMINISTRATOR, city.city.id, city.city.path),)
    with real_runtime.db.begin() as tx:
        proposer, first, second = (make.account(tx).id for _ in range(3))
        made = corrections.propose_correction(
            tx,
            Actor(account_id=proposer, scopes=held),
            tx.merge(city.people[0]),
            tx.merge(city.courses[0]),
            kind="register",
            reason="签到表",
            studied_on=clock.today(),
        ).id

    def agree(account: int) -> Callable[[Tx], object]:
        who = Actor(account_id=account, scopes=held)
        return lambda tx: corrections.approve_correction(tx, who, tx.get_one(Correction, made))

    assert [type(error) for error in together(real_runtime, agree(first), agree(second))] == [Conflict]


def _open_slowly(url: str, folder: Path, said: "multiprocessing.Queue[str]") -> None:
    components.import_all()
    runtime = Runtime.build(make_settings(folder, database_url=url))
    real = opening.count_everybody

    def stop_before_the_end(tx: Tx, plan: Training) -> None:
        real(tx, plan)
        said.put("everything is written but the commit")
        time.sleep(60)

    opening.count_everybody = stop_before_the_end
    drain(runtime, only=[service.OPEN])


def test_an_opening_killed_half_way_leaves_nothing_and_ends_the_same(
    real_runtime: Runtime,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = real_runtime
    city, plan = planned(runtime)
    monkeypatch.setattr(service, "AT_ONCE", 3)
    with runtime.db.begin() as tx:
        assert service.begin_opening(tx, SYSTEM, tx.get_one(Training, plan.id)) is None
    context = multiprocessing.get_context("spawn")
    said = context.Queue()
    worker = context.Process(target=_open_slowly, args=(runtime.db.url.render_as_string(False), tmp_path, said))
    worker.start()
    said.get(timeout=60)
    os.kill(worker.pid or 0, signal.SIGKILL)
    worker.join(10)
    held = select(func.count()).select_from(Enrolment)
    with runtime.db.read() as tx:
        assert tx.scalar(held) == 0
        assert tx.get_one(Training, plan.id).state == TrainingState.OPENING
    assert together(runtime, finishing(city.people[0].id, city.courses[0].id)) == []
    with runtime.db.begin() as tx:
        queue.release_lost(tx, [""])
    drain(runtime, only=[service.OPEN])
    with runtime.db.read(snapshot=True) as tx:
        opened = tx.get_one(Training, plan.id)
        assert (opened.state, tx.scalar(held)) == (TrainingState.OPEN, 20)
        assert recount.recount_differences(tx, opened) == []
        found = coverage_cells.figures_of(tx, [plan.id], [city.city.id])[plan.id, city.city.id]
        assert (found.due, found.completed) == (20, 1)


def test_two_officers_open_one_training(real_runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    city, plan = planned(real_runtime)
    monkeypatch.setattr(service, "AT_ONCE", 3)
    begin = lambda tx: service.begin_opening(tx, SYSTEM, tx.get_one(Training, plan.id))  # noqa: E731
    assert [type(error) for error in together(real_runtime, begin, begin)] == [Conflict]
    acts = [finishing(person.id, city.courses[0].id) for person in city.people[:6]]
    finish = lambda tx: service.finish_opening(tx, plan.id, None)  # noqa: E731
    assert together(real_runtime, finish, *acts) == []
    with real_runtime.db.read(snapshot=True) as tx:
        assert recount.recount_differences(tx, tx.get_one(Training, plan.id)) == []
