"""Signing in as a person does it."""

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts import creation, service
from academy.accounts.authentication import passwords, throttle
from academy.accounts.authentication.reauthentication import FRESH
from academy.accounts.models import Account, LoginSession
from academy.accounts.sessions import open_session
from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.notifications.service import notify
from tests.conftest import sign_in
from tests.support import factories as make

PASSWORD = "春天的第一课2026"


@pytest.fixture
def zhao(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city", name="河口村党支部"), number="A7")
        return creation.create_account(
            tx,
            SYSTEM,
            username="zhao",
            display_name="赵小满",
            member=person,
            password_hash=passwords.hash_password(PASSWORD),
        )


def enter(client: FlaskClient, target: str = "") -> str:
    answer = client.post("/sign-in", data={"username": "zhao", "password": PASSWORD, "next": target})
    assert answer.status_code == 303
    return str(answer.headers["Location"])


@pytest.mark.parametrize(
    ("target", "lands"),
    [("/me", "/me"), ("/me?x=1", "/me?x=1"), ("", "/")]
    + [(evil, "/") for evil in ("//evil.example", "/\\evil.example", "https://evil.example", "\\\\evil", "/\t/evil")],
)
def test_one_lands_where_one_was_going_but_only_here(
    client: FlaskClient, zhao: Account, target: str, lands: str
) -> None:
    assert enter(client, target) == lands


def test_the_way_to_a_page_leads_through_sign_in(client: FlaskClient, zhao: Account) -> None:
    answer = client.get("/me?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in?next=/me?x%3D1")


def test_a_wrong_password_is_said_once_for_all(client: FlaskClient, zhao: Account) -> None:
    for name in ("zhao", "nobody"):
        answer = client.post("/sign-in", data={"username": name, "password": "wrong"})
        assert answer.status_code == 422
        assert "账号或密码不对" in answer.text
        assert f'value="{name}"' in answer.text, "what was typed is kept"
    assert "wrong" not in answer.text


def test_a_session_set_beforehand_is_worth_nothing(app: Flask, runtime: Runtime, zhao: Account) -> None:
    client = app.test_client()
    sign_in(client, "preset-token")
    assert client.get("/me").status_code == 302
    enter(client)
    with client.session_transaction() as cookie:
        assert cookie["_user_id"] != "preset-token"
    assert client.get("/me").status_code == 200


def test_signing_out_ends_it_on_the_server(app: Flask, runtime: Runtime, zhao: Account) -> None:
    client, thief = app.test_client(), app.test_client()
    enter(client)
    with client.session_transaction() as cookie:
        sign_in(thief, cookie["_user_id"])
    assert thief.get("/me").status_code == 200
    assert client.post("/sign-out").status_code == 303
    assert client.get("/me").status_code == thief.get("/me").status_code == 302


def test_my_page_shows_me_and_my_devices(app: Flask, runtime: Runtime, zhao: Account) -> None:
    phone, hall = app.test_client(), app.test_client()
    enter(phone)
    enter(hall)
    page = phone.get("/me")
    assert "河口村党支部" in page.text and "A7" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    with runtime.db.read() as tx:
        other = tx.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first()
    assert other is not None
    assert phone.post(f"/me/devices/{other.public_id}/end").status_code == 303
    assert hall.get("/me").status_code == 302
    assert phone.get("/me").status_code == 200


def test_ending_a_device_asks_who_one_is(app: Flask, runtime: Runtime, zhao: Account) -> None:
    """Not within minutes of signing in, when they just said so; later by the password, which is not to be guessed."""
    phone, hall = app.test_client(), app.test_client()
    enter(phone)
    enter(hall)
    with runtime.db.read() as tx:
        other = tx.scalars(select(LoginSession).order_by(LoginSession.id.desc())).first()
    assert other is not None
    address = f"/me/devices/{other.public_id}/end"
    with clock.frozen(clock.now() + FRESH + dt.timedelta(seconds=1)):
        asked = phone.post(address)
        assert asked.status_code == 422 and 'name="password"' in asked.text and "密码不对" not in asked.text
        assert hall.get("/me").status_code == 200, "nothing ended yet"
        assert "请再填一次密码" in phone.post(address, data={"password": ""}).text
        for _ in range(throttle.NAME_HERE):
            assert "密码不对" in phone.post(address, data={"password": "wrong"}).text
        assert phone.post(address, data={"password": PASSWORD}).status_code == 503
        assert hall.get("/me").status_code == 200
    with clock.frozen(clock.now() + 3 * throttle.WINDOW):
        assert phone.post(address, data={"password": PASSWORD}).status_code == 303
        assert hall.get("/me").status_code == 302 and phone.get("/me").status_code == 200


def test_who_has_no_password_signs_on_again(app: Flask, runtime: Runtime, zhao: Account) -> None:
    with runtime.db.begin() as tx:
        account = tx.get_one(Account, zhao.id)
        account.password_hash = None
        stale, other = (open_session(tx, runtime, account) for _ in range(2))
    client = app.test_client()
    sign_in(client, stale)
    with runtime.db.read() as tx:
        address = (
            f"/me/devices/{tx.scalars(select(LoginSession.public_id).order_by(LoginSession.id.desc())).first()}/end"
        )
    with clock.frozen(clock.now() + FRESH + dt.timedelta(seconds=1)):
        for form in ({}, {"password": ""}, {"password": PASSWORD}):
            answer = client.post(address, data=form)
            assert answer.status_code == 422 and "重新登录" in answer.text
        with runtime.db.begin() as tx:
            sign_in(client, open_session(tx, runtime, tx.get_one(Account, zhao.id)))
        assert client.post(address).status_code == 303
        thief = app.test_client()
        sign_in(thief, other)
        assert thief.get("/me").status_code == 302


def test_a_code_from_the_branch_leads_in(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city"), number="A8")
        code = service.issue_activation_code(tx, SYSTEM, person)
    form = {"number": "A8", "code": code, "password": PASSWORD, "again": PASSWORD + "x"}
    assert "两次填写的密码不一样" in client.post("/activate", data=form).text
    form["again"] = PASSWORD
    assert client.post("/activate", data=form).status_code == 303
    assert client.get("/me").status_code == 200
    assert "编号或激活码不对" in client.post("/activate", data=form).text


def test_a_changed_password_asks_for_the_old_one(client: FlaskClient, zhao: Account) -> None:
    enter(client)
    form = {"old": "wrong", "password": "秋天的第二课2027", "again": "秋天的第二课2027"}
    answer = client.post("/me/password", data=form)
    assert answer.status_code == 422 and "原密码不对" in answer.text
    form["old"] = PASSWORD
    assert client.post("/me/password", data=form).status_code == 303
    assert client.get("/me").status_code == 200


def test_a_used_session_is_kept_alive_but_rarely_written(client: FlaskClient, runtime: Runtime, zhao: Account) -> None:
    enter(client)

    def seen() -> dt.datetime:
        with runtime.db.read() as tx:
            return tx.scalars(select(LoginSession.seen_at)).one()

    first = seen()
    client.get("/me")
    assert seen() == first
    with clock.frozen(clock.now() + dt.timedelta(days=1)):
        client.get("/me")
    assert seen() > first


def test_a_notice_is_read_by_opening_it(client: FlaskClient, runtime: Runtime, zhao: Account) -> None:
    enter(client)
    assert "还没有消息" in client.get("/notifications").text
    with runtime.db.begin() as tx:
        notify(tx, key="k", body=msg("《%(t)s》已开课。", t="春训"), link="/me", member_id=zhao.member_id)
    page = client.get("/notifications").text
    assert "《春训》已开课。" in page
    action = page.split('action="/notifications/')[2].split('"')[0]
    assert client.post(f"/notifications/{action}").headers["Location"] == "/me"
    assert "未读：" not in client.get("/notifications").text
    assert client.post("/notifications/nosuchnotice2345/open").status_code == 404


def test_a_browser_is_known_after_the_first_sign_in(client: FlaskClient, zhao: Account) -> None:
    enter(client)
    assert client.get_cookie("known") is not None
    client.post("/sign-out")
    for _ in range(6):
        assert client.post("/sign-in", data={"username": "zhao", "password": "wrong"}).status_code == 422
    stranger = client.application.test_client()
    stranger.set_cookie("known", "forged")
    answers = [stranger.post("/sign-in", data={"username": "zhao", "password": "wrong"}) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [422] * 5 + [503]
    assert "请等" in answers[-1].text
    enter(client)
