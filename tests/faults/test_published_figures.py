"""Whoever reads all figures of groups, of all days, nodes and filters, and subtracts any two, finds nobody."""

import datetime as dt
import itertools
import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.db import Tx
from academy.core.house import House
from academy.members.models import Member, Organisation
from academy.progress.models import Completion
from academy.trainings import filtering, groups, service, table
from academy.trainings.models import Training
from tests import factories as make
from tests.coverage_city import City, at, complete, training, transfer

pytestmark = pytest.mark.faults

DAYS = 9
Condition = frozenset[tuple[str, str]]
Seen = tuple[str, Condition, dt.date, tuple[int, int, int, int]]
"""A figure on a page: path of the node, conditions, day, due, exempt, reached, completed."""


def settle_in(tx: Tx, chance: random.Random) -> tuple[City, Training]:
    city = City(tx)
    for branch in city.branches:
        city.people += [make.member(tx, branch) for _ in range(chance.randint(4, 20))]
    for person in city.people:
        person.gender = chance.choice(["male", "female", "female"])
        person.education = chance.choice(["本科", "大专", None])
    plan = training(tx, city.city, city.courses[:1])
    service.open_training(tx, SYSTEM, plan)
    return city, plan


def live_a_day(tx: Tx, chance: random.Random, city: City, day: int) -> None:
    """Some complete, some move, of some the roster is corrected; often few, at times many."""
    done = set(tx.scalars(select(Completion.member_id)))
    people = [*tx.scalars(select(Member).order_by(Member.id))]
    idle = [person for person in people if person.id not in done]
    for person in chance.sample(idle, min(len(idle), chance.choice([0, 1, 2, 6, 15, 40]))):
        complete(tx, person.id, city.courses[0].id, at(day))
    for person in chance.sample(people, chance.choice([0, 0, 1, 7])):
        transfer(tx, person, chance.choice(city.branches))
    for person in chance.sample(people, chance.choice([0, 0, 1, 6])):
        person.gender = chance.choice(["male", "female"])


def read_everything(
    tx: Tx, chance: random.Random, plan: Training, nodes: list[Organisation], day: int
) -> Iterator[Seen]:
    """All pages, in any order, of now and of an earlier day."""
    earlier = at(chance.randrange(-1, day)).date()
    asked = [(node, on) for node in nodes for on in (None, earlier)]
    chance.shuffle(asked)
    for node, on in asked:
        groups.publish(tx, plan, node, on, groups.measure(tx, plan, node, on))
        for dimension in ("gender", "education"):
            found = groups.by(tx, plan, node, dimension, on)
            for g in found.groups:
                if g.due is not None and found.day is not None:
                    numbers = (g.due, g.exempt or 0, g.reached or 0, g.completed or 0)
                    yield node.path, frozenset({(dimension, g.key)}), found.day, numbers
        for chosen in ({"gender": "female"}, {"education": "本科"}, {"education": "本科", "gender": "male"}):
            page = table.coverage(tx, plan, node, on)
            filtering.publish(tx, page, filtering.measure(tx, page, chosen))
            result = filtering.filtered(tx, page, chosen)
            paths = {o.id: o.path for o in nodes}
            rows = [
                (node.path, result.figures),
                *((paths.get(line.organisation_id, ""), f) for line, f in result.lines),
            ]
            for path, f in rows:
                if f is not None and path and result.day is not None:
                    yield path, frozenset(chosen.items()), result.day, (f.due, f.exempt, f.reached, f.completed)


def tells(one: Seen, other: Seen) -> bool:
    """Whether one figure less another is the figure of one to four people."""
    (path, conditions, _, a), (path2, conditions2, _, b) = one, other
    if path == path2 and conditions == conditions2:
        return any(0 < abs(x - y) < 5 for x, y in zip(a, b, strict=True))
    if path2.startswith(path) and conditions <= conditions2:
        return 0 < abs(a[0] + a[1] - b[0] - b[1]) < 5
    return False


@pytest.mark.parametrize("seed", range(3))
def test_no_two_figures_tell_of_few(house: House, seed: int) -> None:
    chance = random.Random(seed)
    with clock.frozen(at()), house.db.begin() as tx:
        city, plan = settle_in(tx, chance)
    nodes = [city.city, city.county, *city.towns, *city.branches]
    seen: set[Seen] = set()
    for day in range(1, DAYS):
        with clock.frozen(at(day)), house.db.begin() as tx:
            seen.update(read_everything(tx, chance, plan, nodes, day))
            live_a_day(tx, chance, city, day)
            # What happened while the day lasts is seen by nobody yet.
            seen.update(read_everything(tx, chance, plan, nodes, day))
    assert all(one[3][0] + one[3][1] not in range(1, 5) for one in seen)
    found = [(one, other) for one, other in itertools.permutations(seen, 2) if tells(one, other)]
    assert found == []
    assert len({day for *_, day, _ in seen}) > 1 and len({path for path, *_ in seen}) > 1, "something is shown"
