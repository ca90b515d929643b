"""Sign-in and activation ask one question a screen, keep what was answered, and work without script."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts import service
from academy.accounts.authentication import passwords
from academy.accounts.models import Account
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from tests.support import factories as make

PASSWORD = "春天的第一课2026"


@pytest.fixture
def code(runtime: Runtime) -> str:
    """The code of member 20260001."""
    with runtime.db.begin() as tx:
        person = make.member(tx, make.organisation(tx, level="city"), number="20260001")
        return service.issue_activation_code(tx, SYSTEM, person)


def asked(page: str) -> list[str]:
    """Names of the fields that a person fills in on the page, without those only for browsers without script."""
    page = re.sub(r"<noscript>.*?</noscript>", "", page.split("<main")[1], flags=re.S)
    fields = re.findall(r"<input\b[^>]*>", page)
    shown = [field for field in fields if 'type="hidden"' not in field and 'aria-hidden="true"' not in field]
    return [name[1] for field in shown if (name := re.search(r'\bname="([^"]+)"', field)) and name[1] != "phone"]


def test_activation_asks_number_code_and_password_one_after_the_other(client: FlaskClient, code: str) -> None:
    page = client.get("/activate").text
    assert asked(page) == ["number"] and "第 1 步，共 3 步" in page and 'inputmode="text"' not in page
    page = client.post("/activate", data={"number": "20260001", "code": ""}).text
    assert asked(page) == ["code"] and 'name="number" value="20260001"' in page
    assert 'autocomplete="one-time-code" inputmode="numeric"' in page
    page = client.post("/activate", data={"number": "20260001", "code": code}).text
    assert asked(page) == ["password"] and f'name="code" value="{code}"' in page
    assert 'autocomplete="new-password"' in page and 'data-reveal="显示密码"' in page
    answer = client.post("/activate", data={"number": "20260001", "code": code, "password": PASSWORD})
    assert answer.status_code == 303 and client.get("/me").status_code == 200


def test_a_wrong_code_is_said_at_once_and_everything_stays(client: FlaskClient, runtime: Runtime, code: str) -> None:
    answer = client.post("/activate", data={"number": "20260001", "code": "1234"})
    assert answer.status_code == 422 and "编号或激活码不对" in answer.text
    assert asked(answer.text) == ["number", "code"]
    assert 'value="20260001"' in answer.text and 'value="1234"' in answer.text
    page = client.post("/activate", data={"number": "20260001", "code": code, "password": "1234"})
    assert page.status_code == 422 and "密码至少 8 位" in page.text and asked(page.text) == ["password"]
    assert f'value="{code}"' in page.text
    with runtime.db.read() as tx:
        assert "activation.failed" in tx.scalars(select(AuditEntry.verb)).all()


def test_a_look_at_a_code_is_counted_as_a_guess_and_uses_nothing_up(client: FlaskClient, code: str) -> None:
    for _ in range(5):
        assert client.post("/activate", data={"number": "20260001", "code": "0000"}).status_code == 422
    assert client.post("/activate", data={"number": "20260001", "code": code}).status_code == 503
    again = client.application.test_client()
    for _ in range(3):
        answer = again.post(
            "/activate",
            data={"number": "20260001", "code": code},
            environ_base={"REMOTE_ADDR": "10.9.8.7"},
        )
        assert answer.status_code == 200 and asked(answer.text) == ["password"]


@pytest.mark.parametrize("again", [PASSWORD, "another"])
def test_without_script_the_password_is_typed_twice(client: FlaskClient, code: str, again: str) -> None:
    page = client.post("/activate", data={"number": "20260001", "code": code}).text
    assert 'name="again"' in re.findall(r"<noscript>(.*?)</noscript>", page, re.S)[-1]
    form = {"number": "20260001", "code": code, "password": PASSWORD, "again": again}
    answer = client.post("/activate", data=form)
    assert (answer.status_code == 303) is (again == PASSWORD)
    if again != PASSWORD:
        assert "两次填写的密码不一样" in answer.text and asked(answer.text) == ["password"]


def test_sign_in_asks_who_and_then_the_password(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account = make.account(tx, make.member(tx, make.organisation(tx, level="city"), number="20260002"))
        tx.get_one(Account, account.id).password_hash = passwords.hash_password(PASSWORD)
    client = app.test_client()
    page = client.get("/sign-in?next=/library").text
    assert asked(page) == ["username"]
    assert 'autocomplete="username" inputmode="numeric"' in page
    assert 'inputmode="text"' in client.get("/sign-in?letters=1").text
    page = client.post("/sign-in", data={"username": "20260002", "next": "/library"}).text
    assert asked(page) == ["password"] and "20260002" in page and 'autocomplete="current-password"' in page
    answer = client.post("/sign-in", data={"username": "20260002", "password": "x", "next": "/library"})
    assert answer.status_code == 422 and asked(answer.text) == ["password"] and 'value="20260002"' in answer.text
    answer = client.post("/sign-in", data={"username": "20260002", "password": PASSWORD, "next": "/library"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/library")
    answer = app.test_client().post("/sign-in", data={"username": " "})
    assert answer.status_code == 422 and "请填写编号或手机号" in answer.text


def test_numbers_with_letters_get_a_full_keyboard(client: FlaskClient, runtime: Runtime, code: str) -> None:
    assert "我的编号里有字母" in client.get("/activate").text
    with runtime.db.begin() as tx:
        make.member(tx, make.organisation(tx), number="A77")
    page = client.get("/activate").text
    assert 'id="number" name="number" type="text"' in page and 'inputmode="text"' in page
    assert "我的编号里有字母" not in page


@pytest.mark.parametrize("address", ["/sign-in", "/activate", "/activate?number=20260001"])
def test_every_screen_says_whom_to_ask(client: FlaskClient, address: str) -> None:
    assert "不会弄？问支部" in client.get(address).text
