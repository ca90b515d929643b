"""Odd values in every parameter of every route: refused or passed over, never a crash, on both databases."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

import academy
from academy.core.actor import Role
from academy.core.runtime import Runtime
from tests.conftest import sign_in
from tests.support import factories as make

WRITTEN, HIDDEN = "é\U0001f600＇'%_\\{{7*7}}%(x)s${x}", "\x1b[31m\u202e"
"""Characters that mean something to a database, a template, a format, a terminal; each does so wherever it stands."""
ODD = (
    *(WRITTEN, HIDDEN, "\ud800", "\0"),
    *("0001-01-01", "9999-12-31", "2026-02-30", "0000-00-00", "9" * 25, "-1", "1e400", "NaN", "٣", "²", "0x10", " "),
    *("//evil", "/\t/evil", "javascript:alert(1)", "../../etc/passwd", "a" * 5000, "null", "[]", "true"),
)
AS_IDS = ODD[:18]
BAD_FOR_A_DATABASE = {
    *(WRITTEN, "\ud800", "\0", "0001-01-01", "9999-12-31", "2026-02-30", "9" * 25, "-1", "1e400", "NaN", "٣", "²"),
    "a" * 5000,
}
"""What a database may choke on that another takes: bytes, days, numbers, lengths. How text is drawn and where an
address leads is the same over either, and asked over SQLite."""
BEFORE_AN_ID = (WRITTEN, "\ud800", "\0", "9" * 25)
"""Asked of a route whose id is nobody's: what is sent with it is hardly looked at before it is refused."""
ASKED = re.compile(r"""(?:form|args|values)(?:\.get|\.getlist)?[\[(]\s*["'](\w+)["']""")
URL_FOR = ("endpoint", "_external", "_scheme", "_anchor", "_method", "self", "values")
ROOT = Path(academy.__file__).parent
NAMES = sorted({name for file in ROOT.rglob("*.py") for name in ASKED.findall(file.read_text())} | {*URL_FOR, "page"})
"""Every word that any of our pages asks a query or a form for."""
LEAVES = frozenset({"accounts.sign_out"})

pytestmark = pytest.mark.faults


@pytest.fixture
def officer(app: Flask, runtime: Runtime) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        node = make.organisation(tx, level="city")
        held = tuple((role, node) for role in Role if role != Role.MEMBER)
        who = make.account(tx, make.member(tx, node), *held)
        reviewer = make.account(tx, None, (Role.REVIEWER, node))
        for _ in range(2):
            make.published_course(tx, who, reviewer)
        sign_in(client, make.session_token(tx, who))
    return client


def places(app: Flask) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static" and rule.endpoint not in LEAVES:
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"}):
                yield rule.endpoint, re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule), method


def said(value: str) -> str:
    """As an address carries it; half a character as its bytes would be."""
    return quote(value.encode("utf-8", "surrogatepass"), safe="")


def odd_over(runtime: Runtime, values: tuple[str, ...] = ODD) -> list[str]:
    """The odd values that are worth a request over this database."""
    return [value for value in values if runtime.db.is_sqlite or value in BAD_FOR_A_DATABASE]


def test_odd_ids_are_no_ids(app: Flask, runtime: Runtime, officer: FlaskClient) -> None:
    crashed = []
    for endpoint, rule, method in places(app):
        if "<" not in rule:
            continue
        for value in odd_over(runtime, AS_IDS):
            address = re.sub(r"<[^>]+>", said(value), rule)
            answer = officer.open(address, method=method, headers={"Accept": "application/json"})
            if answer.status_code >= 500:
                crashed.append((endpoint, method, ascii(value), answer.status_code))
    assert crashed == []


def test_odd_queries_and_forms_crash_nothing(app: Flask, runtime: Runtime, officer: FlaskClient) -> None:
    """Every value once, all names of a route at a time: a name that chokes is found, whatever the others are.

    Where an id is nobody's, and once pages were drawn on SQLite, what is refused is told in JSON: to draw the same
    page of an error ten thousand times took most of the time.
    """
    assert set(ODD) >= BAD_FOR_A_DATABASE
    crashed = []
    queries = {value: "&".join(f"{name}={said(value)}" for name in NAMES) for value in odd_over(runtime)}
    for endpoint, rule, method in places(app):
        address = re.sub(r"<[^>]+>", "2222222222222222", re.sub(r"<int:[^>]+>", "1", rule))
        for value in odd_over(runtime, BEFORE_AN_ID) if "<" in rule else queries:
            query = queries[value]
            headers = {"Tus-Resumable": "1.0.0"}
            if "<" in rule or not runtime.db.is_sqlite:
                headers["Accept"] = "application/json"
            how: dict[str, Any] = {"method": method, "headers": headers}
            if method != "GET" and not rule.startswith("/api/"):
                how |= {"data": query, "content_type": "application/x-www-form-urlencoded"}
            answer = officer.open(f"{address}?{query}" if method == "GET" else address, **how)
            if answer.status_code >= 500 and answer.status_code != 503:  # 503: guessed too often
                crashed.append((endpoint, method, ascii(value)[:40], answer.status_code))
    assert crashed == []


@pytest.mark.parametrize(
    "body",
    [
        "[" * 60_000,
        '{"a":' * 10_000 + "1" + "}" * 10_000,
        *(json.dumps(value) for value in (None, [], "x", 10**25, {"item": None})),
        *(
            json.dumps(
                {
                    **dict.fromkeys(("item", "device", "organisation", "lease", "position"), value),
                    "version": 0,
                    "seq": 1,
                    "spans": [],
                    "cues": [[0, 900, value, None]],
                    "members": [dict.fromkeys(("number", "name", "organisation", "birthday"), value)],
                }
            )
            for value in ODD
        ),
        '{"version": 99999999999999999999999999, "cues": []}',
        '{"item": "x", "take_over": 1e999}',
    ],
)
def test_odd_json_is_malformed(app: Flask, officer: FlaskClient, body: str) -> None:
    for endpoint, rule, method in places(app):
        if rule.startswith("/api/") and method != "GET":
            address = re.sub(r"<[^>]+>", "2222222222222222", rule)
            answer = officer.open(address, method=method, data=body, content_type="application/json")
            assert answer.status_code < 500, (endpoint, ascii(body)[:80])


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    "query", ["endpoint=1", "_scheme=javascript&_external=1", "_anchor=x", "_method=GET", "self=1"]
)
def test_a_pagers_links_say_what_was_asked_for(app: Flask, runtime: Runtime, query: str) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        node = make.organisation(tx, level="city")
        author, reviewer = make.account(tx, None, (Role.TRAINER, node)), make.account(tx, None, (Role.REVIEWER, node))
        for _ in range(21):
            make.published_course(tx, author, reviewer)
        sign_in(client, make.session_token(tx, author))
    answer = client.get(f"/library?all=1&{query}")
    assert answer.status_code == 200
    links = re.findall(r'rel="next" href="([^"]+)"', answer.text)
    assert [link.replace("&amp;", "&") for link in links] == [f"/library?all=1&{query}&page=2"]
