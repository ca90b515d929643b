"""Whoever reads all figures of groups, of all days, nodes, filters and reports, and adds and subtracts up to four of
them, finds nobody: what would tell of few with true figures tells nothing with those that are shown."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from academy.core import clock, disclosure
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.coverage import breakdowns, filters, published_figures, table
from academy.jobs.api import publish
from academy.learning.models import Completion
from academy.people.api import change_status
from academy.people.events import MembersChanged
from academy.people.models import Member, Organisation
from academy.reports import period
from academy.trainings import service
from academy.trainings.models import Enrolment, Training
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training, transfer
from tests.support.shortcuts import grant_exemption

pytestmark = pytest.mark.faults

DAYS = 7
CHOSEN = ({"gender": "female"}, {"education": "本科"}, {"education": "本科", "gender": "male"})
People = frozenset[int]


@dataclass(frozen=True)
class Seen:
    """A figure that was shown, whom it counts, and of which people (whom everybody may know) these are a part."""

    group: str
    figure: int
    counted: People
    known: People


def settle_in(tx: Tx, chance: random.Random) -> tuple[City, Training]:
    city = City(tx)
    for branch in city.branches:
        city.people += [make.member(tx, branch) for _ in range(chance.randint(4, 20))]
    for person in city.people:
        describe(chance, person)
    plan = training(tx, city.city, city.courses[:1])
    service.open_training(tx, SYSTEM, plan)
    return city, plan


def describe(chance: random.Random, person: Member) -> None:
    person.gender = chance.choice(["male", "female", "female"])
    person.education = chance.choice(["本科", "大专", None])


def live_a_day(tx: Tx, chance: random.Random, city: City, day: int) -> None:
    """Some complete, join, leave, move, are exempted, of some the roster is corrected; often one, at times many."""
    done = set(tx.scalars(select(Completion.member_id)))
    people = [*tx.scalars(select(Member).where(Member.status == "active").order_by(Member.id))]
    idle = [person for person in people if person.id not in done]
    for person in chance.sample(idle, min(len(idle), chance.choice([0, 1, 1, 2, 6, 15]))):
        complete(tx, person.id, city.courses[0].id, at(day))
    for person in chance.sample(people, chance.choice([0, 1, 7])):
        transfer(tx, person, chance.choice(city.branches))
    for _ in range(chance.choice([0, 1, 1, 5])):
        person = make.member(tx, chance.choice(city.branches))
        describe(chance, person)
        publish(tx, MembersChanged([person.id]))
    for person in chance.sample(people, chance.choice([0, 1])):
        change_status(tx, SYSTEM, person, "deceased", on=at(day).date())
    people = [person for person in people if person.status == "active"]
    for person in chance.sample(people, chance.choice([0, 1, 2])):
        grant_exemption(tx, person, reason="年老体弱", valid_from=at(day).date())
    for person in chance.sample(people, chance.choice([0, 0, 1, 6])):
        describe(chance, person)


def who_is_where(tx: Tx, plan: Training, node: Organisation) -> tuple[list[Member], list[People]]:
    """Everybody of a node, and who of them is in it, exempt, has begun, has completed: from the rows, not the code."""
    rows = tx.execute(
        select(Enrolment, Member)
        .join(Member, Member.id == Enrolment.member_id)
        .join(Organisation, Organisation.id == Enrolment.organisation_id)
        .where(Enrolment.training_id == plan.id, Organisation.path.startswith(node.path))
        .where(Enrolment.standing.in_(("due", "exempt")))
    ).all()
    sets = [
        frozenset(e.member_id for e, _ in rows),
        frozenset(e.member_id for e, _ in rows if e.standing == "exempt"),
        frozenset(e.member_id for e, _ in rows if e.standing == "due" and e.started_on),
        frozenset(e.member_id for e, _ in rows if e.standing == "due" and e.completed_on),
    ]
    return [person for _, person in rows], sets


def read_everything(tx: Tx, plan: Training, nodes: list[Organisation]) -> Iterator[Seen]:
    """All pages of now, which show the end of yesterday, with whom their figures really count."""
    for node in nodes:
        people, sets = who_is_where(tx, plan, node)
        breakdowns.publish_breakdowns(tx, plan, node, None, breakdowns.measure_breakdowns(tx, plan, node))
        shown: list[tuple[dict[str, str], tuple[int, ...]]] = []
        for dimension in ("gender", "education"):
            for g in breakdowns.break_down(tx, plan, node, dimension).groups:
                if not g.is_withheld:
                    shown.append(({dimension: g.key}, (g.due or 0, g.exempt or 0, g.started or 0, g.completed or 0)))
        page = table.coverage_of(tx, plan, node)
        for chosen in CHOSEN:
            filters.publish_filtered(tx, page, filters.measure_filtered(tx, page, chosen))
            f = filters.filter_coverage(tx, page, chosen).figures
            if f is not None:
                shown.append((chosen, (f.due, f.exempt, f.started, f.completed)))
        for conditions, (due, *others) in shown:
            mine = {p.id for p in people if all((getattr(p, k) or "") == v for k, v in conditions.items())}
            for figure, known in zip((due + others[0], *others), sets, strict=True):
                yield Seen(published_figures.cell_of(conditions), figure, known & mine, known)


def isolating(seen: list[Seen], chance: random.Random) -> Iterator[tuple[int, int]]:
    """Sums and differences of two, three or four figures of one group of which it is known that they are about one
    person: what the shown ones give, and what is true of that person (1: of the group)."""

    def about(plus: list[Seen], minus: list[Seen]) -> tuple[int, int] | None:
        count: dict[int, int] = {}
        for sign, some in ((1, plus), (-1, minus)):
            for person in itertools.chain.from_iterable(one.known for one in some):
                count[person] = count.get(person, 0) + sign
        left = [person for person, number in count.items() if number]
        if len(left) != 1 or count[left[0]] != 1:
            return None
        true = sum(len(one.counted) for one in plus) - sum(len(one.counted) for one in minus)
        return sum(one.figure for one in plus) - sum(one.figure for one in minus), true

    near = [(a, b) for a, b in itertools.permutations(seen, 2) if 0 < len(a.known ^ b.known) <= 12]
    for a, b in near:
        if (found := about([a], [b])) is not None:
            yield found
    parts = [(a, b, c) for a, b in itertools.permutations(seen, 2) if b.known < a.known for c in seen if c.known]
    for a, b, c in chance.sample(parts, min(len(parts), 4_000)):
        if (found := about([a], [b, c])) is not None:
            yield found
    for _ in range(4_000 if len(near) > 1 else 0):
        (a, b), (c, d) = chance.sample(near, 2)
        if (found := about([a, d], [b, c])) is not None:
            yield found


@pytest.mark.parametrize("seed", range(3))
def test_no_four_figures_tell_of_anybody(runtime: Runtime, seed: int) -> None:
    chance = random.Random(seed)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city, plan = settle_in(tx, chance)
    nodes = [city.city, city.county, *city.towns, *city.branches]
    seen: set[Seen] = set()
    for day in range(1, DAYS):
        with clock.frozen(at(day)), runtime.db.begin() as tx:
            seen.update(read_everything(tx, plan, nodes))
            live_a_day(tx, chance, city, day)
    assert seen and all(one.figure % disclosure.BASE == 0 for one in seen)
    told = []
    for group in {one.group for one in seen}:
        told += isolating(sorted((one for one in seen if one.group == group), key=str), chance)
    assert len(told) > 100, "true figures would have told"
    assert all(abs(shown) not in range(1, disclosure.SMALLEST) for shown, _ in told)
    # Whoever takes the nearest answer for the truth is hardly more often right than whoever tosses a coin.
    right = [sum((shown > 0) == (true > 0) for shown, true in told if (true > 0) is side) for side in (True, False)]
    of = [sum((true > 0) is side for _, true in told) for side in (True, False)]
    assert min(of) > 20 and sum(a / b for a, b in zip(right, of, strict=True)) / 2 < 0.75, (right, of)


def test_reports_of_two_days_tell_of_nobody(runtime: Runtime) -> None:
    """The same for reports of a period, asked for every day while one after the other joins, learns and leaves."""
    chance = random.Random(7)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city, _ = settle_in(tx, chance)
    seen: dict[str, list[list[object]]] = {}
    for day in range(1, DAYS):
        with clock.frozen(at(day)), runtime.db.begin() as tx:
            live_a_day(tx, chance, city, day)
            for node in (city.city, *city.branches):
                found = period.report(tx, tx.get_one(Organisation, node.id), period.period("2026-Q1"))
                for one in found.tables:
                    if one.key in {"sector", "post", "age"}:
                        for line in one.lines:
                            seen.setdefault(f"{node.id} {one.key} {line.cells[0]}", []).append(line.cells[1:4])
    shown = [row for rows in seen.values() for row in rows if "*" not in row]
    assert shown and all(isinstance(n, int) and n % disclosure.BASE == 0 for row in shown for n in row)
    assert any(len({str(row) for row in rows}) > 1 for rows in seen.values())
