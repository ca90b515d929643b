"""The OpenID provider's own answers: fetched within limits, and each field checked before it is used.

A provider is set up by people and changes without us: whatever it answers becomes a sentence for the person who signs
in and a line in the log for the operator, never an error of ours.
"""

import io
import json
import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from joserfc.errors import JoseError
from joserfc.jwk import Key, KeySet, import_key
from requests.adapters import HTTPAdapter

from academy.core.errors import Busy
from academy.core.i18n import msg

log = logging.getLogger(__name__)

TIMEOUT_S = 8
LONGEST_ANSWER = 1 << 20
"""Maximum bytes of an answer: a discovery document has 5 kB, a token with many groups 30 kB."""
METADATA_FOR_S = 3600
KEYS_FOR_S = 600
KEYS_AGAIN_AFTER_S = 10
FAILED_FOR_S = 3
"""So long everybody hears of a failure at once, instead of waiting in turn for the next."""
MOST_KEYS = 100

T = TypeVar("T")


class Provider:
    """Metadata and keys of the issuer, fetched when needed and cached."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] = {}
        self._metadata_at = -math.inf
        self._keys: KeySet | None = None
        self._keys_at = -math.inf
        self._failure: tuple[float, Busy] | None = None

    def metadata(self) -> dict[str, Any]:
        """The discovery document; its issuer is the configured one, and the three addresses are addresses.

        Raises:
            Busy: the provider cannot be reached, or answers something else.
        """
        with self._lock:
            if not self._metadata or time.monotonic() - self._metadata_at > METADATA_FOR_S:
                self._metadata = self._fetched(self._discover)
                self._metadata_at = time.monotonic()
            return self._metadata

    def keys(self, *, again: bool = False) -> KeySet:
        """The signing keys. `again` refetches them after a rotation, at most every ten seconds.

        Raises:
            Busy: the provider cannot be reached, or answers something else.
        """
        uri = self.metadata()["jwks_uri"]
        with self._lock:
            age = time.monotonic() - self._keys_at
            if self._keys is None or age > KEYS_FOR_S or (again and age > KEYS_AGAIN_AFTER_S):
                self._keys = self._fetched(lambda: read_keys(get_object("keys", uri)))
                self._keys_at = time.monotonic()
            return self._keys

    def _fetched(self, fetch: Callable[[], T]) -> T:
        if self._failure and time.monotonic() - self._failure[0] < FAILED_FOR_S:
            raise Busy(self._failure[1].message, self._failure[1].retry_after)
        try:
            return fetch()
        except Busy as error:
            self._failure = time.monotonic(), error
            raise

    def _discover(self) -> dict[str, Any]:
        found = get_object("discovery", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise unusable("discovery", "field:issuer")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not _is_address(found.get(name), self.issuer):
                raise unusable("discovery", f"field:{name}")
        return found


def read_keys(answer: Mapping[str, Any]) -> KeySet:
    """The keys that can be read; those of unknown kinds are left out, so that a new kind beside them harms nothing.

    Raises:
        Busy: there is none.
    """
    entries = answer.get("keys")
    if not isinstance(entries, list):
        raise unusable("keys", "field:keys")
    keys = [key for key in map(_read_key, entries[:MOST_KEYS]) if key is not None]
    if not keys:
        raise unusable("keys", "no-key")
    return KeySet(keys)


def _read_key(entry: object) -> Key | None:
    if not isinstance(entry, dict) or entry.get("kty") == "oct":
        return None
    try:
        return import_key(entry)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError):
        # What the library raises at a member that is missing or of another type depends on the kind of key.
        return None


def get_object(step: str, address: str) -> dict[str, Any]:
    """The JSON object at an address of the provider.

    Raises:
        Busy: there is none; `step` names what was asked for in the log.
    """
    with requests.Session() as session:
        return exchange(step, session, "GET", address)


def exchange(step: str, session: requests.Session, method: str, address: str, **options: Any) -> dict[str, Any]:
    """Ask the provider; its answer, a JSON object. One that says `error` is an answer whatever its status.

    Raises:
        Busy: unreachable, slow, too long, a redirect, another status, or no JSON object.
    """
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Bounded())
    options |= {"timeout": TIMEOUT_S, "allow_redirects": False}
    try:
        answer = _within(1.25 * TIMEOUT_S, lambda: session.request(method, address, **options))
    except _TooLong:
        raise unusable(step, "too-long") from None
    except (requests.RequestException, TimeoutError, ValueError) as error:
        # A header that cannot be parsed is a ValueError.
        raise _unreachable(step, type(error).__name__) from None
    if answer.status_code >= 500 or answer.status_code == 429:
        raise _unreachable(step, f"status:{answer.status_code}")
    found = _json(answer.content)
    refused = isinstance(found, dict) and answer.status_code >= 400 and "error" in found
    if answer.status_code != 200 and not refused:
        # A token endpoint has no business redirecting a secret elsewhere.
        raise unusable(step, f"status:{answer.status_code}")
    if not isinstance(found, dict):
        raise unusable(step, "no-object")
    return found


def unusable(step: str, problem: str) -> Busy:
    """The error for an answer that lacks what the protocol demands; logged."""
    log.error("sso.provider_unusable", extra={"step": step, "problem": problem})
    return Busy(msg("统一登录的答复有问题，暂时用不了。请用密码登录，并告诉系统管理员。"), retry_after=60)


def _unreachable(step: str, problem: str) -> Busy:
    log.warning("sso.provider_unreachable", extra={"step": step, "problem": problem})
    return Busy(msg("统一登录暂时连不上，请稍候再试，或用密码登录。"), retry_after=10)


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _is_address(value: object, issuer: str) -> bool:
    """Whether it is an address as secure as the issuer's own."""
    if not isinstance(value, str) or len(value) > 2000 or not value.isascii() or not value.isprintable():
        return False
    try:
        parts = urlsplit(value)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    schemes = {"https"} if issuer.startswith("https:") else {"https", "http"}
    return known and parts.scheme in schemes and bool(parts.hostname) and " " not in value


def _within(seconds: float, call: Callable[[], T]) -> T:
    """The result of a call, waited for so long: headers that arrive byte by byte are limited by nothing else.

    Raises:
        TimeoutError: none yet. The thread ends with its connection.
    """
    made: Future[T] = Future()

    def run() -> None:
        try:
            made.set_result(call())
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=run, name="sso", daemon=True).start()
    return made.result(seconds)


class _TooLong(Exception):
    """The answer has more bytes than any such document."""


class _Bounded(HTTPAdapter):
    """Reads an answer within its time and size: the library's time limit is one for each piece that arrives."""

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        latest = time.monotonic() + TIMEOUT_S
        answer = super().send(request, *args, **options | {"stream": True})
        body = bytearray()
        try:
            while piece := answer.raw.read1(1 << 16, decode_content=True):
                body += piece
                if len(body) > LONGEST_ANSWER:
                    raise _TooLong
                if time.monotonic() > latest:
                    raise requests.exceptions.ReadTimeout
        except (_TooLong, requests.RequestException):
            raise
        except Exception as error:
            # What the library below raises, which is no dependency of ours.
            raise requests.exceptions.ConnectionError(error) from error
        finally:
            answer.raw.close()
        answer.raw = io.BytesIO(bytes(body))
        return answer
