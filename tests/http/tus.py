"""Uploads as a browser sends them."""

import base64
import os

from flask import Flask
from flask.testing import FlaskClient

from academy.accounts.models import Account
from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.support import factories

TUS = {"Tus-Resumable": "1.0.0"}
STREAM = TUS | {"Content-Type": "application/offset+octet-stream"}
DATA = os.urandom(600_000)


def client_of(app: Flask, runtime: Runtime, who: Account) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        token = factories.session_token(tx, who)
    sign_in(client, token)
    return client


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def create(client: FlaskClient, size: int = len(DATA), name: str = "党课.mp4", **headers: str) -> str:
    given = TUS | {"Upload-Length": str(size), "Upload-Metadata": f"filename {b64(name)},purpose {b64('video')}"}
    answer = client.post("/api/v1/uploads", headers=given | headers)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Upload-Expires"].endswith("GMT")
    return str(answer.headers["Location"])


def send(client: FlaskClient, url: str, at: int, data: bytes, **headers: str) -> int:
    return client.patch(url, data=data, headers=STREAM | {"Upload-Offset": str(at)} | headers).status_code
