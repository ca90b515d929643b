"""Random lives of the city of `coverage_city`, and the patient clerk who counts them again."""

import datetime as dt
import random

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.jobs.api import publish
from academy.learning import completions
from academy.learning.models import Completion
from academy.people.events import ExemptionChanged, MembersChanged, OrganisationMoved
from academy.people.models import Exemption, Organisation, OrganisationSpell
from academy.trainings import coverage_cells, recount, service
from academy.trainings.models import Enrolment, EnrolmentSpell, Training
from academy.trainings.rules import Audience
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training
from tests.support.shortcuts import settle_all


def figures(tx: Tx, training: Training, node: Organisation, day: dt.date | None = None) -> tuple[int, ...]:
    found = coverage_cells.figures_of(tx, [training.id], [node.id], day).get(
        (training.id, node.id), coverage_cells.Figures()
    )
    return found.due, found.exempt, found.started, found.completed


def history(tx: Tx, training: Training, node: Organisation, days: int) -> list[tuple[int, ...]]:
    """The curve of a training in a node: its figures at the end of each day."""
    known = coverage_cells.daily_figures(tx, training.id, node.id)
    empty = coverage_cells.Figures()
    steps = [max((d for d, _ in known if d <= at(past).date()), default=None) for past in range(days + 1)]
    found = [dict(known).get(step, empty) if step else empty for step in steps]
    return [(f.due, f.exempt, f.started, f.completed) for f in found]


def by_hand(tx: Tx, training: Training, node: Organisation, day: dt.date) -> tuple[int, ...]:
    """The figure as a patient clerk would count it, member by member, knowing no SQL."""
    spells = [
        (s.member_id, s.organisation_id, s.standing, s.valid_from, s.valid_to)
        for s in tx.scalars(select(EnrolmentSpell).where(EnrolmentSpell.training_id == training.id))
    ] + [
        (e.member_id, e.organisation_id, e.standing, e.since, None)
        for e in tx.scalars(select(Enrolment).where(Enrolment.training_id == training.id))
    ]
    rows = {e.member_id: e for e in tx.scalars(select(Enrolment).where(Enrolment.training_id == training.id))}
    parents = {
        (s.organisation_id, s.valid_from, s.valid_to): s.parent_id for s in tx.scalars(select(OrganisationSpell))
    }

    def inside(organisation: int | None) -> bool:
        while organisation is not None:
            if organisation == node.id:
                return True
            organisation = next(
                p for (o, a, b), p in parents.items() if o == organisation and a <= day and (b is None or day < b)
            )
        return False

    counted = [0, 0, 0, 0]
    for member, organisation, standing, start, end in spells:
        if start <= day and (end is None or day < end) and inside(organisation):
            row = rows[member]
            counted[0] += standing == "due"
            counted[1] += standing == "exempt"
            counted[2] += standing == "due" and row.started_on is not None and row.started_on <= day
            counted[3] += standing == "due" and row.completed_on is not None and row.completed_on <= day
    return tuple(counted)


def hang_under(tx: Tx, node: Organisation, parent: Organisation) -> None:
    """Move a node today, as the people component does."""
    if node.parent_id == parent.id:
        return
    today, old = clock.today(), node.path
    spell = tx.scalars(
        select(OrganisationSpell).where(
            OrganisationSpell.organisation_id == node.id, OrganisationSpell.valid_to.is_(None)
        )
    ).one()
    if spell.valid_from == today:
        spell.parent_id = parent.id
    else:
        spell.valid_to = today
        tx.flush()
        tx.add(OrganisationSpell(organisation_id=node.id, parent_id=parent.id, name=node.name, valid_from=today))
    node.parent_id = parent.id
    new = f"{parent.path}{node.id}/"
    for below in tx.scalars(select(Organisation).where(Organisation.path.startswith(old))):
        below.path = new + below.path[len(old) :]
    tx.flush()
    publish(tx, OrganisationMoved(node.id, old, new))


RULES = [
    Audience(),
    Audience(joining="exclude", leaving="keep", moving="stay"),
    Audience(positions=("secretary",), leaving="keep"),
]


