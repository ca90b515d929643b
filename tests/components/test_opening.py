"""Opening for a large audience: a job does it, and until it has, nobody else changes the training."""

import pytest
from sqlalchemy import update

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.errors import Conflict, Invalid
from academy.core.runtime import Runtime
from academy.jobs.api import JobState
from academy.library.models import Course
from academy.people.models import Member, Organisation
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import Enrolment, Training, TrainingState
from academy.trainings.rules import Audience
from tests.support.coverage_city import City, at, complete, training
from tests.support.shortcuts import drain


@pytest.fixture
def plan(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> tuple[City, Training]:
    monkeypatch.setattr(service, "AT_ONCE", 3)
    with clock.frozen(at(3)), runtime.db.begin() as tx:
        city = City(tx)
        for one, person in enumerate(city.people[:4]):
            for number, course in enumerate(city.courses[: one + 1]):
                complete(tx, person.id, course.id, at(number - 1))
        return city, training(tx, city.city, city.courses)


def begin(runtime: Runtime, plan: Training) -> int | None:
    with runtime.db.begin() as tx:
        return service.begin_opening(tx, SYSTEM, tx.get_one(Training, plan.id))


def now(runtime: Runtime, plan: Training) -> Training:
    with runtime.db.read() as tx:
        return tx.get_one(Training, plan.id)


def test_a_job_opens_for_many(runtime: Runtime, plan: tuple[City, Training]) -> None:
    city, made = plan
    with clock.frozen(at(3)):
        assert begin(runtime, made) is None
        assert now(runtime, made).state == TrainingState.OPENING
        assert drain(runtime, only=[service.OPEN]) == 1
    with runtime.db.read(snapshot=True) as tx:
        held = tx.get_one(Training, made.id)
        assert (held.state, held.opened_at) == (TrainingState.OPEN, at(3))
        assert recount.recount_differences(tx, held) == []
        figures = coverage_cells.figures_of(tx, [made.id], [city.city.id, city.branches[0].id])
        whole, branch = figures[made.id, city.city.id], figures[made.id, city.branches[0].id]
        assert (whole.due, whole.started, whole.completed) == (20, 4, 2)
        assert (branch.due, [branch.courses[course.id] for course in city.courses]) == (5, [4, 3, 2])


def test_few_are_enrolled_at_once(
    runtime: Runtime, plan: tuple[City, Training], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 20)
    with clock.frozen(at(3)):
        assert begin(runtime, plan[1]) == 20
    assert now(runtime, plan[1]).state == TrainingState.OPEN


def test_nobody_changes_a_training_that_is_being_opened(runtime: Runtime, plan: tuple[City, Training]) -> None:
    city, made = plan
    wish = service.TrainingPlan("别的", at().date(), at(9).date(), [course.id for course in city.courses])
    acts = (
        lambda tx, one: service.edit_training(tx, SYSTEM, one, wish),
        lambda tx, one: service.discard_training(tx, SYSTEM, one),
        lambda tx, one: service.begin_opening(tx, SYSTEM, one),
        lambda tx, one: service.open_training(tx, SYSTEM, one),
        lambda tx, one: service.close_training(tx, SYSTEM, one),
    )
    with clock.frozen(at(3)):
        begin(runtime, made)
        for act in acts:
            with pytest.raises(Conflict), runtime.db.begin() as tx:
                act(tx, tx.get_one(Training, made.id))
        drain(runtime, only=[service.OPEN])
        with pytest.raises(Conflict):
            begin(runtime, made)
    assert (now(runtime, made).title, now(runtime, made).state) == ("春季培训", TrainingState.OPEN)


def test_a_job_that_fails_leaves_a_draft_and_says_why(runtime: Runtime, plan: tuple[City, Training]) -> None:
    _, made = plan
    with clock.frozen(at(3)):
        begin(runtime, made)
        with runtime.db.begin() as tx:
            tx.execute(update(Member).values(status="left"))
        drain(runtime, only=[service.OPEN])
    with runtime.db.read() as tx:
        held = tx.get_one(Training, made.id)
        job = service.opening_job(tx, held)
        assert held.state == TrainingState.DRAFT
        assert job is not None and job.state == JobState.FAILED
        assert "没有一名党员" in str(job.error)
        assert tx.query(Enrolment).filter_by(training_id=made.id).count() == 0


def test_an_open_training_is_edited_though_one_of_its_courses_was_withdrawn(
    runtime: Runtime, plan: tuple[City, Training], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its courses are fixed, whatever became of them; a draft must not open with it."""
    monkeypatch.setattr(service, "AT_ONCE", 20)
    city, made = plan
    with clock.frozen(at(3)):
        begin(runtime, made)
        with runtime.db.begin() as tx:
            draft = training(tx, tx.get_one(Organisation, city.city.id), city.courses)
            tx.get_one(Course, city.courses[0].id).withdrawn_at = clock.now()
        with runtime.db.begin() as tx:
            held = tx.get_one(Training, made.id)
            wanted = service.TrainingPlan(
                title="改了名的培训",
                audience=Audience.from_json(held.audience),
                opens_on=held.opens_on,
                closes_on=at(60).date(),
                courses=[course.id for course in city.courses],
            )
            service.edit_training(tx, SYSTEM, held, wanted)
        assert (now(runtime, made).title, now(runtime, made).closes_on) == ("改了名的培训", at(60).date())
        with pytest.raises(Invalid):
            begin(runtime, draft)
