"""Roles given and taken by form; the trail is the auditor's."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Account, RoleGrant
from academy.accounts.queries import scopes_of
from academy.core import clock
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.support import factories as make

Enter = Callable[[Role], FlaskClient]


@pytest.fixture
def city(runtime: Runtime) -> Organisation:
    with runtime.db.begin() as tx:
        return make.organisation(tx, level="city", name="云城市委")


@pytest.fixture
def worker(runtime: Runtime, city: Organisation) -> Account:
    with runtime.db.begin() as tx:
        return make.account(tx, make.member(tx, make.organisation(tx, city, name="河口村党支部"), name="赵小满"))


@pytest.fixture
def enter(app: Flask, runtime: Runtime, city: Organisation) -> Enter:
    def as_(role: Role) -> FlaskClient:
        client = app.test_client()
        with runtime.db.begin() as tx:
            sign_in(client, make.session_token(tx, make.account(tx, None, (role, city))))
        return client

    return as_


def test_a_security_officer_gives_and_takes(
    enter: Enter, runtime: Runtime, city: Organisation, worker: Account
) -> None:
    client = enter(Role.SECURITY_OFFICER)
    form = {"username": worker.username, "role": "auditor", "organisation": city.code, "valid_to": ""}
    assert client.post("/grants", data=form).status_code == 303
    assert "赵小满" in client.get("/grants?q=小满").text
    assert "没有找到授权" in client.get("/grants?q=%").text
    again = client.post("/grants", data={**form, "role": "system_administrator"})
    assert again.status_code == 409 and "三员不能由一人兼任" in again.text
    for field, value in (("role", "king"), ("organisation", "nope"), ("username", "nobody"), ("valid_to", "x")):
        assert client.post("/grants", data={**form, field: value}).status_code == 422
    with runtime.db.read() as tx:
        grant = tx.scalars(select(RoleGrant).where(RoleGrant.account_id == worker.id)).one()
        assert grant.granted_by is not None
    assert client.post(f"/grants/{grant.public_id}/revoke").status_code == 303
    assert client.post(f"/grants/{grant.public_id}/revoke").status_code == 404


def test_an_administrator_names_secretaries_only(enter: Enter, city: Organisation, worker: Account) -> None:
    client = enter(Role.NODE_ADMINISTRATOR)
    assert "审计员" not in client.get("/grants").text.split("<select")[1].split("</select>")[0]
    form = {"username": worker.username, "role": "branch_secretary", "organisation": city.code}
    assert client.post("/grants", data=form).status_code == 303
    assert client.post("/grants", data={**form, "role": "node_administrator"}).status_code == 404


def test_who_has_an_account_is_not_told_to_strangers(
    enter: Enter, runtime: Runtime, city: Organisation, worker: Account
) -> None:
    client = enter(Role.NODE_ADMINISTRATOR)
    with runtime.db.begin() as tx:
        elsewhere = make.account(tx, make.member(tx, make.organisation(tx, level="city")))
    said = {
        client.post(
            "/grants", data={"username": name, "role": "branch_secretary", "organisation": city.code}
        ).status_code
        for name in (elsewhere.username, "nobody")
    }
    assert said == {422}


def test_the_trail_is_the_auditors(enter: Enter, runtime: Runtime, worker: Account) -> None:
    for role in (Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_OFFICER, Role.NODE_ADMINISTRATOR):
        assert enter(role).get("/audit").status_code == 404
    client = enter(Role.AUDITOR)
    enter(Role.NODE_ADMINISTRATOR).get("/organisations/nosuchplace23456")
    with runtime.db.begin() as tx:
        tx.add(AuditEntry(verb="member.read", target="member:abc", account_id=worker.id, detail={"k": "v"}))
    page = client.get("/audit?verb=member.&who=" + worker.username).text
    assert "member:abc" in page and "k=v" in page
    assert "没有找到记录" in client.get("/audit?verb=%25").text
    assert "没有找到记录" in client.get("/audit?who=nobody").text
    with runtime.db.read() as tx:
        assert len(tx.scalars(select(AuditEntry).where(AuditEntry.verb == "audit.searched")).all()) == 3


def test_a_role_from_a_day_on_shows_its_giver_and_can_be_taken_before(
    enter: Enter, runtime: Runtime, city: Organisation, worker: Account
) -> None:
    client = enter(Role.SECURITY_OFFICER)
    first = clock.today() + dt.timedelta(days=7)
    form = {"username": worker.username, "role": "reviewer", "organisation": city.code, "valid_from": str(first)}
    assert client.post("/grants", data={**form, "valid_from": str(clock.today() - dt.timedelta(1))}).status_code == 422
    assert client.post("/grants", data=form).status_code == 303
    with runtime.db.read() as tx:
        grant = tx.scalars(select(RoleGrant).where(RoleGrant.account_id == worker.id)).one()
        giver = tx.get_one(Account, grant.granted_by).display_name
        assert scopes_of(tx, worker.id) == ()
    page = client.get("/grants?q=小满").text
    assert f'data-label="授权人">{giver}<' in page and f"{first.month}月{first.day}日" in page
    with clock.frozen(clock.now() + dt.timedelta(days=8)), runtime.db.read() as tx:
        assert [scope.role for scope in scopes_of(tx, worker.id)] == [Role.REVIEWER]
    assert client.post(f"/grants/{grant.public_id}/revoke").status_code == 303
    with clock.frozen(clock.now() + dt.timedelta(days=8)), runtime.db.read() as tx:
        assert scopes_of(tx, worker.id) == ()


def test_an_officer_signs_somebody_out_everywhere(
    enter: Enter, app: Flask, runtime: Runtime, city: Organisation, worker: Account
) -> None:
    phone = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(phone, make.session_token(tx, worker))
        elsewhere = make.account(tx, make.member(tx, make.organisation(tx, level="city")))
    officer = enter(Role.NODE_ADMINISTRATOR)
    for name in (elsewhere.username, "nobody"):
        refused = officer.post("/grants/sign-out", data={"lost": name})
        assert refused.status_code == 422 and "没有这个账号" in refused.text
    assert phone.get("/me").status_code == 200
    assert officer.post("/grants/sign-out", data={"lost": worker.username}).status_code == 303
    assert phone.get("/me").status_code == 302
