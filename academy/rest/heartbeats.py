"""Heartbeats are answered before Flask, because they need no session, template or language.

Only the empty response (204) is given here. Others are passed to Flask's own route, which finds the outcome in the
WSGI environment, so that errors, languages and headers are those of every other endpoint. The route's address and
declaration are in `academy.rest.learning`.
"""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from academy.core.errors import AcademyError, Busy, TooLarge
from academy.core.i18n import msg
from academy.http.headers import EVERYWHERE
from academy.learning import api as learning
from academy.learning.api import BadHeartbeat, Committer, HeartbeatOutcome, LeaseRefused, Meter, Signer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/api/v1/progress/heartbeats"
KEPT = "academy.heartbeat"
_SILENT = [("Cache-Control", "no-store"), *EVERYWHERE.items()]


class HeartbeatMiddleware:
    """WSGI middleware around the Flask application."""

    def __init__(self, app: "WSGIApplication", committer: Committer, signer: Signer, meter: Meter) -> None:
        self._app = app
        self._committer = committer
        self._signer = signer
        self._meter = meter

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "POST":
            return self._app(environ, start_response)
        try:
            outcome, seq = self.take(environ)
        except Exception as error:
            environ[KEPT] = error
        else:
            if not outcome.reason and not outcome.finished:
                start_response("204 No Content", _SILENT)
                return ()
            environ[KEPT] = outcome, seq
        return self._app(environ, start_response)

    def take(self, environ: "WSGIEnvironment") -> tuple[HeartbeatOutcome, int]:
        """Parse, credit and count one heartbeat; returns its sequence too."""
        started = time.perf_counter()
        answer, outcome = "failed", None
        try:
            beat = learning.read_heartbeat(self._signer, _body(environ))
            outcome = self._committer.submit(beat)
            answer = "ended" if outcome.ended else "refused" if outcome.reason else "duplicate"
            if outcome.gained and answer == "duplicate":
                answer = "credited"
            return outcome.for_public_screen() if beat.grant.in_public else outcome, beat.seq
        except (BadHeartbeat, TooLarge):
            answer = "invalid"
            raise
        except LeaseRefused:
            answer = "ended"
            raise
        except Busy:
            answer = "busy"
            raise
        finally:
            self._meter.answered(
                answer,
                time.perf_counter() - started,
                outcome.gained_ms if outcome else 0,
                outcome.reason if outcome else "",
            )


def _body(environ: "WSGIEnvironment") -> bytes:
    try:
        size = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        size = -1
    if size > learning.MAX_HEARTBEAT_BYTES:
        raise TooLarge(msg("提交的内容太大。"))
    if size < 0:
        raise BadHeartbeat(msg("请求有误，请返回重试。"))
    body: Any = environ["wsgi.input"].read(size)
    return bytes(body)


def kept(environ: "WSGIEnvironment") -> tuple[HeartbeatOutcome, int]:
    """The outcome stored by the middleware, and the heartbeat's sequence; for Flask's route.

    Raises:
        Exception: the exception that the middleware caught.
    """
    found = environ.get(KEPT)
    if isinstance(found, tuple):
        return found
    if isinstance(found, AcademyError | Exception):
        raise found
    raise BadHeartbeat(msg("请求有误，请返回重试。"))
