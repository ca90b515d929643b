"""A small OpenID provider on the network that signs whatever a code asks for: for tests that sign on very often.

The certified provider, with its forms, is in tests/http/test_sso.py.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey


def code_for(number: str, nonce: str) -> str:
    """The authorization code that is exchanged for a token with this register number."""
    return f"{number}.{nonce}"


class _Handler(BaseHTTPRequestHandler):
    server: "_Server"

    def do_GET(self) -> None:
        if self.path.endswith("/openid-configuration"):
            here = self.server.issuer
            paths = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            self._answer({"issuer": here} | {name: f"{here}/{path}" for name, path in paths.items()})
        else:
            self._answer(KeySet([self.server.key]).as_dict(private=False))

    def do_POST(self) -> None:
        sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        number, nonce = sent["code"][0].split(".", 1)
        now = int(time.time())
        claims = {"iss": self.server.issuer, "aud": "academy", "sub": f"sub-{number}", "nonce": nonce}
        times = {"iat": now, "exp": now + 300}
        token = jwt.encode(
            {"alg": "RS256", "kid": "k"}, claims | times | {"preferred_username": number}, self.server.key
        )
        self._answer({"access_token": "unused", "token_type": "Bearer", "id_token": token})

    def _answer(self, found: object) -> None:
        body = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing to standard error."""


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.key = RSAKey.generate_key(2048, {"kid": "k", "alg": "RS256", "use": "sig"})
        self.issuer = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def small_provider() -> Iterator[str]:
    """Serve; the issuer's address."""
    server = _Server()
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
