"""A code for an account is worth what the account may do: for an office, only a security officer gives one."""

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import func, select

from academy.accounts import creation, grants, queries, service
from academy.accounts.authentication import passwords
from academy.accounts.models import Account, ActivationCode, RoleGrant
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role, Scope
from academy.core.audit import AuditEntry
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.runtime import Runtime
from academy.notifications.models import Notification
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.support import factories as make

PASSWORD = "春天的第一课2026"
OFFICES = [role for role in Role if role is not Role.MEMBER]
ISSUERS = [Role.BRANCH_SECRETARY, Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER, Role.SECURITY_OFFICER]


OFFICER = make.NUMBERED


@pytest.fixture(autouse=True)
def _officer(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        make.numbered_accounts(tx, OFFICER)


def holder(node: Organisation, role: Role, account_id: int = OFFICER) -> Actor:
    return Actor(account_id=account_id, scopes=(Scope(role, node.id, node.path),))


@pytest.mark.parametrize("office", OFFICES)
@pytest.mark.parametrize("begins", [-1, 30])
def test_only_a_security_officer_of_all_of_it_gives_one(runtime: Runtime, office: Role, begins: int) -> None:
    """Whatever the office, wherever it is held, and also when it begins later."""
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        county, elsewhere = (make.organisation(tx, city, level="county") for _ in range(2))
        branch = make.organisation(tx, county)
        person = make.member(tx, branch)
        account = make.account(tx, person)
        day = clock.today() + dt.timedelta(days=begins)
        tx.add(RoleGrant(account_id=account.id, role=office, organisation_id=elsewhere.id, valid_from=day))
        tx.flush()
        for role in ISSUERS:
            for node in (branch, county, city):
                allowed = role is Role.SECURITY_OFFICER and node is city
                if allowed:
                    assert service.issue_activation_code(tx, holder(node, role), person)
                else:
                    with pytest.raises(Conflict, match="安全管理员"):
                        service.issue_activation_code(tx, holder(node, role), person)
        with pytest.raises(Forbidden):
            service.issue_activation_code(tx, holder(elsewhere, Role.SECURITY_OFFICER), person)


def test_who_held_an_office_once_is_a_member_like_any_other(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch)
        account = make.account(tx, person)
        past = clock.today() - dt.timedelta(days=9)
        tx.add(
            RoleGrant(
                account_id=account.id, role=Role.TRAINER, organisation_id=branch.id, valid_from=past, valid_to=past
            )
        )
        tx.flush()
        assert service.issue_activation_code(tx, holder(branch, Role.BRANCH_SECRETARY), person)


@pytest.mark.parametrize("office", OFFICES)
def test_a_code_from_before_the_office_opens_nothing(runtime: Runtime, office: Role) -> None:
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        person = make.member(tx, branch, number="A7")
        account = make.account(tx, person)
        code = service.issue_activation_code(tx, holder(branch, Role.BRANCH_SECRETARY), person)
        grants.grant_role(tx, SYSTEM, account, office, branch)
    with pytest.raises(Invalid, match="编号或激活码不对"):
        service.activate_account(runtime, "A7", code, PASSWORD)


def test_a_security_officer_gives_one_on_the_page_and_the_owner_hears_of_it(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        branch = make.organisation(tx, city)
        person = make.member(tx, branch, number="A7")
        owner = make.account(tx, person, (Role.NODE_ADMINISTRATOR, city))
        guard = make.account(tx, make.member(tx, branch), (Role.SECURITY_OFFICER, city))
        secretary = make.account(tx, make.member(tx, branch), (Role.BRANCH_SECRETARY, branch))
        tokens = [make.session_token(tx, who) for who in (guard, secretary)]
    officer, below = app.test_client(), app.test_client()
    sign_in(officer, tokens[0])
    sign_in(below, tokens[1])
    refused = below.post(f"/members/{person.public_id}/code")
    assert refused.status_code == 409 and "安全管理员" in refused.text
    assert below.post("/grants/code", data={"holder": "A7"}).status_code == 404
    assert officer.post("/grants/code", data={"holder": "nobody"}).status_code == 422
    page = officer.post("/grants/code", data={"holder": "A7"})
    assert page.status_code == 200
    typed = page.text.split('<p class="code">')[1].split("</p>")[0]
    with runtime.db.read() as tx:
        told = tx.scalars(select(Notification.body).where(Notification.account_id == owner.id)).all()
    assert any("发了激活码" in body["text"] for body in told)
    assert service.activate_account(runtime, "A7", typed, PASSWORD)
    with runtime.db.read() as tx:
        told = tx.scalars(select(Notification.body).where(Notification.account_id == owner.id)).all()
        assert tx.scalar(select(func.count()).select_from(ActivationCode)) == 1
    assert any("设了新密码" in body["text"] for body in told)


def test_paper_codes_are_renewed_by_who_has_the_phone_and_on_record(app: Flask, runtime: Runtime) -> None:
    from tests.http.second_steps import enrol, later, now

    with runtime.db.begin() as tx:
        account = creation.create_account(
            tx, SYSTEM, username="boss", display_name="管理员", password_hash=passwords.hash_password(PASSWORD)
        )
    client = app.test_client()
    client.post("/sign-in", data={"username": "boss", "password": PASSWORD})
    key, paper = enrol(client)
    for wrong in ({}, {"code": "000000"}, {"code": "é"}):
        answer = client.post("/me/second-step/paper", data=wrong)
        assert answer.status_code == 422 and "验证码不对" in answer.text
    with clock.frozen(later(2)):
        assert "旧的备用码已作废" in client.post("/me/second-step/paper", data={"code": now(key)}).text
    assert client.post("/me/second-step/paper", data={"code": paper[0]}).status_code in {422, 503}, "it is void"
    with runtime.db.read() as tx:
        verbs = tx.scalars(select(AuditEntry.verb).where(AuditEntry.target == f"account:{account.public_id}")).all()
        told = tx.scalars(select(Notification.body).where(Notification.account_id == account.id)).all()
    assert verbs.count("second-step.paper") == 1
    assert any("备用码换了" in body["text"] for body in told)


def test_a_file_of_an_office_ends_with_the_office(app: Flask, runtime: Runtime) -> None:
    from academy.reports import service as reports

    with runtime.db.begin() as tx:
        node = make.organisation(tx, level="city")
        other = make.organisation(tx, level="city")
        officer = make.account(tx, make.member(tx, node), (Role.NODE_ADMINISTRATOR, node), (Role.AUDITOR, other))
        export = reports.request_export(
            tx, make.actor_of(tx, officer), "quality", {"organisation": node.public_id}, title="名单"
        )
        export.stored_at = "export.xlsx"
        token = make.session_token(tx, officer)
    runtime.settings.data_dir.mkdir(parents=True, exist_ok=True)
    (runtime.settings.data_dir / "export.xlsx").write_bytes(b"PK")
    client = app.test_client()
    sign_in(client, token)
    with client.get(f"/exports/{export.public_id}/file") as answer:
        assert answer.status_code == 200
    with runtime.db.begin() as tx:
        held = queries.grants_of(tx, tx.get_one(Account, officer.id).id)
        for grant, where in held:
            if where.id == node.id:
                grant.valid_to = clock.today()
    assert client.get(f"/exports/{export.public_id}/file").status_code == 404, (
        "another office elsewhere is no key to it"
    )
