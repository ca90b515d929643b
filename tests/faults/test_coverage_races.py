"""Completions, transfers, settling and an opening at the same time: the cells still equal a recount."""

import random
import threading
from collections.abc import Callable

import pytest

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.learning import completions
from academy.library.models import Course
from academy.people.models import Member
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import Training
from tests.support.coverage_city import City, training, transfer

pytestmark = pytest.mark.faults


def test_everything_at_once(real_runtime: Runtime) -> None:
    runtime, errors = real_runtime, list[BaseException]()
    with runtime.db.begin() as tx:
        city = City(tx)
        today = clock.today()
        plans = [training(tx, city.city, city.courses, opens_on=today, closes_on=today) for _ in range(2)]
        service.open_training(tx, SYSTEM, plans[0])
    people, courses = [p.id for p in city.people], [c.id for c in city.courses]

    def study(tx: Tx, lot: random.Random) -> None:
        course = tx.get_one(Course, lot.choice(courses))
        member = lot.choice(people)
        completions.record_start(tx, member, course.id, clock.now_ms())
        completions.finish_course(tx, member, course, clock.now_ms(), "watched")

    def move(tx: Tx, lot: random.Random) -> None:
        transfer(tx, tx.get_one(Member, lot.choice(people)), lot.choice(city.branches))

    def settle(tx: Tx, lot: random.Random) -> None:
        coverage_cells.settle_cells(tx, lot.choice([5, 500]))

    def open_second(tx: Tx, lot: random.Random) -> None:
        plan = tx.get_one(Training, plans[1].id)
        if plan.state == "draft":
            service.open_training(tx, SYSTEM, plan)

    def work(act: Callable[[Tx, random.Random], None], seed: int, times: int) -> None:
        lot = random.Random(seed)
        try:
            for _ in range(times):
                with runtime.db.begin() as tx:
                    act(tx, lot)
        except BaseException as error:
            errors.append(error)

    acts = [(study, 25), (study, 25), (study, 25), (move, 25), (move, 25), (settle, 15), (open_second, 2)]
    threads = [threading.Thread(target=work, args=(act, n, times)) for n, (act, times) in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with runtime.db.read(snapshot=True) as tx:
        for plan in plans:
            assert [str(d) for d in recount.recount_differences(tx, tx.get_one(Training, plan.id))] == []
