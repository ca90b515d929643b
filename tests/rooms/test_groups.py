"""Figures by group add up, and small groups are nobody's business."""

import datetime as dt

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.db import Tx
from academy.core.house import House
from academy.members.ages import years_before
from academy.members.models import Member, Organisation
from academy.trainings import groups, queries, service
from academy.trainings.models import Training
from academy.trainings.rules import AGE_BANDS, Audience
from tests.coverage_city import City, at, complete, training


def look(tx: Tx, plan: Training, node: Organisation, dimension: str, day: dt.date | None = None) -> groups.Breakdown:
    """What the page of a node shows, as the page does it."""
    groups.publish(tx, plan, node, day, groups.measure(tx, plan, node, day))
    return groups.by(tx, plan, node, dimension, day)


def test_groups_of_a_node_now_and_then(house: House) -> None:
    with clock.frozen(at()), house.db.begin() as tx:
        city = City(tx)
        for number, person in enumerate(city.people):
            person.gender = "male" if number < 12 else "female"
            person.birth_date = at().date().replace(year=1950 + 3 * number)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(3)), house.db.begin() as tx:
        for person in city.people[:5]:
            complete(tx, person.id, city.courses[0].id, at(2))
        found = look(tx, plan, city.city, "gender")
        men, women = found.groups
        assert (found.day, men.due, men.completed, women.due) == (at(2).date(), 12, 5, 8)
        before = look(tx, plan, city.city, "gender", at(1).date())
        assert (before.day, before.groups[0].completed) == (at(1).date(), 0)
        assert [g.key for g in groups.by(tx, plan, city.city, "age").groups] == ["0", "36", "46", "61", "71"]
        for dimension in groups.DIMENSIONS:
            assert all(g.is_withheld or g.size >= 5 for g in groups.by(tx, plan, city.city, dimension).groups)


def test_two_days_tell_nobodys_gender(house: House) -> None:
    """A breakdown stands still until what happened since is of five people, whoever asks of which day."""
    with clock.frozen(at()), house.db.begin() as tx:
        city = City(tx)
        for number, person in enumerate(city.people):
            person.gender = "male" if number % 2 else "female"
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        assert look(tx, plan, city.city, "gender").groups == [], "today is not over"
    women = [person.id for number, person in enumerate(city.people) if number % 2 == 0]
    seen = {}
    for number, woman in enumerate(women[:7], 1):
        with clock.frozen(at(number)), house.db.begin() as tx:
            found = look(tx, plan, city.city, "gender")
            seen[number] = (found.day, {g.key: g.completed for g in found.groups}["female"])
            complete(tx, woman, city.courses[0].id, at(number))
    first, later = at().date(), at(5).date()
    assert seen == {n: (first, 0) if n < 6 else (later, 5) for n in range(1, 8)}
    with clock.frozen(at(8)), house.db.begin() as tx:
        assert look(tx, plan, city.city, "gender", at(3).date()).day == first
        tx.get_one(Member, women[0]).gender = "male"
        assert look(tx, plan, city.city, "gender").day == later, "a correction of the roster tells nobody either"


def test_an_audience_of_several_age_bands(house: House) -> None:
    """Those of 35 and those of 61 are in, those of 36 and 60 are out, and nobody is whose birthday is unknown."""
    with clock.frozen(at()), house.db.begin() as tx:
        city, today = City(tx), at().date()
        ages = [20, 35, 36, 45, 46, 60, 61, 70, 71, 90]
        for person, age in zip(city.people, ages, strict=False):
            person.birth_date = today.replace(year=today.year - age)
        city.people[10].birth_date = today.replace(year=today.year - 36) + dt.timedelta(days=1)  # 36 tomorrow
        tx.flush()
        fitting = {
            bands: queries.preview(tx, city.city, Audience(ages=bands), today).fitting
            for bands in [(), ("0",), ("36",), ("46", "71"), ("0", "61"), tuple(AGE_BANDS)]
        }
        assert fitting == {(): 20, ("0",): 3, ("36",): 2, ("46", "71"): 4, ("0", "61"): 5, tuple(AGE_BANDS): 11}
        both = Audience(ages=("0", "61"), age_from=30, age_to=65)
        assert queries.preview(tx, city.city, both, today).fitting == 3, "all conditions hold"
        assert Audience.from_json(both.to_json()) == both
    assert "ages" in Audience(ages=("12",)).problems()


def test_on_a_leap_day_an_audience_and_the_statistics_count_the_same(house: House) -> None:
    leap = dt.datetime(2028, 2, 29, 4, tzinfo=dt.UTC)
    with clock.frozen(leap), house.db.begin() as tx:
        city, today = City(tx), leap.date()
        edges = [years_before(today, years) + dt.timedelta(days=n) for years in (36, 46, 61, 71) for n in range(-2, 3)]
        for person, birth in zip(city.people, edges, strict=True):
            person.birth_date = birth
        tx.flush()
        plan = training(tx, city.city, city.courses[:1], opens_on=today, closes_on=today)
        service.open_training(tx, SYSTEM, plan)
        counted = dict(tx.execute(select(groups.age_key(today).label("band"), func.count()).group_by("band")).all())
        asked = {key: queries.preview(tx, city.city, Audience(ages=(key,)), today).fitting for key in AGE_BANDS}
    assert asked == counted and sum(asked.values()) == 20


def test_one_small_group_takes_another_with_it() -> None:
    def hidden(*sizes: int) -> list[int]:
        return sorted(int(n) for n in groups.hidden({str(n): size for n, size in enumerate(sizes)}))

    assert hidden(50, 9, 3) == [1, 2]
    assert hidden(50, 9, 4, 3) == [2, 3]
    assert hidden(50, 9) == []
    assert hidden(3) == [0]
