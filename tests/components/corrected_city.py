"""A city whose completions are struck and registered."""

import random

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.learning import corrections
from academy.learning.models import Completion, Correction
from academy.library.models import Course
from academy.people.models import Member
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import Training
from tests.support import factories as make
from tests.support.coverage_city import City, at, training, transfer

SYSTEM_ONE, SYSTEM_TWO, OTHER = (make.NUMBERED + number for number in range(3))


def officer(city: City, account: int, role: Role = Role.NODE_ADMINISTRATOR) -> Actor:
    return Actor(account_id=account, scopes=(Scope(role, city.city.id, city.city.path),))


@pytest.fixture
def city(runtime: Runtime) -> City:
    with clock.frozen(at()), runtime.db.begin() as tx:
        make.numbered_accounts(tx, SYSTEM_ONE, SYSTEM_TWO, OTHER)
        city = City(tx)
        for course in city.courses:
            assert course.shown.credit_minutes == 45
        return city


@pytest.fixture
def plan(runtime: Runtime, city: City) -> Training:
    with clock.frozen(at()), runtime.db.begin() as tx:
        plan = training(tx, city.city, city.courses[:2])
        service.open_training(tx, officer(city, SYSTEM_ONE), plan)
        return plan


def correct(tx: Tx, city: City, person: Member, course: Course, kind: str, **more: object) -> Correction:
    """Propose by one and approve by another."""
    person, course = tx.get_one(Member, person.id), tx.get_one(Course, course.id)
    made = corrections.propose_correction(
        tx,
        officer(city, SYSTEM_ONE),
        person,
        course,
        kind=kind,
        reason="签到表第 2 页",
        **more,  # type: ignore[arg-type]
    )
    corrections.approve_correction(tx, officer(city, SYSTEM_TWO), made)
    return made


def strike_and_register(runtime: Runtime, city: City, plan: Training, seed: int, *, days: int) -> None:
    """Random corrections and transfers; after each day every figure equals a recount."""
    lot = random.Random(seed)
    for day in range(1, days + 1):
        with clock.frozen(at(day, 3)), runtime.db.begin() as tx:
            city.attach(tx)
            for _ in range(4):
                person, course = lot.choice(city.people[:4]), lot.choice(city.courses[:2])
                held = tx.scalar(
                    select(Completion).where(Completion.member_id == person.id, Completion.course_id == course.id)
                )
                if held is not None and lot.random() < 0.5:
                    correct(tx, city, person, course, "strike")
                elif held is None:
                    correct(tx, city, person, course, "register", studied_on=at(lot.randrange(1, day + 1)).date())
            if lot.random() < 0.5:
                transfer(tx, lot.choice(city.people[:4]), lot.choice(city.branches))
            coverage_cells.settle_cells(tx, 3)
            assert recount.recount_differences(tx, tx.get_one(Training, plan.id)) == []
