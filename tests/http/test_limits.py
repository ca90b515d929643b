"""Nobody asks for more than their share, and a whole hall may sign in at once."""

import dataclasses
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.app import create_app
from academy.core.runtime import Runtime
from academy.web import answers
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.services import redis

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


def limited(runtime: Runtime, **changes: object) -> Flask:
    settings = dataclasses.replace(runtime.settings, **{"rate_per_minute": 5} | changes)  # type: ignore[arg-type]
    app = create_app(dataclasses.replace(runtime, settings=settings))
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def person(app: Flask, runtime: Runtime) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, make.session_token(tx, make.account(tx, make.member(tx, make.organisation(tx)))))
    return client


@ONE_KIND
def test_an_account_is_counted_alone(runtime: Runtime) -> None:
    app = limited(runtime)
    busy, neighbour = person(app, runtime), person(app, runtime)
    assert [busy.get("/me").status_code for _ in range(6)] == [200] * 5 + [429]
    refused = busy.get("/api/v1/session")
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert neighbour.get("/me").status_code == 200, "the same network, another person"


@pytest.mark.thorough
@ONE_KIND
def test_a_network_may_ask_for_as_much_as_a_hall(runtime: Runtime) -> None:
    app = limited(runtime)
    stranger = app.test_client()
    assert [stranger.get("/sign-in").status_code for _ in range(26)] == [200] * 25 + [429]
    assert "操作太频繁" in stranger.get("/sign-in").text
    assert person(app, runtime).get("/me").status_code == 200


@ONE_KIND
def test_files_and_beats_never_wait(runtime: Runtime) -> None:
    client = person(limited(runtime), runtime)
    for _ in range(8):
        with client.get("/static/css/base.css") as file:
            assert file.status_code == 200
        assert client.get("/m/wrong/1900000000/aaaa/bbbb/x.m4s").status_code == 404
        assert client.post("/api/v1/progress/heartbeats", data="{}").status_code == 400
    assert client.get("/me").status_code == 200


@ONE_KIND
@pytest.mark.needs("redis")
@pytest.mark.thorough
def test_processes_share_their_counts_in_redis(runtime: Runtime, tmp_path: Path) -> None:
    with redis(tmp_path) as url:
        one, other = (limited(runtime, redis_url=url) for _ in range(2))
        assert [one.test_client().get("/sign-in").status_code for _ in range(20)] == [200] * 20
        assert [other.test_client().get("/sign-in").status_code for _ in range(6)] == [200] * 5 + [429]


@pytest.mark.thorough
@ONE_KIND
def test_a_network_guesses_links_of_lecturers_thirty_times_a_minute_at_most(runtime: Runtime) -> None:
    stranger = limited(runtime, rate_per_minute=1000).test_client()
    guessed = [stranger.get(f"/a/{number:026d}").status_code for number in range(answers.RATE + 3)]
    assert guessed == [404] * answers.RATE + [429] * 3
    assert stranger.post("/a/x", data={"verb": "accepted"}).status_code in {404, 429}
