"""`X-HTTP-Method-Override` for uploads: some networks let only GET and POST through.

tus requires that the header replaces the method of the request, so it is changed before Flask's routing. No form of
another site can send this header, nor the one with the protocol version, which every upload needs.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/api/v1/uploads"
METHODS = frozenset({"OPTIONS", "HEAD", "GET", "POST", "PATCH", "DELETE"})
ACTUAL = "academy.actual_method"
"""Environment key of the original method."""


class MethodOverride:
    """WSGI middleware around the Flask application."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        asked = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        if asked is not None and environ["PATH_INFO"].startswith(PREFIX):
            # An unknown method is left to the routing: 405 with the allowed ones.
            environ[ACTUAL] = environ["REQUEST_METHOD"]
            method = str(asked).strip().upper()
            environ["REQUEST_METHOD"] = method if method in METHODS else "UNKNOWN"
        return self._app(environ, start_response)
