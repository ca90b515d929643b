"""Coverage counts what the rows say, at every moment and for every past day."""

import pytest
from sqlalchemy import func, select, update

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.runtime import Runtime
from academy.coverage import name_lists
from academy.learning import completions
from academy.learning.models import Completion
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import CoverageCell, CoverageChange
from tests.support.coverage_city import City, at, complete, training, transfer
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
