"""What time does to a training: courses leave the shelves, days begin, last days pass."""

import datetime as dt

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobContext
from academy.library.kinds import CourseState
from academy.library.models import Course
from academy.library.versions import start_draft
from academy.trainings import coverage_cells, enrolment, jobs, service
from academy.trainings.models import Training, TrainingState
from academy.trainings.rules import Audience
from tests.support import shelf
from tests.support.coverage_city import City, at, training
from tests.support.shortcuts import drain

GONE = [CourseState.WITHDRAWN, CourseState.DRAFT, CourseState.SUBMITTED, CourseState.APPROVED]


def leave(runtime: Runtime, city: City, state: CourseState) -> None:
    with runtime.db.begin() as tx:
        course = tx.get_one(Course, city.courses[0].id)
        shelf.withdraw(tx, course)
        if state != CourseState.WITHDRAWN:
            start_draft(tx, course).state = state


def prepared(runtime: Runtime, **changes: object) -> tuple[City, int]:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        return city, training(tx, city.city, city.courses, **changes).id


@pytest.mark.parametrize("state", GONE)
def test_an_open_training_can_be_edited_whatever_became_of_its_courses(runtime: Runtime, state: CourseState) -> None:
    city, made = prepared(runtime)
    with clock.frozen(at()), runtime.db.begin() as tx:
        service.open_training(tx, SYSTEM, tx.get_one(Training, made))
    leave(runtime, city, state)
    with clock.frozen(at(5)), runtime.db.begin() as tx:
        plan = tx.get_one(Training, made)
        later = plan.closes_on + dt.timedelta(days=30)
        narrow = Audience(nodes=(city.county.id,))
        for courses in ([], [c.id for c in city.courses]):
            wanted = service.TrainingPlan(
                title="延长", opens_on=None, closes_on=later, courses=courses, audience=narrow, required_count=None
            )
            service.edit_training(tx, SYSTEM, plan, wanted)
        assert (plan.title, plan.closes_on, plan.opens_on) == ("延长", later, at().date())
        assert plan.audience == narrow.to_json()


@pytest.mark.parametrize("state", GONE)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_draft_with_a_course_off_the_shelves_does_not_open(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, state: CourseState, at_once: bool
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 5000 if at_once else 3)
    city, made = prepared(runtime)
    leave(runtime, city, state)
    with clock.frozen(at()), runtime.db.begin() as tx, pytest.raises(Invalid) as wrong:
        service.begin_opening(tx, SYSTEM, tx.get_one(Training, made))
    assert "课程" in str(wrong.value.fields["courses"])
    with runtime.db.read() as tx:
        assert tx.get_one(Training, made).state == TrainingState.DRAFT


def test_a_course_that_leaves_while_a_job_is_to_open_makes_it_a_draft_again(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AT_ONCE", 3)
    city, made = prepared(runtime)
    with clock.frozen(at()), runtime.db.begin() as tx:
        service.begin_opening(tx, SYSTEM, tx.get_one(Training, made))
    leave(runtime, city, CourseState.WITHDRAWN)
    with clock.frozen(at()):
        drain(runtime, only=[service.OPEN])
    with runtime.db.read() as tx:
        plan = tx.get_one(Training, made)
        assert plan.state == TrainingState.DRAFT
        failed = service.opening_job(tx, plan)
        assert failed is not None and "课程" in str(failed.error)


def test_one_training_that_fails_at_midnight_holds_up_no_other_and_no_other_day(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        made = [training(tx, city.city, city.courses).id for _ in range(3)]
        for one in made:
            service.open_training(tx, SYSTEM, tx.get_one(Training, one))
    looked_at: list[int] = []
    real = enrolment.resync

    def poisoned(tx: object, plan: Training, *rest: object, **more: object) -> int:
        looked_at.append(plan.id)
        if plan.id == made[0]:
            raise RuntimeError("a row that nobody foresaw")
        return real(tx, plan, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(enrolment, "resync", poisoned)
    for day in (1, 2):
        looked_at.clear()
        with clock.frozen(at(day)):
            jobs.midnight(JobContext(runtime, 0))
            drain(runtime, only=[service.REFRESH])
        assert looked_at == made, "each is looked at, each day"


def test_a_training_whose_closing_was_lost_is_closed_the_next_day(runtime: Runtime) -> None:
    _, made = prepared(runtime, closes_on=at(9).date())
    with clock.frozen(at()), runtime.db.begin() as tx:
        service.open_training(tx, SYSTEM, tx.get_one(Training, made))
        for row in tx.scalars(select(Job).where(Job.name == service.CLOSE)):
            tx.delete(row)
    with clock.frozen(at(10)):
        jobs.midnight(JobContext(runtime, 0))
        drain(runtime, only=[service.CLOSE, service.REFRESH])
    with runtime.db.read() as tx:
        plan = tx.get_one(Training, made)
        assert (plan.state, plan.closed_at) == (TrainingState.CLOSED, clock.day_bounds(at(9).date())[1])


def test_settling_and_midnight_come_by_the_calendar() -> None:
    from academy.jobs import scheduler

    for name in (coverage_cells.SETTLE, "trainings.midnight"):
        assert scheduler.schedule(name) is not None
