"""Figures by group add up, and small groups are nobody's business."""

import datetime as dt

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.house import House
from academy.members.ages import years_before
from academy.trainings import groups, queries, service
from academy.trainings.groups import Group, withhold
from academy.trainings.rules import AGE_BANDS, Audience
from tests.coverage_city import City, at, complete, training


def test_groups_of_a_node_now_and_then(house: House) -> None:
    with clock.frozen(at()), house.db.begin() as tx:
        city = City(tx)
        for number, person in enumerate(city.people):
            person.gender = "male" if number < 12 else "female"
            person.birth_date = at().date().replace(year=1950 + 3 * number)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        for person in city.people[:3]:
            complete(tx, person.id, city.courses[0].id, at(2))
        found = {g.key: g for g in groups.by(tx, plan, city.city, "gender")}
        assert (found["male"].due, found["male"].completed, found["female"].due) == (12, 3, 8)
        before = {g.key: g for g in groups.by(tx, plan, city.city, "gender", at(1).date())}
        assert before["male"].completed == 0
        assert [g.key for g in groups.by(tx, plan, city.city, "age")] == ["0", "36", "46", "61", "71"]
        for dimension in groups.DIMENSIONS:
            whole = groups.by(tx, plan, city.city, dimension)
            assert all(g.is_withheld or g.size >= 5 for g in whole)


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
    def group(key: str, due: int) -> Group:
        return Group(key, key, due, 0, 0, 0)

    def hidden(*sizes: int) -> list[int]:
        found = withhold([group(str(n), size) for n, size in enumerate(sizes)])
        return [n for n, g in enumerate(found) if g.is_withheld]

    assert hidden(50, 9, 3) == [1, 2]
    assert hidden(50, 9, 4, 3) == [2, 3]
    assert hidden(50, 9) == []
    assert hidden(3) == [0]
