"""Filters narrow the figures, and never down to somebody: also not by comparing two lists."""

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.coverage import breakdowns, filters, published_figures, table
from academy.people.models import Member, Organisation
from academy.trainings import service
from academy.trainings.models import Training
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training


@pytest.fixture
def scene(runtime: Runtime) -> tuple[City, Training]:
    """Branches of twelve, a third of them women, one secretary each; the first six of each have completed."""
    with clock.frozen(at()), runtime.db.begin() as tx:
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


def look(tx: Tx, plan: Training, node: Organisation, **chosen: str) -> filters.Filtered:
    found = table.coverage_of(tx, plan, node)
    filters.publish_filtered(tx, found, filters.measure_filtered(tx, found, chosen))
    return filters.filter_coverage(tx, found, chosen)


def test_the_figures_of_those_who_fit(runtime: Runtime, scene: tuple[City, Training]) -> None:
    """Of the node and of each below it: the true figures, released by who is counted there at all."""
    city, plan = scene
    done = {person.id for person in city.people[:6]}
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        for node, below, chosen in (
            (city.city, [city.county], {"gender": "female"}),
            (city.county, city.towns, {"gender": "male"}),
            (city.county, city.towns, {"gender": "male", "education": "本科"}),
            (city.towns[0], city.branches[:2], {"education": "大专"}),
        ):
            page, cell = look(tx, plan, node, **chosen), published_figures.cell_of(chosen)
            seen = {line.public_id: figures for line, figures in page.lines}
            for place, figures in [(node, page.figures), *((one, seen.get(one.public_id)) for one in below)]:
                here = [person for person in city.people if inside(tx, person, place)]
                fit = [p for p in here if all(getattr(p, name) == value for name, value in chosen.items())]
                begun = len([p for p in fit if p.id in done])
                who = [sum(p.id**2 % 2_147_483_647 for p in part) for part in (here, [p for p in here if p.id in done])]
                shown = published_figures.release(
                    cell,
                    published_figures.Vector(len(fit), 0, begun, begun),
                    published_figures.Vector(who[0], 0, who[1], who[1]),
                )
                got = figures and (figures.due, figures.exempt, figures.started, figures.completed)
                if place is node or page.figures is not None:
                    assert got == shown


def inside(tx: Tx, person: Member, node: Organisation) -> bool:
    return tx.get_one(Organisation, person.organisation_id).path.startswith(node.path)


def test_few_are_withheld_in_the_whole_and_below(runtime: Runtime, scene: tuple[City, Training]) -> None:
    city, plan = scene
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        assert look(tx, plan, city.city, position="党支部书记").figures is None, "four secretaries"
        assert look(tx, plan, city.city, gender="female", position="党支部书记").figures is None
        assert look(tx, plan, city.city, education="博士").figures is None, "nobody looks like few"
        for _, figures in look(tx, plan, city.towns[0], gender="female").lines:
            assert figures is None or figures.due + figures.exempt >= 5


def test_a_day_has_one_figure(runtime: Runtime, scene: tuple[City, Training]) -> None:
    """What was shown of a day stays when the roster is corrected, and is the same on the page of statistics."""
    city, plan = scene
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        first = look(tx, plan, city.city, gender="male")
        breakdowns.publish_breakdowns(tx, plan, city.city, None, breakdowns.measure_breakdowns(tx, plan, city.city))
        (men,) = [g for g in breakdowns.break_down(tx, plan, city.city, "gender").groups if g.key == "male"]
        assert first.figures is not None
        assert (men.due, men.completed) == (first.figures.due, first.figures.completed)
        for person in city.people[:30]:
            tx.get_one(Member, person.id).gender = "female"
        again = look(tx, plan, city.city, gender="male")
        assert again.figures == first.figures
