"""What answers say, whom they believe and what they leave on record."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.authentication import passwords
from academy.app import create_app
from academy.core.audit import AuditEntry
from academy.core.errors import AcademyError
from academy.core.runtime import Runtime
from academy.learning.tokens import BadToken, Signer
from academy.media import delivery
from tests.conftest import make_settings
from tests.support import factories

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


@ONE_KIND
def test_no_other_origin_is_let_in(client: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.open("/api/v1/health", method=method, headers={"Origin": "https://evil.example"})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


@ONE_KIND
def test_every_kind_of_answer_says_how_it_may_be_used(client: FlaskClient) -> None:
    for address in ("/sign-in", "/api/v1/health", "/nowhere", "/api/v1/nowhere", "/static/css/base.css"):
        with client.get(address) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", address
            assert answer.headers["Referrer-Policy"] == "same-origin", address


@ONE_KIND
def test_nothing_of_the_folder_is_served(client: FlaskClient) -> None:
    for address in ("/.git/config", "/.env", "/static/", "/static/../../config.py", "/static/%2e%2e/app.py", "/media/"):
        assert client.get(address).status_code in {404, 405}, address


@ONE_KIND
def test_a_forwarded_address_is_believed_of_the_front_alone(runtime: Runtime, tmp_path: Path) -> None:
    """Of a trusted proxy the last hop is believed, which it wrote; without one, none."""
    seen = {}
    for proxies in ("0", "1"):
        settings = make_settings(tmp_path, database_url=runtime.settings.database_url, trusted_proxies=proxies)
        client = create_app(Runtime(settings, runtime.db, runtime.sealer)).test_client()
        client.post("/api/v1/nowhere")
        forged = {"X-Forwarded-For": "6.6.6.6, 10.0.0.7", "X-Real-IP": "6.6.6.6", "Forwarded": "for=6.6.6.6"}
        client.application.config["WTF_CSRF_ENABLED"] = False
        client.post("/sign-in", data={"username": f"nobody{proxies}", "password": "x"}, headers=forged)
        with runtime.db.read() as tx:
            seen[proxies] = tx.scalars(
                select(AuditEntry.network).where(AuditEntry.verb == "sign-in.failed").order_by(AuditEntry.id.desc())
            ).first()
    assert seen == {"0": "127.0.0.1", "1": "10.0.0.7"}


@ONE_KIND
def test_attempts_are_on_record(client: FlaskClient, app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        account = factories.account(tx)
        account.password_hash = passwords.hash_password("春天的第一课2026")
        name = account.username
    for password in ("wrong", "春天的第一课2026"):
        client.post("/sign-in", data={"username": name, "password": password})
    app.test_client().post(
        "/activate", data={"number": "x", "code": "y", "password": "夏天的课2027x", "again": "夏天的课2027x"}
    )
    with runtime.db.read() as tx:
        verbs = list(tx.scalars(select(AuditEntry.verb).order_by(AuditEntry.id)))
    assert [v for v in verbs if v.startswith(("sign-in", "activation"))] == [
        "sign-in.failed",
        "sign-in.done",
        "activation.failed",
    ]


def test_one_kind_of_token_is_no_other(tmp_path: Path) -> None:
    """A session's token, a link's digest and a lease's token open nothing of each other."""
    settings = make_settings(tmp_path)
    link = delivery.digest(settings, 4_000_000_000, "a" * 16, "b" * 16)
    for other in (link, "a" * 86, settings.secret_key, ""):
        with pytest.raises((BadToken, AcademyError)):
            Signer(settings).read(other)
    assert delivery.delivery_secret(settings) not in {settings.secret_key, settings.data_key}
    assert not delivery.is_valid_link(settings, settings.secret_key, 4_000_000_000, "a" * 16, "b" * 16)


@ONE_KIND
def test_a_value_is_taken_from_its_one_place(client: FlaskClient, runtime: Runtime) -> None:
    """A password in an address is not the form's; of two values of one field the first counts, for every reader."""
    with runtime.db.begin() as tx:
        account = factories.account(tx)
        account.password_hash = passwords.hash_password("春天的第一课2026")
        name = account.username
    address = f"/sign-in?username={name}&password=春天的第一课2026"
    assert client.post(address, data={}).status_code == 422
    twice = {"username": [name, "other"], "password": ["wrong", "春天的第一课2026"]}
    assert client.post("/sign-in", data=twice).status_code == 422
