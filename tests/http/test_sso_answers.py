"""Whatever an OpenID provider answers: a sentence for the person and a line in the log, never an error of ours."""

import logging
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient

from academy.accounts.authentication import identity_provider, sso
from academy.core.errors import Busy, Invalid
from academy.core.runtime import Runtime
from tests.conftest import make_settings
from tests.support import factories
from tests.support.openid import Answer, Change, SmallProvider, code_for, odd_provider

REFUSED, UNUSABLE, AWAY = "没有完成", "答复有问题", "暂时连不上"
NOT_OURS = "花名册里还没有"
HERE = "http://127.0.0.1:9/sso/callback"
GONE = object()
ODD: tuple[Any, ...] = (
    GONE, None, True, 0, -1, 1.5, 10**400, float("nan"), "", " ", "x", "\0", "\ud800", "é" * 70_000, "//x",
    "http://", "http://[", "http://a b/", "http://x:99999999/", "javascript:1", "file:///etc/passwd",
    [], [[]], ["x"], {}, {"x": {}},
)  # fmt: skip


@pytest.fixture(scope="module")
def provider() -> Iterator[SmallProvider]:
    with odd_provider() as server:
        yield server


@pytest.fixture
def runtime(runtime: Runtime, provider: SmallProvider, tmp_path: Path) -> Runtime:
    settings = make_settings(
        tmp_path,
        database_url=runtime.settings.database_url,
        oidc_issuer=provider.issuer,
        oidc_client_id="academy",
        oidc_client_secret="a-secret",
        oidc_member_claim="preferred_username",
    )
    return Runtime(settings, runtime.db, runtime.sealer)


class Door:
    """Somebody who signs on, again and again, at a provider whose answers are changed."""

    def __init__(self, runtime: Runtime, provider: SmallProvider, log: pytest.LogCaptureFixture) -> None:
        self.runtime, self.provider, self.log = runtime, provider, log
        log.set_level(logging.WARNING, "academy")
        with runtime.db.begin() as tx:
            self.branch = factories.organisation(tx)

    def sign_on(self, change: Change) -> str:
        """Sign a new member on; the sentence that is shown instead, empty for who is inside."""
        sso._providers.clear()
        self.provider.change = change
        self.log.clear()
        with self.runtime.db.begin() as tx:
            number = factories.member(tx, self.branch).number
        try:
            address, pending = sso.begin_sso(self.runtime, HERE)
            code = code_for(number, pending.nonce)
            token = sso.finish_sso(self.runtime, pending, {"state": pending.state, "code": code}, HERE)
            assert urlsplit(address).path == "/auth" and token
        except (Busy, Invalid) as error:
            assert not any(number in str(vars(record)) for record in self.log.records), "nobody is named in the log"
            return error.message.text
        return ""

    def check(self, change: Change, *, may_enter: bool = False, what: object = None) -> None:
        said = self.sign_on(change)
        if not said:
            assert may_enter, what
            return
        assert any(known in said for known in (REFUSED, UNUSABLE, AWAY, NOT_OURS)), (what, said)
        is_logged = any(record.getMessage().startswith("sso.") for record in self.log.records)
        assert is_logged or NOT_OURS in said, what


@pytest.fixture
def door(runtime: Runtime, provider: SmallProvider, caplog: pytest.LogCaptureFixture) -> Door:
    made = Door(runtime, provider, caplog)
    assert made.sign_on(unchanged) == "", "unchanged, it opens"
    return made


def unchanged(_step: str, answer: Answer) -> Answer:
    return answer


def at(step: str, change: Callable[[Answer], Any]) -> Change:
    """One step's answer changed."""
    return lambda now, answer: change(answer) if now == step else answer


def with_field(answer: Answer, name: str, value: object) -> Answer:
    return {k: v for k, v in answer.items() if k != name} | ({} if value is GONE else {name: value})


NEEDED = {
    "discovery": ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"),
    "keys": ("keys",),
    "token": ("id_token",),
    "header": ("alg",),
    "claims": ("iss", "aud", "sub", "nonce", "iat", "exp", "preferred_username"),
}
UNNEEDED = {
    "discovery": ("authorization_response_iss_parameter_supported", "scopes_supported"),
    "token": ("access_token", "token_type", "expires_in", "refresh_token"),
    "header": ("kid", "typ", "crit", "jwk", "jku", "x5c", "b64"),
    "claims": ("azp", "nbf", "acr", "amr", "auth_time"),
}
TRUE_BY_CHANCE = {("claims", "exp"): (10**400,), ("claims", "iat"): (0, -1, 1.5), ("claims", "sub"): (" ", "x", "//x")}
"""Values that are of the type and say nothing wrong, by field."""


def is_harmless(step: str, name: str, value: object) -> bool:
    if (step, name) == ("claims", "sub"):
        return isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable()
    return value in TRUE_BY_CHANCE.get((step, name), ())


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("step", NEEDED)
def test_a_field_that_is_missing_or_of_another_type_lets_nobody_in(door: Door, step: str) -> None:
    for name in NEEDED[step]:
        for value in ODD:
            changed = at(step, partial(with_field, name=name, value=value))
            door.check(changed, may_enter=is_harmless(step, name, value), what=(name, value))


@pytest.mark.parametrize("name", ["sub", "preferred_username"])
@pytest.mark.thorough
def test_a_claim_that_no_database_holds_is_refused(door: Door, name: str) -> None:
    for value in ODD:
        changed = at("claims", partial(with_field, name=name, value=value))
        door.check(changed, may_enter=is_harmless("claims", name, value), what=value)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize("step", UNNEEDED)
