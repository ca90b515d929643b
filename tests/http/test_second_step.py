"""A password alone does not open an office."""

import dataclasses
import datetime as dt
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts import creation, grants
from academy.accounts.authentication import passwords
from academy.accounts.authentication.reauthentication import FRESH
from academy.accounts.models import Account, LoginSession, SecondFactor
from academy.accounts.sessions import open_program_session
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.ids import ALPHABET
from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.http.second_steps import enrol, later, now
from tests.support import factories as make

PASSWORD = "春天的第一课2026"


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    return dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, second_step=True))


@pytest.fixture
def boss(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        account = creation.create_account(
            tx, SYSTEM, username="boss", display_name="管理员", password_hash=passwords.hash_password(PASSWORD)
        )
        grants.grant_role(tx, SYSTEM, account, Role.NODE_ADMINISTRATOR, make.organisation(tx, level="city"))
        return account


def enter(client: FlaskClient, target: str = "/organisations") -> str:
    answer = client.post("/sign-in", data={"username": "boss", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


@pytest.mark.thorough
def test_an_office_waits_until_the_second_step_is_set_up_and_approved(
    app: Flask, client: FlaskClient, boss: Account
) -> None:
    assert enter(client) == "/organisations"
    assert client.get("/organisations").headers["Location"].startswith("/me/second-step")
    assert client.get("/api/v1/nothing", headers={"Accept": "application/json"}).status_code == 404
    assert client.post("/me/second-step", data={"code": "000000"}).status_code == 303, "nothing was begun"
    client.get("/me/second-step")
    wrong = client.post("/me/second-step", data={"code": "000000"})
    assert wrong.status_code == 422 and "验证码不对" in wrong.text
    _, paper = enrol(client)
    assert len(paper) == 10
    assert client.get("/organisations").headers["Location"].startswith("/me/second-step")
    shown = re.search(r'<p class="code">(\d{3}) (\d{3})</p>', client.get("/me/second-step").text)
    assert shown
    command = ["accounts", "second-step-approve", "boss"]
    other = f"{(int(shown[1] + shown[2]) + 1) % 10**6:06}"
    assert "核对号不对" in app.test_cli_runner().invoke(args=[*command, other]).output
    assert app.test_cli_runner().invoke(args=[*command, shown[1] + shown[2]]).exit_code == 0
    assert app.test_cli_runner().invoke(args=[*command, shown[1] + shown[2]]).exit_code == 1, "once"
    assert client.get("/organisations").status_code == 302
    assert "/organisations/" in client.get("/organisations").headers["Location"]
    assert "已开启" in client.get("/me/second-step").text, "the secret is never shown again"


def test_turning_it_on_asks_who_one_is(app: Flask, runtime: Runtime, boss: Account) -> None:
    """Whoever finds the page open, or stole its session, cannot put their own telephone into it."""
    client = app.test_client()
    enter(client)
    with clock.frozen(clock.now() + FRESH + dt.timedelta(seconds=1)):
        page = client.get("/me/second-step").text
        assert 'name="password"' in page
        secret = re.search(r'class="detail">([A-Z2-7 ]+)<', page)
        assert secret
        code = now(secret[1].replace(" ", ""))
        for typed, said in (("", "请再填一次密码"), ("wrong", "密码不对")):
            answer = client.post("/me/second-step", data={"code": code, "password": typed})
            assert answer.status_code == 422 and said in answer.text
        with runtime.db.read() as tx:
            assert tx.scalars(select(SecondFactor.confirmed_at)).all() == [None]
        assert client.post("/me/second-step", data={"code": code, "password": PASSWORD}).status_code == 200
        with runtime.db.read() as tx:
            assert None not in tx.scalars(select(SecondFactor.confirmed_at)).all()


def test_a_password_alone_is_nobody_then(app: Flask, runtime: Runtime, boss: Account) -> None:
    first, second = app.test_client(), app.test_client()
    enter(first)
    key, _ = enrol(first)
    assert enter(second).startswith("/sign-in/code")
    assert second.get("/me").headers["Location"].startswith("/sign-in?")
    assert second.get("/sign-in?next=/me").headers["Location"] == "/sign-in/code?next=/me"
    with clock.frozen(later(2)):
        wrong = second.post("/sign-in/code", data={"code": "123456"})
        assert wrong.status_code == 422 and "验证码不对" in wrong.text
        done = second.post("/sign-in/code", data={"code": now(key), "next": "//evil.example"})
        assert (done.status_code, done.headers["Location"]) == (303, "/")
        assert second.get("/me").status_code == 200
        third = app.test_client()
        enter(third)
        assert third.post("/sign-in/code", data={"code": now(key)}).status_code == 422, "a code is used once"


def test_a_waiting_session_ends_soon_and_may_be_left(app: Flask, runtime: Runtime, boss: Account) -> None:
    first, second = app.test_client(), app.test_client()
    enter(first)
    key, _ = enrol(first)
    enter(second)
    with clock.frozen(clock.now() + dt.timedelta(minutes=11)):
        late = second.post("/sign-in/code", data={"code": now(key)})
        assert late.status_code == 422 and "等得太久" in late.text
    assert second.post("/sign-in/again").status_code == 303
    assert second.get("/sign-in").status_code == 200
    assert second.get("/sign-in/code").headers["Location"] == "/sign-in"


def test_paper_stands_in_for_the_phone_once(app: Flask, runtime: Runtime, boss: Account) -> None:
    first, second, third = (app.test_client() for _ in range(3))
    enter(first)
    _, paper = enrol(first)
    typed = f" {paper[0][:12].lower()}-{paper[0][12:]} "
    assert len(ALPHABET) ** len(paper[0]) >= 2**112, "long enough for a plain hash"
    enter(second)
    assert second.post("/sign-in/code", data={"code": typed}).status_code == 303
    enter(third)
    assert third.post("/sign-in/code", data={"code": paper[0]}).status_code == 422
    renewed = second.post("/me/second-step/paper", data={"code": paper[2]}).text
    assert "旧的备用码已作废" in renewed
    assert paper[1][:4] + " " not in renewed
    assert third.post("/sign-in/code", data={"code": paper[1]}).status_code == 422, "old paper is void"


def test_guessing_codes_is_slowed(app: Flask, runtime: Runtime, boss: Account) -> None:
    first, second = app.test_client(), app.test_client()
    enter(first)
    key, _ = enrol(first)
    enter(second)
    for _ in range(5):
        assert second.post("/sign-in/code", data={"code": "000000"}).status_code == 422
    with clock.frozen(later(2)):
        assert second.post("/sign-in/code", data={"code": now(key)}).status_code == 503


def test_enrolling_ends_what_a_password_alone_had_opened(app: Flask, runtime: Runtime, boss: Account) -> None:
    first, stolen = app.test_client(), app.test_client()
    enter(first)
    enter(stolen)
    enrol(first)
    assert stolen.get("/me").status_code == 302
    assert first.get("/me").status_code == 200


def test_a_lost_phone_is_mended_by_command_and_programs_need_none(app: Flask, runtime: Runtime, boss: Account) -> None:
    client = app.test_client()
    enter(client)
    enrol(client)
    assert app.test_cli_runner().invoke(args=["accounts", "second-step-off", "boss"]).exit_code == 0
    assert client.get("/me").status_code == 302
    assert enter(client, "/me") == "/me"
    with runtime.db.begin() as tx:
        token = open_program_session(tx, tx.get_one(Account, boss.id), 30)
        assert not tx.scalars(select(LoginSession).where(LoginSession.pending.is_(True))).all()
    changes = {"organisation": "nope", "members": [{"number": "A1", "name": "赵小满", "organisation": "nope"}]}
    bearer = {"Authorization": f"Bearer {token}"}
    asked = app.test_client().post("/api/v1/roster/changes", json=changes, headers=bearer)
    assert asked.status_code == 422


@pytest.mark.parametrize("role", [Role.BRANCH_SECRETARY, Role.TRAINER, Role.NODE_ADMINISTRATOR])
def test_a_branch_secretary_needs_no_phone(app: Flask, runtime: Runtime, role: Role) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, level="city")
        grants = [(held, branch) for held in {role, Role.BRANCH_SECRETARY}]
        sign_in(client, make.session_token(tx, make.account(tx, None, *grants)))
    answer = client.get(f"/organisations/{branch.public_id}")
    assert answer.status_code == (200 if role is Role.BRANCH_SECRETARY else 302)
