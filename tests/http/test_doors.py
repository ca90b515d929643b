"""Errors, headers and languages, as a browser and a program meet them."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from academy.core.audit import AuditEntry
from academy.core.errors import Busy, Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.http import PUBLIC, page
from academy.http.declarations import collect


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """Ours alone: these tests add addresses to it."""
    return fresh_app


def raising(app: Flask, error: Exception) -> None:
    @page(PUBLIC)
    def view() -> str:
        raise error

    app.add_url_rule("/boom", "boom", view)
    app.add_url_rule("/api/boom", "api_boom", view)
    collect(app, app.extensions["academy"].settings)


def test_one_envelope_for_programs(app: Flask, client: FlaskClient) -> None:
    raising(app, Invalid(fields={"title": msg("请填写标题。")}))
    answer = client.get("/api/boom")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert answer.json == {
        "type": "urn:academy:invalid",
        "title": "请填写标题。",
        "status": 422,
        "errors": {"title": "请填写标题。"},
    }


def test_one_page_for_people(app: Flask, client: FlaskClient) -> None:
    raising(app, Conflict(msg("别人刚刚改过。")))
    answer = client.get("/boom")
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert "别人刚刚改过。" in answer.text
    assert 'lang="zh-CN"' in answer.text


def test_busy_says_when_to_come_back(app: Flask, client: FlaskClient) -> None:
    raising(app, Busy(retry_after=7))
    answer = client.get("/api/boom")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


def test_forbidden_looks_like_missing_and_is_audited(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    raising(app, Forbidden("organisation:abc"))
    refused, missing = client.get("/api/boom"), client.get("/api/v1/no-such-thing")
    assert refused.status_code == missing.status_code == 404
    assert (refused.json or {})["title"] == (missing.json or {})["title"]
    with runtime.db.read() as tx:
        row = tx.scalars(select(AuditEntry)).one()
        assert (row.verb, row.target, row.account_id) == ("access.refused", "organisation:abc", None)


def test_a_crash_gives_a_reference_and_no_detail(app: Flask, client: FlaskClient) -> None:
    raising(app, RuntimeError("password=hunter2"))
    answer = client.get("/api/boom")
    assert answer.status_code == 500
    assert "hunter2" not in answer.text
    assert "编号" in (answer.json or {})["title"]


def test_a_full_disk_is_said_plainly(app: Flask, client: FlaskClient) -> None:
    raising(app, OSError(28, "No space left on device"))
    assert client.get("/api/boom").status_code == 507


@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_two_who_waited_for_each_other_are_asked_to_try_again(
    app: Flask, runtime: Runtime, client: FlaskClient
) -> None:
    with runtime.db.read() as tx, pytest.raises(OperationalError) as caught:
        tx.execute(text("DO $$ BEGIN RAISE deadlock_detected; END $$"))
    raising(app, caught.value)
    answer = client.get("/api/boom")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "再试一次" in (answer.json or {})["title"]


def test_every_page_carries_the_headers(client: FlaskClient) -> None:
    headers = client.get("/sign-in").headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    first, second = (client.get("/sign-in").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second, "the nonce is new each time"


def test_only_an_answer_that_says_something_sets_the_cookie(client: FlaskClient) -> None:
    """Else a picture fetched meanwhile would undo the sentence that a form left for the next page."""
    with client.session_transaction() as session:
        session.permanent = True
        session["kept"] = "1"
    assert "Set-Cookie" not in client.get("/api/v1/health").headers


def test_an_address_or_a_form_with_a_nul_finds_nothing(client: FlaskClient) -> None:
    assert client.get("/courses/a%00b").status_code == 404
    assert client.get("/sign-in?next=%00").status_code == 404
    assert client.post("/sign-in", data={"username": "a\0", "password": "x"}).status_code == 404


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_refused_input_is_logged_without_its_words(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        client.post("/sign-in", data={"username": "somebody", "password": "hunter2"})
        client.post("/api/v1/progress/heartbeats", data="hunter2")
    lines = [record for record in caplog.records if record.getMessage() == "request.refused"]
    assert [(line.endpoint, line.status) for line in lines] == [  # type: ignore[attr-defined]
        ("accounts.sign_in_post", 422),
        ("api_progress.heartbeat", 400),
    ]
    assert "hunter2" not in caplog.text and "somebody" not in caplog.text