@pytest.mark.thorough
def test_a_field_that_nobody_needs_may_be_anything(door: Door, step: str) -> None:
    for name in UNNEEDED[step]:
        for value in ODD[::5]:
            door.check(at(step, partial(with_field, name=name, value=value)), may_enter=True, what=(name, value))


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_every_member_of_a_key_may_be_missing_or_of_another_type(door: Door, provider: SmallProvider) -> None:
    key = dict(provider.key.as_dict(private=False))
    for name in key:
        for value in ODD[::2]:
            changed = {"keys": [with_field(key, name, value)]}
            enters = name not in {"kty", "n", "e"}
            door.check(at("keys", lambda _, c=changed: c), may_enter=enters, what=(name, value))


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_key_of_an_unknown_kind_beside_ours_harms_nothing(door: Door, provider: SmallProvider) -> None:
    strange = [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "n"}, {"kty": "oct", "k": "AA"}, *ODD[1:]]
    assert door.sign_on(at("keys", lambda answer: {"keys": [*strange, *answer["keys"]]})) == ""


BODIES = (
    b"", b"null", b"[]", b"5", b'"x"', b"{", b"<html>502</html>", b"\xff\xfe", b"\0" * 99, b"[" * 99_999, b"{" * 99_999,
    b'{"a":' * 99_999, b"9" * 9_999, b"{}", b'{"error": 5}', b'{"error": {"a": []}}', b" " * (2 << 20),
)  # fmt: skip


def raw(answer: bytes) -> Any:
    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(answer)
        handler.close_connection = True

    return send


STATUSES = (201, 204, 206, 304, 400, 401, 403, 404, 429, 500, 503, 999)
TARGETS = ("/elsewhere", "http://[", "javascript:1", "http://127.0.0.1:1/", "", "\xff\xfe")
HEADS = (
    *(f"HTTP/1.1 {status} x\r\nContent-Length: 2\r\n\r\n{{}}" for status in STATUSES),
    *(f"HTTP/1.1 {status} x\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"
      for status in (301, 302, 307, 308) for to in TARGETS),
    "", "\r\n", "garbage", "HTTP/1.1\r\n\r\n", "HTTP/1.1 abc x\r\n\r\n", "HTTP/9 200 OK\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "HTTP/1.1 200 OK\r\n" + "a: b\r\n" * 999 + "\r\n{}", "HTTP/1.1 200 OK\r\na: " + "b" * 99_999 + "\r\n\r\n{}",
)  # fmt: skip


STEPS = pytest.mark.parametrize("step", ["discovery", "keys", "token"])


@pytest.mark.parametrize("database_kind", ["sqlite"])
@STEPS
@pytest.mark.thorough
def test_garbage_redirects_and_failures_are_said(door: Door, step: str) -> None:
    for body in BODIES:
        door.check(at(step, lambda _, b=body: b), what=body[:50])
    for head in HEADS:
        door.check(at(step, lambda _, h=head: raw(h.encode("latin-1"))), what=head[:80])


@pytest.mark.parametrize("database_kind", ["sqlite"])
@STEPS
@pytest.mark.parametrize("slow", [b"", b"HTTP/1.1 200 OK\r\na: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"])
def test_a_provider_that_never_ends_is_not_waited_for(
    door: Door, step: str, slow: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity_provider, "TIMEOUT_S", 0.1)
    given_up = Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(slow)
        while not given_up.wait(0.03):
            if slow:
                handler.wfile.write(b" ")

    assert AWAY in door.sign_on(at(step, lambda _: drip)), "and the test ends"
    given_up.set()


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_everybody_hears_of_a_failure_at_once(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """A provider that is away would otherwise be waited for by each thread in turn."""
    asked = count()
    heard: list[str] = []

    def fail(_answer: Answer) -> Any:
        next(asked)
        return raw(b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n")

    sso._providers.clear()
    door.provider.change = at("discovery", fail)

    def begin() -> None:
        with pytest.raises(Busy) as caught:
            sso.begin_sso(door.runtime, HERE)
        heard.append(caught.value.message.text)

    threads = [Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == 6 and next(asked) == 1
    later = time.monotonic() + identity_provider.FAILED_FOR_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    door.provider.change = unchanged
    assert sso.begin_sso(door.runtime, HERE)[0], "asked again"


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        (at("discovery", lambda answer: with_field(answer, "jwks_uri", GONE)), 503, UNUSABLE),
        (at("keys", lambda _: {}), 503, UNUSABLE),
        (at("token", lambda _: raw(b"")), 503, AWAY),
        (at("claims", lambda answer: with_field(answer, "nonce", 5)), 422, REFUSED),
    ],
)
def test_the_page_says_it_and_leads_on(
    client: FlaskClient, provider: SmallProvider, change: Change, status: int, sentence: str
) -> None:
    sso._providers.clear()
    provider.change = change
    page = client.get("/sso/begin")
    if page.status_code == 302:
        asked = parse_qs(urlsplit(page.headers["Location"]).query)
        answer = {"state": asked["state"][0], "code": code_for("x", asked["nonce"][0])}
        page = client.get(f"/sso/callback?{urlencode(answer)}")
    assert page.status_code == status and sentence in page.text
    assert 'href="/sign-in' in page.text
