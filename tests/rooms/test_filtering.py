"""Filters narrow the figures, and never down to somebody: also not by comparing two lists."""

import itertools

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.db import Tx
from academy.core.house import House
from academy.members.models import Member, Organisation
from academy.trainings import filtering, service, table
from academy.trainings.models import Training
from tests import factories as make
from tests.coverage_city import City, at, complete, training


@pytest.fixture
def scene(house: House) -> tuple[City, Training]:
    """Branches of twelve, a third of them women, one secretary each; the first six of each have completed."""
    with clock.frozen(at()), house.db.begin() as tx:
        city = City(tx)
        for branch in city.branches:
            city.people += [make.member(tx, branch) for _ in range(7)]
        for number, person in enumerate(city.people):
            person.gender = "female" if number % 3 == 0 else "male"
            person.education = "本科" if number % 2 else "大专"
        for branch in city.branches:
            person = tx.scalars(select(Member).where(Member.organisation_id == branch.id).limit(1)).one()
            person.position = "党支部书记"
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
        for person in city.people[:6]:
            complete(tx, person.id, city.courses[0].id, at())
        return city, plan


def look(tx: Tx, plan: Training, node: Organisation, **chosen: str) -> filtering.Filtered:
    found = table.coverage(tx, plan, node)
    filtering.publish(tx, found, filtering.measure(tx, found, chosen))
    return filtering.filtered(tx, found, chosen)


def test_the_figures_of_those_who_fit(house: House, scene: tuple[City, Training]) -> None:
    city, plan = scene
    with clock.frozen(at(1)), house.db.begin() as tx:
        women = look(tx, plan, city.city, gender="female")
        assert women.figures is not None
        assert (women.figures.due, women.figures.completed) == (16, 2)
        both = look(tx, plan, city.city, gender="female", education="大专")
        assert both.figures is not None and both.figures.due == 8
        assert [line.public_id for line, _ in women.lines] == [city.county.public_id]
        towns = look(tx, plan, city.county, gender="male")
        assert towns.figures is not None
        assert sum(f.due for _, f in towns.lines if f is not None) == towns.figures.due == 32
        past = table.coverage(tx, plan, city.county, at(-1).date())
        filtering.publish(tx, past, filtering.measure(tx, past, {"gender": "male"}))
        before = filtering.filtered(tx, past, {"gender": "male"})
        assert before.figures is None, "between the two days four men completed"
        nobody = look(tx, plan, city.city, education="博士")
        assert nobody.figures is not None and nobody.figures.due == 0


def test_few_are_withheld_in_the_whole_and_below(house: House, scene: tuple[City, Training]) -> None:
    city, plan = scene
    with clock.frozen(at(1)), house.db.begin() as tx:
        assert look(tx, plan, city.city, position="党支部书记").figures is None, "four secretaries"
        assert look(tx, plan, city.city, gender="female", position="党支部书记").figures is None
        town = look(tx, plan, city.towns[0], gender="female")
        assert town.figures is not None and town.figures.due == 9
        assert [figures for _, figures in town.lines] == [None, None], "four in one branch; the other would tell"


def test_comparing_lists_gives_nobody_away() -> None:
    def shown(cross: dict[tuple[str, ...], int], *wanted: str) -> bool:
        return filtering.shown(cross, wanted)

    # Of 23 old people 20 are women: the 20 would tell of the three men.
    cross = {("71", "female"): 20, ("71", "male"): 3, ("61", "female"): 30, ("61", "male"): 30}
    assert not shown(cross, "71", "female") and not shown(cross, "71", "male")
    assert not shown(cross, "61", "male"), "all men without these are the three"
    assert shown(cross, "61", "female")
    # Three of one age: neither they nor the next smallest age, or all other ages would tell.
    assert not shown({("36",): 3, ("46",): 50, ("61",): 47}, "61")
    assert shown({("36",): 3, ("46",): 50, ("61",): 47}, "46")
    assert shown({("36",): 9, ("46",): 50}, "71"), "nobody is nobody's secret"


def test_whatever_is_shown_no_difference_is_small(house: House, scene: tuple[City, Training]) -> None:
    """Every pair of lists of which one narrows the other: what lies between is five people or nobody."""
    city, plan = scene
    values = {"gender": ("female", "male"), "education": ("本科", "大专"), "position": ("党支部书记",)}
    with clock.frozen(at(1)), house.db.begin() as tx:
        for node in (city.city, city.towns[0], city.branches[0]):
            found: dict[frozenset[tuple[str, str]], int] = {}
            for names in itertools.chain.from_iterable(itertools.combinations(values, n) for n in range(4)):
                for combination in itertools.product(*(values[name] for name in names)):
                    chosen = dict(zip(names, combination, strict=True))
                    seen = look(tx, plan, node, **chosen).figures
                    if seen is not None:
                        found[frozenset(chosen.items())] = seen.due
            for wide, narrow in itertools.permutations(found, 2):
                if wide < narrow:
                    assert not 0 < found[wide] - found[narrow] < 5, (node.level, wide, narrow)
            assert all(not 0 < size < 5 for size in found.values())
