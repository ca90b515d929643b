"""The same person, the same training, the same second: on real databases with real transactions."""

import threading
from collections.abc import Callable

import pytest

from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.db import Tx
from academy.core.errors import Conflict
from academy.core.house import House
from academy.library.models import Course
from academy.members import service as members
from academy.members.models import Member, Organisation
from academy.progress import completing, correcting
from academy.progress.models import Correction
from academy.trainings import service, tally, verify
from academy.trainings.models import Training
from tests.coverage_city import City, training
from tests.faults.test_coverage_races import real_house  # noqa: F401  the fixture is used by name

pytestmark = pytest.mark.faults


def together(house: House, *acts: Callable[[Tx], object]) -> list[BaseException]:
    """Each in a transaction of its own, all begun at once; what went wrong."""
    gate, wrong = threading.Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[Tx], object]) -> None:
        gate.wait()
        try:
            with house.db.begin() as tx:
                act(tx)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def planned(house: House) -> tuple[City, Training]:
    with house.db.begin() as tx:
        city, today = City(tx), clock.today()
        return city, training(tx, city.city, city.courses[:1], opens_on=today, closes_on=today)


def moving(person: int, branch: int) -> Callable[[Tx], object]:
    return lambda tx: members.transfer_member(tx, SYSTEM, tx.get_one(Member, person), tx.get_one(Organisation, branch))


def finishing(person: int, course: int) -> Callable[[Tx], object]:
    return lambda tx: completing.finish_course(tx, person, tx.get_one(Course, course), clock.now_ms(), "watched")


def test_a_transfer_in_the_second_of_a_completion(real_house: House) -> None:  # noqa: F811
    city, plan = planned(real_house)
    with real_house.db.begin() as tx:
        service.open_training(tx, SYSTEM, tx.get_one(Training, plan.id))
    for person in city.people[:10]:
        target = city.branches[3].id
        assert together(real_house, finishing(person.id, city.courses[0].id), moving(person.id, target)) == []
    with real_house.db.read(snapshot=True) as tx:
        assert verify.differences(tx, tx.get_one(Training, plan.id)) == []
        found = tally.figures(tx, [plan.id], [city.branches[3].id, city.branches[0].id])
        assert (found[plan.id, city.branches[3].id].due, found[plan.id, city.branches[3].id].completed) == (15, 10)
        assert found.get((plan.id, city.branches[0].id), tally.Figures()).completed == 0


def test_an_opening_in_the_second_of_a_transfer(real_house: House) -> None:  # noqa: F811
    """No training is open yet, so nobody waits for anybody but at the opening itself."""
    for _ in range(6):
        city, plan = planned(real_house)
        acts = [moving(person.id, city.branches[3].id) for person in city.people[:3]]
        opening = lambda tx, plan=plan: service.open_training(tx, SYSTEM, tx.get_one(Training, plan.id))  # noqa: E731
        assert together(real_house, opening, *acts) == []
        with real_house.db.read(snapshot=True) as tx:
            assert verify.differences(tx, tx.get_one(Training, plan.id)) == []


def test_two_administrators_agree_to_one_correction(real_house: House) -> None:  # noqa: F811
    city, _ = planned(real_house)
    held = (Scope(Role.NODE_ADMINISTRATOR, city.city.id, city.city.path),)
    with real_house.db.begin() as tx:
        made = correcting.propose_correction(
            tx,
            Actor(account_id=81, scopes=held),
            tx.merge(city.people[0]),
            tx.merge(city.courses[0]),
            kind="register",
            reason="签到表",
            studied_on=clock.today(),
        ).id

    def agree(account: int) -> Callable[[Tx], object]:
        who = Actor(account_id=account, scopes=held)
        return lambda tx: correcting.approve_correction(tx, who, tx.get_one(Correction, made))

    assert [type(error) for error in together(real_house, agree(82), agree(83))] == [Conflict]
