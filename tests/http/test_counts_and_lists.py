"""A figure that leads to a list is the length of that list, on every page of a city full of odd cases."""

import random
import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.runtime import Runtime
from academy.outreach import reminders
from academy.people.models import Exemption
from academy.trainings import service
from academy.trainings.models import Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training

STAT = re.compile(r'<div class="stat[^"]*"><dt>(.*?)</dt><dd><a href="([^"]+)">([0-9,]+)</a>', re.S)
LINE = re.compile(r'<li data-count="(\d+)"><a href="([^"]+)">')
TOTAL = re.compile(r'data-total="(\d+)"')
PAGER = re.compile(r"共 ([0-9,]+) 条")
SAME = r"<dt>{label}</dt><dd>(?:<a [^>]+>)?([0-9,]+)"


def plant(runtime: Runtime, seed: int) -> tuple[City, Training]:
    """Members with accounts, frozen accounts and none; exempt, completed, begun without an account, reminded."""
    lot = random.Random(seed)
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        plan = training(tx, city.city, city.courses)
        for person in city.people:
            if lot.random() < 0.6:
                account = make.account(tx, person)
                account.state = lot.choice(("active", "active", "frozen", "closed"))
            if lot.random() < 0.15:
                tx.add(
                    Exemption(
                        member_id=person.id, reason="病重", valid_from=at().date(), approved_at=at(),
                    )
                )  # fmt: skip
        tx.flush()
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        for person in city.people:
            for one in lot.sample(city.courses, lot.choice((0, 0, 1, 2, 3))):
                complete(tx, person.id, one.id, at(1))
        make.account(tx, None, (Role.BRANCH_SECRETARY, city.branches[0]))
    with clock.frozen(at(2)), runtime.db.begin() as tx:
        if reminders.preview_reminder(tx, plan, city.branches[1]).reachable:
            reminders.send_reminder(tx, SYSTEM, plan, city.branches[1])
    return city, plan


def figures(page: str) -> Iterator[tuple[str, str, int]]:
    """Label, address and number of every figure that leads somewhere."""
    for label, address, number in STAT.findall(page):
        yield unescape(label), unescape(address), int(number.replace(",", ""))
    for number, address in LINE.findall(page):
        yield "", unescape(address), int(number)


def length(page: str, label: str) -> int:
    """How many a page says that it lists; where it lists nobody by name, the figure of the same label."""
    for found in (TOTAL.search(page), PAGER.search(page)):
        if found:
            return int(found[1].replace(",", ""))
    if label and (found := re.search(SAME.format(label=re.escape(label)), page)):
        return int(found[1].replace(",", ""))
    return page.count('<th scope="row"') if "<table" in page else 0


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_figure_is_the_length_of_the_list_it_leads_to(runtime: Runtime, client: FlaskClient, seed: int) -> None:
    city, plan = plant(runtime, seed)
    with clock.frozen(at()), runtime.db.begin() as tx:
        roles = ((Role.NODE_ADMINISTRATOR, city.city), (Role.ROSTER_OFFICER, city.city))
        who = make.account(tx, None, *roles)
    with clock.frozen(at(3)), runtime.db.begin() as tx:
        sign_in(client, make.session_token(tx, who))
    compared, lists = 0, dict[str, str]()
    with clock.frozen(at(3)):
        for node in (city.city, city.towns[0], city.branches[1]):
            for page in (
                f"/trainings/{plan.public_id}",
                f"/coverage/{plan.public_id}/{node.public_id}",
                f"/coverage/{plan.public_id}/{node.public_id}?day={at(1).date()}",
                f"/coverage/{plan.public_id}/{node.public_id}/remind",
                f"/organisations/{node.public_id}",
                *(f"/reports/{node.public_id}/{kind}" for kind in ("period", "secretaries", "floating", "exemptions")),
            ):
                answer = client.get(page)
                assert answer.status_code == 200, page
                for label, address, number in figures(answer.text):
                    if address not in lists:  # several figures lead to one list
                        listed = client.get(address)
                        assert listed.status_code == 200, address
                        lists[address] = listed.text
                    assert length(lists[address], label) == number, (page, label, address)
                    compared += 1
    assert compared > 20


@pytest.mark.parametrize("seed", range(3))
def test_a_reminder_reaches_exactly_those_on_its_list(runtime: Runtime, seed: int) -> None:
    city, plan = plant(runtime, seed)
    with clock.frozen(at(3)), runtime.db.begin() as tx:
        for node in (city.branches[0], city.county, city.city):
            before = reminders.preview_reminder(tx, plan, node)
            assert before.missing == before.reachable + before.lately + before.unreachable
            if before.reachable:
                assert reminders.send_reminder(tx, SYSTEM, plan, node).recipients == before.reachable
            after = reminders.preview_reminder(tx, plan, node)
            assert (after.reachable, after.lately) == (0, before.lately + before.reachable)
            assert after.unreachable == before.unreachable
