"""Figures by group add up, and small groups are nobody's business."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.coverage import breakdowns, published_figures
from academy.coverage.published_figures import Vector
from academy.people.ages import years_before
from academy.people.models import Member, Organisation
from academy.trainings import queries, service
from academy.trainings.models import Training
from academy.trainings.rules import AGE_BANDS, Audience
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training


def look(
    tx: Tx, plan: Training, node: Organisation, dimension: str, day: dt.date | None = None
) -> breakdowns.Breakdown:
    """What the page of a node shows, as the page does it."""
    breakdowns.publish_breakdowns(tx, plan, node, day, breakdowns.measure_breakdowns(tx, plan, node, day))
    return breakdowns.break_down(tx, plan, node, dimension, day)


def prints(*sets: Sequence[Member]) -> Vector:
    """The fingerprints of those who are due, exempt, have begun, have completed."""
    return Vector(*(sum(person.id**2 % 2_147_483_647 for person in one) for one in sets))


def figures(found: breakdowns.Breakdown) -> dict[str, tuple[int | None, ...]]:
    return {g.key: (g.due, g.exempt, g.started, g.completed) for g in found.groups}


def test_groups_of_a_node_now_and_then(runtime: Runtime) -> None:
    """The true figures of each group, released by who is counted at all; of the closed day, and as they were."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        for branch in city.branches:
            city.people += [make.member(tx, branch) for _ in range(10)]
        for number, person in enumerate(city.people):
            person.gender = "male" if number < 36 else "female"
            person.birth_date = at().date().replace(year=1950 + number)
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        assert look(tx, plan, city.city, "gender").groups == [], "today is not over"
    with clock.frozen(at(3)), runtime.db.begin() as tx:
        for person in city.people[:12]:
            complete(tx, person.id, city.courses[0].id, at(2))
        found = look(tx, plan, city.city, "gender")
        who = prints(city.people, [], city.people[:12], city.people[:12])
        for key, true in {"male": Vector(36, 0, 12, 12), "female": Vector(24)}.items():
            shown = published_figures.release(published_figures.cell_of({"gender": key}), true, who)
            assert (found.day, figures(found)[key]) == (at(2).date(), shown or (None,) * 4)
        before = look(tx, plan, city.city, "gender", at(1).date())
        assert before.day == at(1).date()
        shown = published_figures.release(
            published_figures.cell_of({"gender": "male"}), Vector(36), prints(city.people, [], [], [])
        )
        assert figures(before)["male"] == (shown or (None,) * 4)
        assert [g.key for g in breakdowns.break_down(tx, plan, city.city, "age").groups] == [
            "0",
            "36",
            "46",
            "61",
            "71",
        ]
        for dimension in breakdowns.DIMENSIONS:
            seen = figures(breakdowns.break_down(tx, plan, city.city, dimension))
            assert all(n is None or n % 5 == 0 for numbers in seen.values() for n in numbers)
            for numbers in seen.values():
                assert None in numbers or (numbers[3] or 0) <= (numbers[2] or 0) <= (numbers[0] or 0)
        first = figures(found)
        tx.get_one(Member, city.people[0].id).gender = "female"
        assert figures(look(tx, plan, city.city, "gender")) == first, "what was published of a day stays"


def test_which_groups_are_listed_tells_nobody(runtime: Runtime) -> None:
    """Words of a list all stand there, with people or without; what somebody typed only when its figures are shown."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        city.people[0].gender, city.people[0].education = "female", "本科"
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        gender = look(tx, plan, city.city, "gender")
        assert {g.key for g in gender.groups if g.is_withheld} >= {"male", "female"}
        assert "本科" not in figures(look(tx, plan, city.city, "education"))


def test_a_person_more_draws_every_group_anew(runtime: Runtime) -> None:
    """Of two days between which one woman completed: men's figures are drawn again like women's."""
    cells = {key: published_figures.cell_of({"gender": key}) for key in ("male", "female")}
    moved = dict.fromkeys(cells, 0)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
    for number in range(20):
        before, after = (
            prints(city.people, [], city.people, city.people[:number]),
            prints(city.people, [], city.people, city.people[: number + 1]),
        )
        for key, cell in cells.items():
            true = Vector(200, 0, 100, 90)
            moved[key] += published_figures.release(cell, true, before) != published_figures.release(cell, true, after)
    assert all(count > 5 for count in moved.values()), "with the same true figures"


def test_an_audience_of_several_age_bands(runtime: Runtime) -> None:
    """Those of 35 and those of 61 are in, those of 36 and 60 are out, and nobody is whose birthday is unknown."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city, today = City(tx), at().date()
        ages = [20, 35, 36, 45, 46, 60, 61, 70, 71, 90]
        for person, age in zip(city.people, ages, strict=False):
            person.birth_date = today.replace(year=today.year - age)
        city.people[10].birth_date = today.replace(year=today.year - 36) + dt.timedelta(days=1)  # 36 tomorrow
        tx.flush()
        fitting = {
            bands: queries.preview_audience(tx, city.city, Audience(ages=bands), today).fitting
            for bands in [(), ("0",), ("36",), ("46", "71"), ("0", "61"), tuple(AGE_BANDS)]
        }
        assert fitting == {(): 20, ("0",): 3, ("36",): 2, ("46", "71"): 4, ("0", "61"): 5, tuple(AGE_BANDS): 11}
        both = Audience(ages=("0", "61"), age_from=30, age_to=65)
        assert queries.preview_audience(tx, city.city, both, today).fitting == 3, "all conditions hold"
        assert Audience.from_json(both.to_json()) == both
    assert "ages" in Audience(ages=("12",)).problems()


def test_on_a_leap_day_an_audience_and_the_statistics_count_the_same(runtime: Runtime) -> None:
    leap = dt.datetime(2028, 2, 29, 4, tzinfo=dt.UTC)
    with clock.frozen(leap), runtime.db.begin() as tx:
        city, today = City(tx), leap.date()
        edges = [years_before(today, years) + dt.timedelta(days=n) for years in (36, 46, 61, 71) for n in range(-2, 3)]
        for person, birth in zip(city.people, edges, strict=True):
            person.birth_date = birth
        tx.flush()
        plan = training(tx, city.city, city.courses[:1], opens_on=today, closes_on=today)
        service.open_training(tx, SYSTEM, plan)
        counted = dict(tx.execute(select(breakdowns.age_key(today).label("band"), func.count()).group_by("band")).all())
        asked = {
            key: queries.preview_audience(tx, city.city, Audience(ages=(key,)), today).fitting for key in AGE_BANDS
        }
    assert asked == counted and sum(asked.values()) == 20
