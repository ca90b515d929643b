"""The coverage page in the order of use: how far, in time, where stuck, whom to call; what can be done for a name."""

import re
from collections.abc import Iterator
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.accounts.models import Account, Restriction
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.notifications.models import Notification
from academy.people import api as people
from academy.people.models import Member
from academy.reports.models import Export
from academy.trainings import service
from academy.trainings.models import Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, at, complete, training
from tests.support.coverage_lists import length, plant

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

PHONE = "14000000001"
FIGURE = re.compile(r'data-figure="(\d+)" href="([^"]+)"')
ROWS = re.compile(r'<tr><th scope="row"><a [^>]+>([^<]+)</a></th>')


def visit(runtime: Runtime, client: FlaskClient, *grants: tuple[Role, object]) -> Account:
    """Sign an officer in, at the present (frozen) time."""
    with runtime.db.begin() as tx:
        who = make.account(tx, None, *grants)  # type: ignore[arg-type]
        sign_in(client, make.session_token(tx, who))
    return who


@pytest.fixture
def uneven(runtime: Runtime) -> Iterator[tuple[City, Training]]:
    """Two towns with ten members each: nine have completed in the first, two in the second; the clock stands still."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        city.people[0].phone_sealed = runtime.sealer.seal(PHONE, context=people.PHONE_FIELD)
        city.people[0].name = "石可寻"
        plan = training(tx, city.city, city.courses[:1])
        service.open_training(tx, SYSTEM, plan)
    with clock.frozen(at(2)), runtime.db.begin() as tx:
        for person in (*city.people[1:10], *city.people[10:12]):
            complete(tx, person.id, city.courses[0].id, at(2))
    with clock.frozen(at(8)):
        yield city, plan


def test_the_worst_come_first_and_every_order_can_be_had(
    runtime: Runtime, client: FlaskClient, uneven: tuple[City, Training]
) -> None:
    city, plan = uneven
    visit(runtime, client, (Role.NODE_ADMINISTRATOR, city.county))
    address = f"/coverage/{plan.public_id}/{city.county.public_id}"
    good, bad = (town.name for town in city.towns)
    page = client.get(address).text
    assert ROWS.findall(page) == [bad, good]
    for query, expected in (
        ("sort=share&order=asc", [bad, good]),
        ("sort=share&order=desc", [good, bad]),
        ("sort=missing&order=asc", [good, bad]),
        ("sort=name&order=asc", sorted([good, bad])),
    ):
        assert ROWS.findall(client.get(f"{address}?{query}").text) == expected, query
    order = [page.index(part) for part in ('class="answer-line', "<dl", 'id="places"', 'id="whom"', 'id="other"')]
    assert order == sorted(order)
    assert page.count("<polyline") >= 2 and '<figure class="desk tree">' in page
    assert re.findall(r'<td [^>]*class="number desk">([^<]*)<', page) == ["+2", "+9", "+11"], "since last week"


@pytest.mark.parametrize("seed", [0])
@pytest.mark.thorough
def test_figures_of_the_page_are_the_lengths_of_their_lists(runtime: Runtime, client: FlaskClient, seed: int) -> None:
    city, plan = plant(runtime, seed)
    with clock.frozen(at(3)):
        visit(runtime, client, (Role.NODE_ADMINISTRATOR, city.city))
        seen = trees = 0
        for node in (city.city, city.county, city.towns[1]):
            page = client.get(f"/coverage/{plan.public_id}/{node.public_id}").text
            for number, address in FIGURE.findall(page):
                listed = client.get(unescape(address))
                assert listed.status_code == 200 and length(listed.text, "") == int(number), address
                seen += 1
            if "desk tree" in page:
                tree = page.split("desk tree")[1].split("</figure>")[0]
                assert FIGURE.findall(tree) and set(FIGURE.findall(tree)) <= set(
                    FIGURE.findall(page.split("<table")[1])
                )
                trees += 1
    assert seen >= 7 and trees


def test_one_name_is_reminded_once_and_others_not_at_all(
    runtime: Runtime, client: FlaskClient, uneven: tuple[City, Training]
) -> None:
    city, plan = uneven
    person, neighbour = city.people[12], city.people[13]
    with runtime.db.begin() as tx:
        for one in (person, neighbour):
            make.account(tx, one)
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[2]))
    address = f"/coverage/{plan.public_id}/{city.branches[2].public_id}"
    page = client.get(address).text
    assert page.count('value="member"') == 2 and "发激活码" in page
    form = {"to": "member", "member": person.public_id, "next": address}
    answer = client.post(f"{address}/remind", data=form)
    assert answer.status_code == 302 and answer.location == address
    assert f"已提醒{person.name}" in client.get(address).text
    client.post(f"{address}/remind", data=form)
    assert "没有需要提醒的人" in client.get(address).text
    with runtime.db.read() as tx:
        told = tx.scalars(select(Notification.member_id).where(Notification.kind == "reminder")).all()
    assert told == [person.id]
    elsewhere = {"to": "member", "member": city.people[0].public_id}
    assert client.post(f"{address}/remind", data=elsewhere).status_code == 404


def test_a_whole_number_is_shown_to_who_may_call_and_is_on_record(
    runtime: Runtime, client: FlaskClient, uneven: tuple[City, Training]
) -> None:
    city, plan = uneven
    person = city.people[0]
    address = f"/coverage/{plan.public_id}/{city.branches[0].public_id}"
    visit(runtime, client, (Role.BRANCH_SECRETARY, city.branches[0]))
    for page in (address, f"{address}/names?status=missing", f"{address}/calls"):
        assert PHONE not in client.get(page).text, "in lists its middle is hidden"
    way = re.findall(rf'href="(/members/{person.public_id}/phone[^"]*)"', client.get(address).text)
    page = client.get(unescape(way[0])).text
    assert f'href="tel:{PHONE}"' in page and f'href="{address}' in page
    with runtime.db.read() as tx:
        looks = select(func.count()).where(AuditEntry.verb == "member.phone_read")
        assert tx.scalar(looks.where(AuditEntry.target == f"member:{person.public_id}")) == 1
    assert client.get(f"/members/{city.people[12].public_id}/phone").status_code == 404, "another branch"
    assert "没有登记手机号" in client.get(f"/members/{city.people[1].public_id}/phone").text
    with runtime.db.begin() as tx:
        tx.add(Restriction(member_id=person.id, kind="frozen"))
    page = client.get(f"/members/{person.public_id}/phone").text
    assert PHONE not in page and "要求停用" in page


def test_who_may_only_look_is_offered_nothing_to_do(
    runtime: Runtime, client: FlaskClient, uneven: tuple[City, Training]
) -> None:
    city, plan = uneven
    visit(runtime, client, (Role.AUDITOR, city.city))
    page = client.get(f"/coverage/{plan.public_id}/{city.branches[2].public_id}").text
    assert 'class="people"' in page and "/phone" not in page and 'value="member"' not in page


def test_the_menu_says_what_each_file_is_and_their_names_differ(
    runtime: Runtime, client: FlaskClient, uneven: tuple[City, Training]
) -> None:
    city, plan = uneven
    visit(runtime, client, (Role.NODE_ADMINISTRATOR, city.county))
    page = client.get(f"/coverage/{plan.public_id}/{city.county.public_id}").text
    menu = page.split('<details class="menu export')[1].split("</details>")[0]
    entries = re.findall(r"<strong>(.*?)</strong> <span[^>]*>(.+?)</span>", menu)
    assert len(entries) == 6 and len(set(entries)) == 6
    here = {"training": plan.public_id, "organisation": city.county.public_id}
    for kind, status, form in (
        ("table", "", "xlsx"), ("names", "", "xlsx"), ("names", "", "pdf"), ("names", "missing", "pdf"),
        ("groups", "", "xlsx"), ("evidence", "", "xlsx"),
    ):  # fmt: skip
        client.post("/exports", data=here | {"kind": kind, "status": status, "format": form})
    with runtime.db.read() as tx:
        names = tx.scalars(select(Export.filename)).all()
    assert len(names) == 6 and len(set(names)) == 6
    assert sum("还没完成" in name for name in names) == 1


def test_names_lead_to_the_people_of_who_may_see_them(
    runtime: Runtime, client: FlaskClient, uneven: tuple[City, Training]
) -> None:
    city, plan = uneven
    address = f"/coverage/{plan.public_id}/{city.branches[0].public_id}/names"
    visit(runtime, client, (Role.NODE_ADMINISTRATOR, city.city))
    links = re.findall(r'href="(/members/\w+)"', client.get(address).text)
    assert len(links) == 5
    with runtime.db.read() as tx:
        here = select(Member.public_id).where(Member.organisation_id == city.branches[0].id)
        assert {link.rsplit("/", 1)[1] for link in links} == set(tx.scalars(here))
