"""A small OpenID provider on the network that signs whatever a code asks for, and answers as oddly as a test wants.

The certified provider, with its forms, is in tests/http/test_sso.py.
"""

import base64
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc.jwk import KeySet, RSAKey

Answer = dict[str, Any]
Raw = Callable[[BaseHTTPRequestHandler], None]
Change = Callable[[str, Answer], "Answer | bytes | Raw"]


def code_for(number: str, nonce: str) -> str:
    """The authorization code that is exchanged for a token with this register number."""
    return f"{number}.{nonce}"


class _Handler(BaseHTTPRequestHandler):
    server: "SmallProvider"

    def do_GET(self) -> None:
        if self.path.endswith("/openid-configuration"):
            here = self.server.issuer
            paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            self._answer("discovery", {"issuer": here} | {name: f"{here}/{path}" for name, path in paths.items()})
        else:
            self._answer("keys", dict(KeySet([self.server.key]).as_dict(private=False)))

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        number, nonce = sent["code"][0].split(".", 1)
        now = int(time.time())
        claims = {"iss": self.server.issuer, "aud": "academy", "sub": f"sub-{number}", "nonce": nonce}
        claims |= {"iat": now, "exp": now + 300, "preferred_username": number}
        parts = (self.server.change("header", {"alg": "RS256", "kid": "k"}), self.server.change("claims", claims))
        self._answer("token", {"access_token": "unused", "token_type": "Bearer", "id_token": self.server.sign(*parts)})

    def _answer(self, step: str, found: Answer) -> None:
        changed = self.server.change(step, found)
        if callable(changed):
            changed(self)
            return
        body = changed if isinstance(changed, bytes) else json.dumps(changed).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


class SmallProvider(ThreadingHTTPServer):
    """`change` is given the answer of each step (discovery, keys, header, claims, token) before it leaves."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = RSAKey.generate_key(2048, {"kid": "k", "alg": "RS256", "use": "sig"})
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.change: Change = lambda _step, answer: answer

    def sign(self, header: object, claims: object) -> str:
        """A token of these parts, whatever they are, with a true signature."""
        parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
        signed = b".".join(map(_b64, parts))
        return b".".join((signed, _b64(self.key.private_key.sign(signed, PKCS1v15(), SHA256())))).decode()


def _b64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@contextmanager
def odd_provider() -> Iterator[SmallProvider]:
    """Serve, with the answers in the test's hand."""
    server = SmallProvider()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def small_provider() -> Iterator[str]:
    """Serve; the issuer's address."""
    with odd_provider() as server:
        yield server.issuer
