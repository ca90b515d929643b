"""`X-HTTP-Method-Override` for uploads: some networks let only GET and POST through, whatever the method is.

The protocol wants the header to be taken for the method of the request, so it is changed before Flask looks for a
route. No form of another site can send the header, nor the one that names the protocol, which every upload needs.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIX = "/api/v1/uploads"
METHODS = frozenset({"OPTIONS", "HEAD", "GET", "POST", "PATCH", "DELETE"})
ACTUAL = "academy.actual_method"
"""Where the environment keeps the method that was sent."""


class MethodOverride:
    """WSGI middleware around the Flask application."""

    def __init__(self, app: "WSGIApplication") -> None:
        self._app = app

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        asked = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
        if asked is not None and environ["PATH_INFO"].startswith(PREFIX):
            # A method that nobody knows is left to the routes: 405 with what is allowed.
            environ[ACTUAL] = environ["REQUEST_METHOD"]
            method = str(asked).strip().upper()
            environ["REQUEST_METHOD"] = method if method in METHODS else "UNKNOWN"
        return self._app(environ, start_response)