def walk(runtime: Runtime, city: City, seed: int) -> None:
    """Sixty random things happen to the city; then every figure of every day is counted again by hand."""
    draw = random.Random(seed)
    day, plans = 0, []

    def study(tx: Tx) -> None:
        person, one = draw.choice(city.people), draw.choice(city.courses)
        back = draw.choice([0, 0, 0, 1, 4])
        if draw.random() < 0.3:
            completions.record_start(tx, person.id, one.id, int(at(day - back).timestamp() * 1000))
            return
        version = draw.choice([1, 1, 1, 2])
        if tx.get(Completion, (person.id, one.id, version)) is None:
            complete(tx, person.id, one.id, at(day - back), version)

    def change(tx: Tx) -> None:
        people = draw.sample(city.people, 3)
        for person in people:
            person.organisation_id = draw.choice(city.branches).id
            person.status = draw.choice(["active", "active", "floating", "left", "deceased"])
            person.position = draw.choice([None, "secretary"])
        tx.flush()
        publish(tx, MembersChanged([person.id for person in people]))

    def exempt(tx: Tx) -> None:
        person = draw.choice(city.people)
        known = tx.scalars(select(Exemption).where(Exemption.member_id == person.id)).first()
        if known is None:
            dates = {"valid_from": clock.today(), "approved_at": clock.now()}
            tx.add(Exemption(member_id=person.id, reason="年老体弱", **dates))
        else:
            known.revoked_at = None if known.revoked_at else clock.now()
        tx.flush()
        publish(tx, ExemptionChanged(person.id))

    def join(tx: Tx) -> None:
        city.people.append(make.member(tx, draw.choice(city.branches), position=draw.choice([None, "secretary"])))
        publish(tx, MembersChanged([city.people[-1].id]))

    def rehang(tx: Tx) -> None:
        hang_under(tx, draw.choice(city.towns), draw.choice([city.county, city.other, city.city]))

    def reorganise(tx: Tx) -> None:
        hang_under(tx, draw.choice(city.branches), draw.choice(city.towns))

    def settle(tx: Tx) -> None:
        coverage_cells.settle_cells(tx, draw.choice([3, 4000]))

    with clock.frozen(at()), runtime.db.begin() as tx:
        city.attach(tx)
        city.people[0].position = "secretary"
        for rules in RULES:
            plan = training(tx, city.city, city.courses, audience=rules, required_count=draw.choice([None, 2]))
            service.open_training(tx, SYSTEM, plan)
            plans.append(plan)
    for _ in range(60):
        day += draw.choice([0, 0, 1, 2])
        act = draw.choice([study, study, study, study, change, exempt, join, rehang, reorganise, settle])
        with clock.frozen(at(day)), runtime.db.begin() as tx:
            city.attach(tx)
            act(tx)
    with clock.frozen(at(day)), runtime.db.begin() as tx:
        for plan in plans:
            assert [str(d) for d in recount.recount_differences(tx, plan)] == []
            for past in {day, day - 1, draw.randrange(day), draw.randrange(day)}:
                for node in (city.city, city.county, city.other, *city.towns, *city.branches):
                    when = at(past).date()
                    assert figures(tx, plan, node, when) == by_hand(tx, plan, node, when), (node.level, past)
        before = [figures(tx, plan, city.county) for plan in plans]
        nodes = (city.city, city.county, city.other, *city.towns, city.branches[0])
        curves = {(plan.id, node.id): history(tx, plan, node, day) for plan in plans for node in nodes}
        for plan in plans:
            for node in nodes:
                each_day = [figures(tx, plan, node, at(past).date()) for past in range(day + 1)]
                assert curves[plan.id, node.id] == each_day, node.level
        settle_all(tx)
        for plan in plans:
            for node in nodes:
                assert history(tx, plan, node, day) == curves[plan.id, node.id], "settling changes no curve"
        assert [figures(tx, plan, city.county) for plan in plans] == before
        for plan in plans:
            service.rebuild_training(tx, plan)
            assert recount.recount_differences(tx, plan) == []
        assert [figures(tx, plan, city.county) for plan in plans] == before
