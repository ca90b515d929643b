"""Named lists of members: whole or not at all, and trainings that ask for them follow."""

import pytest
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.people import cohorts, members
from academy.people.models import Cohort, CohortMember, Member
from academy.trainings import coverage_cells, queries, recount, service
from academy.trainings.rules import Audience
from tests.support import factories as make
from tests.support.coverage_city import City, at, training


def test_members_are_added_by_number_all_or_none(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = City(tx)
        stranger = make.member(tx, make.organisation(tx, city.other))
        made = cohorts.create_cohort(tx, SYSTEM, city.county, "新任书记班")
        with pytest.raises(Invalid), tx.begin_nested():
            cohorts.create_cohort(tx, SYSTEM, city.county, "新任书记班")
        numbers = "，".join(person.number for person in city.people[:3])
        for bad in (f"{numbers} 不存在", f"{numbers}\n{stranger.number}", "  "):
            with pytest.raises(Invalid), tx.begin_nested():
                cohorts.add_cohort_members(tx, SYSTEM, made, city.county, bad)
        assert tx.scalar(select(func.count()).select_from(CohortMember)) == 0
        assert cohorts.add_cohort_members(tx, SYSTEM, made, city.county, numbers) == 3
        assert cohorts.add_cohort_members(tx, SYSTEM, made, city.county, numbers) == 0, "twice is once"
        assert [m.id for m, _ in cohorts.cohort_members(tx, made, city.city).rows] == [
            person.id for person in city.people[:3]
        ]
        assert cohorts.cohorts_under(tx, [city.city.path]).rows[0].members == 3
        assert cohorts.cohorts_under(tx, [city.other.path]).rows == []
        members.transfer_member(tx, SYSTEM, tx.merge(city.people[0]), tx.merge(stranger).organisation)
        left = cohorts.cohort_members(tx, made, city.county).rows
        assert [m.id for m, _ in left] == [person.id for person in city.people[1:3]], "one has moved away"
        assert cohorts.cohorts_under(tx, [city.city.path]).rows[0].members == len(left)


def test_a_training_for_a_list_follows_it(runtime: Runtime) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        made = cohorts.create_cohort(tx, SYSTEM, city.city, "培训班")
        for person in city.people[:3]:
            cohorts.add_cohort_members(tx, SYSTEM, made, city.city, person.number)
        audience = Audience(cohorts=(made.id,))
        assert queries.preview_audience(tx, city.city, audience, at().date()).fitting == 3
        plan = training(tx, city.city, city.courses[:1], audience=audience)
        with pytest.raises(Invalid), tx.begin_nested():
            training(tx, city.other, city.courses[:1], audience=Audience(cohorts=(far(tx, city).id,)))
        assert service.open_training(tx, SYSTEM, plan) == 3
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        made = tx.merge(made)
        cohorts.add_cohort_members(tx, SYSTEM, made, city.city, city.people[7].number)
        cohorts.remove_cohort_member(tx, SYSTEM, made, tx.get_one(Member, city.people[0].id))
        due = coverage_cells.figures_of(tx, [plan.id], [city.city.id])[plan.id, city.city.id].due
        assert due == 3, "one came, one went"
        before = coverage_cells.figures_of(tx, [plan.id], [city.branches[0].id], at().date())[
            plan.id, city.branches[0].id
        ]
        assert before.due == 3, "yesterday stays as it was"
        assert recount.recount_differences(tx, plan) == []


def far(tx: Tx, city: City) -> Cohort:
    return cohorts.create_cohort(tx, SYSTEM, city.county, "别处的名单")
