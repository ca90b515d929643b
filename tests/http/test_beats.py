"""Leases and beats as the player sends them."""

import datetime as dt
import json

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from academy.accounts.models import Account, LoginSession
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.learning.tokens import Grant, Signer
from academy.library.models import Course
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.support import factories
from tests.support.ledger_makers import learner, lecture

LEASES = "/api/v1/progress/leases"
BEATS = "/api/v1/progress/heartbeats"
START = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


@pytest.fixture
def course(runtime: Runtime, client: FlaskClient) -> Course:
    """A course, with its learner signed in."""
    with runtime.db.begin() as tx:
        _, _, account = learner(tx)
        sign_in(client, factories.session_token(tx, account))
        return lecture(tx, account)


def _as(client: FlaskClient, app: Flask) -> FlaskClient:
    """The same signed-in browser at another application."""
    with client.session_transaction() as session:
        token = session["_user_id"]
    other = app.test_client()
    sign_in(other, token)
    return other


def open_lease(client: FlaskClient, course: Course, **said: object) -> TestResponse:
    return client.post(LEASES, json={"item": course.shown.items[0].public_id, **said})


def beat(client: FlaskClient, token: object, spans: object, seq: object = 1, **more: object) -> TestResponse:
    return client.post(BEATS, data=json.dumps({"lease": token, "seq": seq, "spans": spans, **more}))


def test_a_viewing_by_http(client: FlaskClient, course: Course) -> None:
    with clock.frozen(START):
        opened = open_lease(client, course)
        assert opened.status_code == 201
        lease = opened.json or {}
    assert (lease["extent"], lease["spans"], lease["seq"]) == (600_000, [], 0)
    stranger = client.application.test_client()  # no cookie at all
    with clock.frozen(START + dt.timedelta(seconds=15)):
        answer = beat(stranger, lease["token"], [[0, 15_000]], position=15_000)
    assert (answer.status_code, answer.data) == (204, b"")
    held = client.get(f"/api/v1/progress/items/{course.shown.items[0].public_id}").json or {}
    assert (held["spans"], held["position"], held["refused"]) == ([[0, 15_000]], 15_000, [])


def test_too_much_is_told_in_words(client: FlaskClient, course: Course) -> None:
    with clock.frozen(START):
        lease = open_lease(client, course).json or {}
    with clock.frozen(START + dt.timedelta(seconds=5)):
        answer = beat(client, lease["token"], [[0, 600_000]], complete=True, duration=1)
    said = answer.json or {}
    assert answer.status_code == 200
    assert (said["gained"], said["reason"], said["finished"]) == (20_000, "too_fast", False)
    assert said["refused"] == [[20_000, 600_000]]
    assert "播放速度" in said["explanation"]


def test_a_second_device_asks_and_takes_over(client: FlaskClient, course: Course) -> None:
    first = open_lease(client, course, device="a").json or {}
    asked = open_lease(client, course, device="b")
    assert asked.status_code == 409
    assert (asked.json or {})["type"] == "urn:academy:other-device"
    assert open_lease(client, course, device="b", take_over=True).status_code == 201
    ended = beat(client, first["token"], [[0, 1_000]])
    assert ended.status_code == 409
    assert (ended.json or {})["reason"] == "taken_over"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"null", 400),
        (b"[]", 400),
        (b'{"lease": T, "seq": 1}', 400),
        (b'{"lease": T, "seq": 1, "spans": [[NaN, 5]]}', 400),
        (b'{"lease": T, "seq": 1, "spans": [[0, 1e309]]}', 400),
        (b'{"lease": T, "seq": 1, "spans": [[-5, 5]]}', 400),
        (b'{"lease": T, "seq": 1, "spans": [[9, 5]]}', 400),
        (b'{"lease": T, "seq": 1, "spans": [[0, 900000]]}', 400),
        (b'{"lease": T, "seq": -1, "spans": []}', 400),
        (b'{"lease": T, "seq": 1e3, "spans": []}', 400),
        (b'{"lease": T, "seq": 99999999999999999999, "spans": []}', 400),
        (b'{"lease": T, "seq": 1, "spans": [], "position": "x"}', 400),
        (b'{"lease": T, "seq": 1, "spans": [' + b",".join([b"[0,1]"] * 10_000) + b"]}", 413),
        (b'{"lease": T, "seq": 1, "spans": [' + b",".join([b"[0,1]"] * 501) + b"]}", 413),
        (b"[" * 30_000, 400),
        (b'\xff\xfe{"lease": T}', 400),
        (b'{"lease": "forged", "seq": 1, "spans": []}', 409),
        (b'{"lease": 7, "seq": 1, "spans": []}', 409),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_nonsense_gets_a_clear_answer(client: FlaskClient, course: Course, body: bytes, status: int) -> None:
    token = (open_lease(client, course).json or {})["token"]
    answer = client.post(BEATS, data=body.replace(b"T", json.dumps(token).encode()))
    assert answer.status_code == status
    assert answer.mimetype in {"application/problem+json", "application/json"}
    assert client.get(f"/api/v1/progress/items/{course.shown.items[0].public_id}").status_code == 200


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_token_cannot_be_made_or_changed(client: FlaskClient, course: Course, runtime: Runtime) -> None:
    token = str((open_lease(client, course).json or {})["token"])
    for forged in (token[:-2] + "AA", "A" + token[1:], token + "A", token[:40], "é" * 96, ""):
        if forged != token:
            assert beat(client, forged, [[0, 1000]]).status_code == 409
    grant = Signer(runtime.settings).read(token)
    longer = Grant(*(grant.lease_id, grant.member_id, grant.item_id, grant.course_id, 1, 10**6, 1, 2**32 - 1))
    other = Signer(runtime.settings.__class__(secret_key="x" * 40)).sign(longer)
    assert beat(client, other, [[0, 1000]]).status_code == 409


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_an_old_token_has_expired(client: FlaskClient, course: Course) -> None:
    with clock.frozen(START):
        lease = open_lease(client, course).json or {}
    with clock.frozen(START + dt.timedelta(days=7, seconds=1)):
        answer = beat(client, lease["token"], [[0, 1000]])
    assert answer.status_code == 409


