"""A transfer and a change of status: what follows is shown and is what then happens; nothing of a look stays; both are
taken back."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.jobs.models import OutboxEvent
from academy.people.models import Member, Membership, MemberTerm
from academy.trainings import service
from academy.trainings.models import Enrolment
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, training


@pytest.fixture
def city(runtime: Runtime) -> City:
    """One training of the city, one of the first town, one of the second."""
    with runtime.db.begin() as tx:
        city = City(tx)
        for title, holder in (("全市培训", city.city), ("甲镇培训", city.towns[0]), ("乙镇培训", city.towns[1])):
            plan = training(tx, holder, city.courses[:1], title=title, opens_on=clock.today(), closes_on=clock.today())
            service.open_training(tx, SYSTEM, plan)
        return city


@pytest.fixture
def client(app: Flask, runtime: Runtime, city: City) -> FlaskClient:
    made = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(made, make.session_token(tx, make.account(tx, None, (Role.ROSTER_OFFICER, city.city))))
    return made


def rows(runtime: Runtime) -> list[object]:
    """Everything that a look must leave as it was."""
    with runtime.db.read() as tx:
        counts = [tx.scalar(select(func.count()).select_from(t)) for t in (Membership, MemberTerm, OutboxEvent)]
        changes = AuditEntry.verb.in_(("member.transferred", "member.status"))
        columns = (Enrolment.member_id, Enrolment.training_id, Enrolment.standing)
        standing = tx.execute(select(*columns).where(Enrolment.standing != "out").order_by(*columns))
        people = tx.execute(select(Member.id, Member.organisation_id, Member.status).order_by(Member.id))
        audit = tx.scalar(select(func.count()).where(changes))
        return [*counts, audit, standing.all(), people.all()]


def fields(page: str) -> dict[str, str]:
    form = re.search(r'<form class="form" method="post".*?</form>', page, re.DOTALL)
    assert form is not None
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))


def test_a_transfer_is_looked_at_done_and_taken_back(client: FlaskClient, runtime: Runtime, city: City) -> None:
    person, (here, there) = city.people[0], (city.branches[0], city.branches[2])
    at, before = f"/members/{person.public_id}", rows(runtime)
    asked = {"verb": "transfer", "organisation": there.code}
    page = client.get(f"{at}/preview", query_string=asked)
    for words in (
        f"从“{here.name}”转到“{there.name}”",
        f"“{here.name}”现有 5 人，转出后 4 人",
        f"“{there.name}”现有 5 人，转入后 6 人",
        f"改算在“{there.name}”名下：《全市培训》",
        "不再要求参加：《甲镇培训》",
        "新要求参加：《乙镇培训》",
        "已经学过的都保留",
    ):
        assert words in page.text
    assert rows(runtime) == before, "a look leaves nothing behind"
    sent = fields(page.text)
    assert client.post(at, data=sent | {"seen": "0" * 20}).status_code == 409
    assert rows(runtime) == before, "what was not seen is not done"
    assert client.post(at, data=sent).status_code == 303
    with runtime.db.read() as tx:
        assert tx.get_one(Member, person.id).organisation_id == there.id
    shown = client.get(at).text
    assert f"转回“{here.name}”" in shown
    assert client.post(f"{at}/undo", data={"verb": "transfer"}).status_code == 303
    with runtime.db.read() as tx:
        spells = tx.scalars(select(Membership).where(Membership.member_id == person.id)).all()
        assert [(s.organisation_id, s.valid_to) for s in spells] == [(here.id, None)], "as if it had not been"
        assert tx.get_one(Member, person.id).organisation_id == here.id
    assert rows(runtime)[4] == before[4], "trainings too"
    again = client.post(f"{at}/undo", data={"verb": "transfer"}, follow_redirects=True)
    assert "没有可以撤回的转接" in again.text


@pytest.mark.parametrize("status", ["left", "deceased", "floating"])
def test_a_change_of_status_is_looked_at_done_and_taken_back(
    client: FlaskClient, runtime: Runtime, city: City, status: str
) -> None:
    person, home = city.people[0], city.branches[0]
    with runtime.db.begin() as tx:
        make.account(tx, tx.get_one(Member, person.id), (Role.BRANCH_SECRETARY, home))
    at, before = f"/members/{person.public_id}", rows(runtime)
    page = client.get(f"{at}/preview", query_string={"verb": "status", "status": status, "note": "去了外省"})
    wanted = {f"不再算“{home.name}”的党员：现有 5 人，之后 4 人", "《全市培训》", "岗位随之收回", "账号不能再登录"}
    assert {words for words in wanted if words in page.text} == (set() if status == "floating" else wanted)
    assert rows(runtime) == before
    assert client.post(at, data=fields(page.text)).status_code == 303
    with runtime.db.read() as tx:
        assert tx.get_one(Member, person.id).status == status
    assert client.post(f"{at}/undo", data={"verb": "status"}).status_code == 303
    with runtime.db.read() as tx:
        found = tx.get_one(Member, person.id)
        assert found.status == "active"
        held = select(Membership).where(Membership.member_id == person.id, Membership.valid_to.is_(None))
        assert tx.scalars(held).one().organisation_id == home.id
    assert rows(runtime)[4] == before[4], "trainings are asked for again"


def test_what_cannot_be_done_is_said_before(client: FlaskClient, runtime: Runtime, city: City) -> None:
    at, before = f"/members/{city.people[0].public_id}/preview", rows(runtime)
    for asked, words in (
        ({"verb": "transfer", "organisation": "nowhere"}, "没有这个组织代码"),
        ({"verb": "transfer", "organisation": city.branches[1].code, "on": "2099-01-01"}, "不能晚于今天"),
        ({"verb": "status", "status": "left", "on": "0001-13-01"}, "请填写日期"),
        ({"verb": "status", "status": "asleep"}, "请从列表里选择"),
    ):
        page = client.get(at, query_string=asked)
        assert page.status_code == 422 and words in page.text, asked
    assert client.get(at, query_string={"verb": "eat"}).status_code == 404
    assert rows(runtime) == before


def test_programs_look_first_too(app: Flask, runtime: Runtime, city: City) -> None:
    """Many at once by the personnel system: with `check` the same counts, and nothing done."""
    with runtime.db.begin() as tx:
        token = make.session_token(tx, make.account(tx, None, (Role.ROSTER_OFFICER, city.city)))
    client, before = app.test_client(), rows(runtime)
    there = city.branches[3].code
    moved = [{"number": one.number, "name": one.name, "organisation": there} for one in city.people[:3]]
    body = {"organisation": city.city.code, "members": moved}
    headers = {"Authorization": f"Bearer {token}"}
    looked = client.post("/api/v1/roster/changes", json=body | {"check": True}, headers=headers)
    assert looked.status_code == 200 and rows(runtime) == before
    done = client.post("/api/v1/roster/changes", json=body, headers=headers)
    assert done.json == looked.json and rows(runtime) != before
