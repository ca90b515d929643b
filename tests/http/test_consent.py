"""Nobody goes on before they have read what happens to their data, and each version is asked anew."""

import dataclasses
import hashlib

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts import api as accounts_api
from academy.accounts import consent, sessions
from academy.accounts.models import Account, Consent
from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.support import factories as make


@pytest.fixture
def runtime(runtime: Runtime) -> Runtime:
    return dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, consent=True))


@pytest.fixture
def person(runtime: Runtime) -> Account:
    with runtime.db.begin() as tx:
        return make.account(tx, make.member(tx, make.organisation(tx, level="city")))


@pytest.fixture
def client(app: Flask, runtime: Runtime, person: Account) -> FlaskClient:
    made = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(made, make.session_token(tx, person))
    return made


def test_the_text_comes_first_and_is_asked_once(client: FlaskClient, runtime: Runtime) -> None:
    assert client.get("/library?q=1").headers["Location"] == "/consent?next=/library?q%3D1"
    page = client.get("/consent?next=/library").text
    assert "同意，继续" in page and "您的权利" in page
    assert client.post("/me/password", data={}).headers["Location"] == "/consent?next=/"
    answer = client.get("/api/v1/jobs/nosuch", headers={"Accept": "application/json"})
    assert (answer.status_code, (answer.json or {})["type"]) == (403, "urn:academy:consent-required")
    assert client.post("/consent", data={"verb": "agree", "next": "//evil.example"}).headers["Location"] == "/"
    assert client.get("/library").status_code == 200
    assert "同意，继续" not in client.get("/consent").text
    with runtime.db.read() as tx:
        row = tx.scalars(select(Consent)).one()
    assert (row.version, row.language, row.withdrawn_at) == (consent.CONSENT_VERSION, "zh", None)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_new_version_asks_again(client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    client.post("/consent", data={"verb": "agree"})
    for module in (consent, accounts_api):  # pages read it through the api
        monkeypatch.setattr(module, "CONSENT_VERSION", "2")
    assert client.get("/library").headers["Location"] == "/consent?next=/library"
    assert "说明更新了" in client.get("/consent").text
    client.post("/consent", data={"verb": "agree"})
    with runtime.db.read() as tx:
        assert list(tx.scalars(select(Consent.version).order_by(Consent.id))) == ["1", "2"]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_who_does_not_agree_is_signed_out_and_who_withdraws_stops(client: FlaskClient, runtime: Runtime) -> None:
    client.post("/consent", data={"verb": "agree"})
    assert client.post("/consent/withdraw").status_code == 303
    assert client.get("/library").headers["Location"].startswith("/consent")
    assert client.get("/me/data").status_code == 200, "one's data stays within reach"
    with runtime.db.read() as tx:
        assert tx.scalars(select(Consent.withdrawn_at)).one() is not None
    assert client.post("/consent", data={"verb": "refuse"}).headers["Location"] == "/sign-in"
    assert client.get("/consent").status_code == 200
    assert client.get("/me/data").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_programs_are_asked_nothing(app: Flask, runtime: Runtime, person: Account) -> None:
    with runtime.db.begin() as tx:
        token = sessions.open_program_session(tx, person, 1)
    answer = app.test_client().get("/api/v1/session", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 204
    assert app.test_client().get("/api/v1/jobs/x", headers={"Authorization": f"Bearer {token}"}).status_code == 404


def test_no_text_changes_under_its_version() -> None:
    words = "\n".join(sentence.text for part in consent.CONSENT_TEXT for sentence in part)
    assert hashlib.sha256(words.encode()).hexdigest() == consent.DIGESTS[consent.CONSENT_VERSION]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_it_can_be_read_in_english(client: FlaskClient) -> None:
    client.set_cookie("lang", "en")
    page = client.get("/consent").text
    assert "Your rights" in page and "您的权利" not in page
