"""No route reads more than it declares, with or without a Content-Length; nginx knows the same figures."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import Rule

from academy.cli.media import nginx_configuration
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.http.body_limits import MIB
from academy.http.declarations import DEFAULT_BODY, declaration_of, limit_of
from tests.conftest import sign_in
from tests.support import factories as make

ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"])
SPARE = 512 << 10
"""What a buffered reader may fetch beyond the limit."""
PROGRAM = {"Tus-Resumable": "1.0.0", "Accept": "application/json"}
KINDS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x")
ROLES = [role for role in Role if role != Role.MEMBER]


class Counted:
    """A body without an end; counts what is asked of it."""

    def __init__(self, kind: str) -> None:
        self.read_bytes, self.kind = 0, kind
        self.head = b"--x\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n" if "multi" in kind else b""

    def read(self, size: int = -1) -> bytes:
        size = size if 0 <= size < MIB else MIB >> 2
        self.read_bytes += size
        start, self.head = self.head[:size], self.head[size:]
        return start + b"a" * (size - len(start))

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def routes(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Every rule with an example address and each of its methods."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        address = re.sub(r"<int:[^>]+>", "1", re.sub(r"<any\((\w+)[^>]*>", r"\1", rule.rule))
        address = re.sub(r"<[^>]+>", "2222222222222222", address)
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
            yield rule, address, method


@ONE_KIND
def test_every_route_refuses_more_than_it_declares(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        node = make.organisation(tx)
        sign_in(client, make.session_token(tx, make.account(tx, None, *((role, node) for role in ROLES))))
    tried: set[tuple[int, str]] = set()
    for rule, address, method in routes(app):
        declaration = declaration_of(app, rule.endpoint)
        most = limit_of(declaration, runtime.settings)
        for kind in KINDS:
            # Every route once, and every figure in each of the three kinds.
            if (most, kind) in tried and kind != KINDS[0]:
                continue
            tried.add((most, kind))
            body = Counted(kind)
            how = {"method": method, "content_type": kind, "headers": PROGRAM}
            announced = {"CONTENT_LENGTH": str(most + 1), "wsgi.input": body}
            answer = client.open(address, **how, environ_overrides=announced)
            assert (answer.status_code, body.read_bytes) == (413, 0), (method, address, kind)
            if declaration.streamed or (most > 8 * MIB and "multi" in kind):
                continue  # it counts for itself; the same code, with 64 MiB to write
            chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": body}
            answer = client.open(address, **how, environ_overrides=chunked)
            assert answer.status_code == 413, (method, address, kind, answer.status_code)
            assert body.read_bytes <= most + SPARE, (method, address, kind)


@ONE_KIND
def test_a_stranger_has_nothing_large_read(app: Flask, runtime: Runtime) -> None:
    client = app.test_client()
    seen = 0
    for rule, address, method in routes(app):
        declaration = declaration_of(app, rule.endpoint)
        most = limit_of(declaration, runtime.settings)
        if most <= DEFAULT_BODY or declaration.policy.is_public or method == "GET":
            continue
        seen += 1
        body = Counted("multipart/form-data")
        answer = client.open(
            address,
            method=method,
            content_type="multipart/form-data; boundary=x",
            headers=PROGRAM,
            environ_overrides={"CONTENT_LENGTH": str(most), "wsgi.input": body},
        )
        assert (answer.status_code in {302, 401}, body.read_bytes) == (True, 0), (method, address)
    assert seen >= 8


@ONE_KIND
def test_nginx_takes_what_the_routes_take_and_no_more(app: Flask, runtime: Runtime) -> None:
    shipped = nginx_configuration(runtime.settings, listen="80", upstream="127.0.0.1:1")
    outside, *places = re.split(r"\n    location ", shipped)
    limit = re.compile(r"client_max_body_size (\d+)([km]?);")

    def figure(text: str) -> int | None:
        found = limit.search(text)
        return int(found[1]) * {"k": 1 << 10, "m": MIB, "": 1}[found[2]] if found else None

    assert figure(outside) == DEFAULT_BODY
    patterns = [
        (re.compile(m[1].replace("(?<", "(?P<")), figure(text))
        for text in places
        if (m := re.match(r'~ "([^"]+)" \{', text))
    ]
    for rule, address, method in routes(app):
        declaration = declaration_of(app, rule.endpoint)
        most = limit_of(declaration, runtime.settings)
        if method == "GET" or declaration.streamed:
            continue
        there = next((size for pattern, size in patterns if size and pattern.search(address)), DEFAULT_BODY)
        if most > DEFAULT_BODY:
            assert most <= there <= most + 3 * MIB, (address, most, there)
        else:
            assert there == DEFAULT_BODY, (address, there)
