"""Coverage counts what the rows say, at every moment and for every past day."""

import pytest
from sqlalchemy import func, select, update

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.runtime import Runtime
from academy.coverage import name_lists
from academy.learning import completions
from academy.learning.models import Completion
from academy.trainings import coverage_cells, queries, recount, service
from academy.trainings.models import CoverageCell, CoverageChange, Training
from tests.support.coverage_city import City, at, complete, course, training, transfer
from tests.support.coverage_walk import figures, walk
from tests.support.shortcuts import drain, settle_all


@pytest.fixture
def city(runtime: Runtime) -> City:
    with runtime.db.begin() as tx:
        return City(tx)


def test_a_completion_is_counted_from_the_branch_to_the_city_at_once(runtime: Runtime, city: City) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        plan = training(tx, city.city, city.courses)
        assert service.open_training(tx, SYSTEM, plan) == 20
        person = city.people[0]
        completions.record_start(tx, person.id, city.courses[0].id, int(at(1).timestamp() * 1000))
        for number, one in enumerate(city.courses):
            complete(tx, person.id, one.id, at(2 + number))
    with runtime.db.read() as tx:
        for node, due in ((city.branches[0], 5), (city.towns[0], 10), (city.county, 20), (city.city, 20)):
            assert figures(tx, plan, node) == (due, 0, 1, 1)
            assert figures(tx, plan, node, at(1).date()) == (due, 0, 1, 0)
            assert figures(tx, plan, node, at(3).date()) == (due, 0, 1, 0)
        assert figures(tx, plan, city.branches[1]) == (5, 0, 0, 0)
        assert figures(tx, plan, city.city, at(-1).date()) == (0, 0, 0, 0)
    drain(runtime)
    with runtime.db.read() as tx:
        waiting = tx.scalar(select(func.count()).select_from(CoverageChange)) or 0
        assert waiting < coverage_cells.EVERY
        assert figures(tx, plan, city.city) == (20, 0, 1, 1)
        assert recount.recount_differences(tx, plan) == []


def test_what_was_studied_before_counts_and_late_study_does_not(runtime: Runtime, city: City) -> None:
    early, late = city.people[:2]
    with clock.frozen(at()), runtime.db.begin() as tx:
        for one in city.courses:
            complete(tx, early.id, one.id, at(-30))
        plan = training(tx, city.city, city.courses, closes_on=at(5).date())
        service.open_training(tx, SYSTEM, plan)
        assert figures(tx, plan, city.city) == (20, 0, 1, 1)
        for one in city.courses:
            complete(tx, late.id, one.id, at(7))
        assert figures(tx, plan, city.city) == (20, 0, 1, 1)
        assert recount.recount_differences(tx, plan) == []


def test_n_of_m_and_a_newer_version_counts_once(runtime: Runtime, city: City) -> None:
    person = city.people[0]
    with clock.frozen(at()), runtime.db.begin() as tx:
        plan = training(tx, city.city, city.courses, required_count=2)
        service.open_training(tx, SYSTEM, plan)
        complete(tx, person.id, city.courses[0].id, at(3))
        complete(tx, person.id, city.courses[0].id, at(4), version=2)
        assert figures(tx, plan, city.city)[3] == 0
        complete(tx, person.id, city.courses[2].id, at(1))
        assert figures(tx, plan, city.city)[3] == 1
        assert figures(tx, plan, city.city, at(2).date())[3] == 0
        complete(tx, person.id, city.courses[1].id, at(2))
        assert figures(tx, plan, city.city, at(2).date())[3] == 1, "two of them were done on that day"
        assert recount.recount_differences(tx, plan) == []


