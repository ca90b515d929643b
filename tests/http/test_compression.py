"""Text is compressed for those who take it, and not for other sites' requests."""

import gzip

import brotli
import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.support import factories

TAKES = {"Accept-Encoding": "gzip, deflate, br"}
ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])


def signed_in(app: Flask, runtime: Runtime) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, factories.session_token(tx, factories.account(tx)))
    return client


@ONE_KIND
def test_a_page_is_compressed_where_the_browser_takes_it(app: Flask, runtime: Runtime) -> None:
    client = signed_in(app, runtime)
    small, plain = client.get("/library", headers=TAKES), client.get("/library")
    assert small.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
    assert all("Accept-Encoding" in answer.headers["Vary"] for answer in (small, plain))
    assert "课程" in gzip.decompress(small.data).decode()
    assert len(small.data) < 0.4 * len(plain.data)
    assert int(small.headers["Content-Length"]) == len(small.data)


@ONE_KIND
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_other_sites_learn_nothing_from_a_length(app: Flask, runtime: Runtime, site: str) -> None:
    client = signed_in(app, runtime)
    asked = TAKES | {"Sec-Fetch-Site": site}
    assert "Content-Encoding" not in client.get("/library", headers=asked).headers
    for own in ("same-origin", "none"):
        answer = client.get("/library", headers=TAKES | {"Sec-Fetch-Site": own})
        assert answer.headers["Content-Encoding"] == "gzip"
    script = client.get("/static/css/base.css", headers=asked, buffered=True)
    assert script.headers["Content-Encoding"] == "gzip", "a public file holds no secret"


@ONE_KIND
def test_a_page_has_no_length_of_its_own(client: FlaskClient) -> None:
    sizes = {len(client.get("/static/css/base.css", headers=TAKES, buffered=True).data) for _ in range(30)}
    assert len(sizes) > 3


@ONE_KIND
def test_a_file_keeps_its_validator(client: FlaskClient) -> None:
    first = client.get("/static/css/base.css", headers=TAKES, buffered=True)
    etag = first.headers["ETag"]
    assert etag.startswith('W/"')
    again = client.get("/static/css/base.css", headers=TAKES | {"If-None-Match": etag}, buffered=True)
    assert again.status_code == 304 and not again.data


@ONE_KIND
def test_parts_and_small_answers_stay_as_they_are(client: FlaskClient) -> None:
    part = client.get("/static/css/base.css", headers=TAKES | {"Range": "bytes=0-9"}, buffered=True)
    assert "Content-Encoding" not in part.headers and len(part.data) == 10
    assert "Content-Encoding" not in client.get("/api/v1/health", headers=TAKES).headers
    assert (
        "Content-Encoding"
        not in client.get("/static/css/base.css", headers={"Accept-Encoding": "gzip;q=0"}, buffered=True).headers
    )


@ONE_KIND
def test_a_file_of_the_release_is_brotli(app: Flask, client: FlaskClient) -> None:
    with app.test_request_context():
        address = url_for("static", filename="css/base.css")
    small = client.get(address, headers=TAKES)
    assert small.headers["Content-Encoding"] == "br"
    assert brotli.decompress(small.data) == client.get(address, buffered=True).data
    assert client.get(address, headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