def test_someone_elses_playback_cannot_be_ended(
    client: FlaskClient, course: Course, runtime: Runtime, app: Flask
) -> None:
    lease = open_lease(client, course).json or {}
    other = app.test_client()
    with runtime.db.begin() as tx:
        _, _, account = learner(tx)
        sign_in(other, factories.session_token(tx, account))
    assert other.post(f"{LEASES}/{lease['lease']}/end").status_code == 404
    assert beat(client, lease["token"], [[0, 1000]]).status_code == 204
    assert client.post(f"{LEASES}/{lease['lease']}/end").status_code == 204


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_figures_are_for_operators(client: FlaskClient, course: Course, runtime: Runtime, fresh_app: Flask) -> None:
    """On an application of its own, which has counted nothing yet."""
    app, client = fresh_app, _as(client, fresh_app)
    token = (open_lease(client, course).json or {})["token"]
    beat(client, token, [[0, 1000]])
    beat(client, token, [[0, 600_000]])
    assert client.get("/api/v1/progress/metrics").status_code == 404
    operator = app.test_client()
    with runtime.db.begin() as tx:
        node = tx.get_one(Organisation, course.organisation_id)
        boss = factories.account(tx, None, (Role.SYSTEM_ADMINISTRATOR, node))
        sign_in(operator, factories.session_token(tx, boss))
    figures = operator.get("/api/v1/progress/metrics").text.splitlines()
    assert 'academy_heartbeats_total{answer="credited"} 1.0' in figures
    assert 'academy_heartbeats_total{answer="refused"} 1.0' in figures
    assert 'academy_heartbeat_refusals_total{reason="too_fast"} 1.0' in figures
    assert 'academy_heartbeat_commit_size_bucket{le="+Inf"} 2.0' in figures
    assert sum(line.startswith("# TYPE") for line in figures) == 6


def test_nobody_opens_a_lease_without_signing_in(app: Flask, course: Course) -> None:
    assert app.test_client().post(LEASES, json={"item": course.shown.items[0].public_id}).status_code == 401


def test_signing_out_ends_the_playback_of_that_device_only(
    client: FlaskClient, course: Course, runtime: Runtime
) -> None:
    with runtime.db.begin() as tx:
        account_id = tx.scalars(select(LoginSession.account_id)).one()
        elsewhere = client.application.test_client()
        sign_in(elsewhere, factories.session_token(tx, tx.get_one(Account, account_id)))
    with clock.frozen(START):
        token = (open_lease(client, course).json or {})["token"]
    elsewhere.post("/sign-out")
    with clock.frozen(START + dt.timedelta(seconds=20)):
        assert beat(client, token, [[0, 20_000]]).status_code == 204, "the other device's sign-out is not this one's"
    with clock.frozen(START + dt.timedelta(seconds=30)):
        client.post("/sign-out")
    with clock.frozen(START + dt.timedelta(seconds=50)):
        late = beat(client, token, [[20_000, 30_000]], seq=2)
        after = beat(client, token, [[60_000, 120_000]], seq=3)
    assert late.status_code == 204, "what was watched before and waited for the network counts"
    assert (after.status_code, (after.json or {})["reason"]) == (409, "signed_out")
