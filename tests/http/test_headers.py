"""What every answer tells the browser."""

import dataclasses
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.app import create_app
from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.support import factories as make

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@ONE_KIND
def test_a_page_runs_only_our_scripts(client: FlaskClient) -> None:
    answers = [client.get("/sign-in") for _ in range(2)]
    policies = [answer.headers["Content-Security-Policy"] for answer in answers]
    assert all("unsafe-inline" not in policy and "frame-ancestors 'self'" in policy for policy in policies)
    nonces = {re.findall(r"'nonce-([^']+)'", policy)[0] for policy in policies}
    assert len(nonces) == 2, "a nonce is used once"
    for name in ("Referrer-Policy", "Permissions-Policy", "Cross-Origin-Opener-Policy", "X-Content-Type-Options"):
        assert answers[0].headers[name]
    assert "Strict-Transport-Security" not in answers[0].headers


@ONE_KIND
def test_parts_of_a_page_carry_only_what_concerns_them(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert {part.partition("?")[0].rpartition(".")[2] for part in parts} >= {"css", "js", "svg", "png"}
    for part in parts:
        answer = client.get(part, headers={"Accept-Encoding": "br"})
        headers = answer.headers
        assert headers["X-Content-Type-Options"] == "nosniff", part
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", part
        assert "immutable" in headers["Cache-Control"] and headers["ETag"], part
        # Pictures can be opened as documents of their own.
        is_document = not re.search(r"\.(css|js)(\?|$)", part)
        assert ("Permissions-Policy" in headers) == is_document, part
        assert ("Referrer-Policy" in headers) == (".js" not in part), part
        if not is_document:
            assert sum(len(f"{name}: {value}\r\n") for name, value in headers) < 400, headers
        answer.close()


@ONE_KIND
def test_files_run_nothing(client: FlaskClient) -> None:
    answer = client.get("/m/wrong/1900000000/aaaa/bbbb/x.jpg", headers={"Accept": "application/json"})
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "sandbox" in client.get("/api/v1/health").headers["Content-Security-Policy"]


@pytest.mark.thorough
@ONE_KIND
def test_behind_https_cookies_are_bound_to_the_host(runtime: Runtime) -> None:
    settings = dataclasses.replace(
        runtime.settings,
        secure_cookies=True,
        frame_ancestors="https://app.city.example",
        trusted_hosts="xueyuan.example",
    )
    app = create_app(dataclasses.replace(runtime, settings=settings))
    client = app.test_client()
    answer = client.get("/sign-in", base_url="https://xueyuan.example")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert "frame-ancestors https://app.city.example" in answer.headers["Content-Security-Policy"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-academy=") and "Domain" not in cookie
    assert all(word in cookie for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"))
    assert client.get("/sign-in", base_url="https://evil.example").status_code == 400


def signed_in(app: Flask, runtime: Runtime) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, make.session_token(tx, make.account(tx)))
    return client


@ONE_KIND
@pytest.mark.parametrize("address", ["/me", "/me/x.css", "/notifications", "/api/v1/session", "/nothing"])
def test_what_is_said_to_a_person_is_kept_by_no_cache(app: Flask, runtime: Runtime, address: str) -> None:
    assert signed_in(app, runtime).get(address).headers["Cache-Control"] == "no-store"
