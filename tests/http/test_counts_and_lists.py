"""A figure that leads to a list is the length of that list, on every page of a city full of odd cases."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.runtime import Runtime
from academy.outreach import reminders
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import at
from tests.support.coverage_lists import length, plant

STAT = re.compile(r'<div class="stat[^"]*"><dt>(.*?)</dt><dd><a href="([^"]+)">([0-9,]+)</a>', re.S)
FIGURE = re.compile(r'data-figure="(\d+)" href="([^"]+)"')
"""A figure that is shown as a share, or in a table, says how many it stands for."""
LINE = re.compile(r'<li data-count="(\d+)"><a href="([^"]+)">')


def figures(page: str) -> Iterator[tuple[str, str, int]]:
    """Label, address and number of every figure that leads somewhere."""
    for label, address, number in STAT.findall(page):
        yield unescape(label), unescape(address), int(number.replace(",", ""))
    for number, address in (*FIGURE.findall(page), *LINE.findall(page)):
        yield "", unescape(address), int(number)


@pytest.mark.thorough
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
    assert compared > 60


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