@pytest.mark.thorough
def test_a_training_of_more_courses_than_a_number_has_bits(runtime: Runtime, city: City) -> None:
    diligent, halfway = city.people[:2]
    with clock.frozen(at()), runtime.db.begin() as tx:
        courses = [*city.courses, *(course(tx) for _ in range(67))]
        plan = training(tx, city.city, courses, required_count=65)
        service.open_training(tx, SYSTEM, plan)
        for number, one in enumerate(courses):
            complete(tx, diligent.id, one.id, at(number // 10, 1))
            if number >= 62:
                complete(tx, halfway.id, one.id, at(number // 10, 2))
        assert figures(tx, plan, city.city) == (20, 0, 2, 1)
        assert figures(tx, plan, city.city, at(5).date())[3] == 0
        assert coverage_cells.figures_of(tx, [plan.id], [city.city.id])[plan.id, city.city.id].courses == {
            one.id: 1 if number < 62 else 2 for number, one in enumerate(courses)
        }
        assert recount.recount_differences(tx, plan) == []
        names = {
            one.member_id: one for one in name_lists.list_names(tx, name_lists.NameFilter(plan, city.city), 1).rows
        }
        assert names[diligent.id].courses == {one.id for one in courses}
        assert names[halfway.id].courses == {one.id for one in courses[62:]}
        then = name_lists.NameFilter(plan, city.city, day=at(2).date())
        assert [len(one.courses) for one in name_lists.stream_names(tx, then) if one.member_id == diligent.id] == [30]
        (due,) = queries.trainings_of_member(tx, halfway.id)
        assert (due.done, due.missing, [one.done for one in due.courses]) == (8, 57, [False] * 62 + [True] * 8)


def test_a_training_that_was_ended_early_counts_only_what_is_dated_before(runtime: Runtime, city: City) -> None:
    """The moment of the end decides, not its day: handlers, recount and names say the same."""
    before, after = city.people[:2]
    with clock.frozen(at()), runtime.db.begin() as tx:
        plan = training(tx, city.city, city.courses, required_count=1)
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(3)), runtime.db.begin() as tx:
        service.close_training(tx, SYSTEM, tx.get_one(Training, plan.id))
        complete(tx, before.id, city.courses[0].id, at(3, -1))
        complete(tx, after.id, city.courses[0].id, at(3, 1))
        assert figures(tx, plan, city.city) == (20, 0, 1, 1)
        assert recount.recount_differences(tx, tx.get_one(Training, plan.id)) == []


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [0])  # tests/faults/test_coverage_walks.py goes on
def test_cells_equal_a_recount_whatever_happens(runtime: Runtime, city: City, seed: int) -> None:
    walk(runtime, city, seed)


def test_verify_finds_what_somebody_changed_behind_its_back(runtime: Runtime, city: City) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
        settle_all(tx)
        tx.execute(update(CoverageCell).where(CoverageCell.organisation_id == city.county.id).values(due=19))
        tx.add(
            Completion(
                member_id=city.people[0].id, course_id=city.courses[0].id, course_version=1, completed_at=clock.now()
            )
        )
        tx.flush()
        found = recount.recount_differences(tx, plan)
        assert {"cell", "progress", "total"} == {d.what for d in found}
        service.rebuild_training(tx, plan)
        assert recount.recount_differences(tx, plan) == []


@pytest.mark.parametrize("settled", [True, False])
@pytest.mark.thorough
def test_pages_of_names_hold_everybody_once_in_the_order_of_the_tree(
    runtime: Runtime, city: City, settled: bool
) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city.attach(tx)
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
        settle_all(tx)
        transfer(tx, city.people[7], city.county)
        for person in city.people[::3]:
            for course in city.courses[: 1 + person.id % 3]:
                complete(tx, person.id, course.id, at())
        if settled:
            settle_all(tx)
        for node in (city.city, city.county, city.towns[1], city.branches[0], city.other):
            own = {place: found.missing for place, found in coverage_cells.own_figures_below(tx, plan.id, node).items()}
            counted = dict.fromkeys(own, 0)
            for one in name_lists.stream_names(tx, name_lists.NameFilter(plan, node, status="missing")):
                counted[one.organisation_id] += 1
            assert own == counted
            for status in ("", *name_lists.NAME_STATUSES):
                wish = name_lists.NameFilter(plan, node, status=status)
                everybody = [one.member_id for one in name_lists.stream_names(tx, wish)]
                paged = [name_lists.list_names(tx, wish, page + 1, 7) for page in range(-(-len(everybody) // 7))]
                assert [one.member_id for page in paged for one in page.rows] == everybody
                assert {page.total for page in paged} <= {len(everybody)} == {name_lists.count_names(tx, wish)}
