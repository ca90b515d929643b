"""Retry of views whose transaction collided with another one, before a response is sent.

`with writing() as tx` cannot run its block a second time; the view around it can, as long as it has committed nothing
and the request's body can be read again.
"""

from typing import Any

from flask import Flask, g, request, session
from flask.typing import ResponseReturnValue

from academy.core.database import Database


class Application(Flask):
    """Flask, with views retried after a deadlock, a serialisation failure or a unique collision."""

    def dispatch_request(self) -> ResponseReturnValue:
        """The view's response. Changes of a failed attempt to `g` and the session are undone before the next.

        Raises:
            DBAPIError: the collision persisted; `academy.http.errors` answers 503.
        """
        db: Database = self.extensions["academy"].db
        kept_g, kept_session = dict(vars(g)), dict(session)

        def prepare() -> bool:
            if not _body_can_be_read_again():
                return False
            vars(g).clear()
            vars(g).update(kept_g)
            _restore_session(kept_session)
            return True

        return db.run_again(super().dispatch_request, prepare=prepare)


def _body_can_be_read_again() -> bool:
    """Whether Flask keeps the body: forms and JSON, or none. An upload's stream can be read once only."""
    if not request.content_length and "chunked" not in request.headers.get("Transfer-Encoding", ""):
        return True
    if request.is_json or request.mimetype == "application/x-www-form-urlencoded":
        return True
    if request.mimetype != "multipart/form-data":
        return False
    files: list[Any] = [file for _, file in request.files.items(multi=True)]
    if any(file.stream.closed for file in files):
        return False
    for file in files:
        file.stream.seek(0)
    return True


def _restore_session(kept: dict[str, Any]) -> None:
    if dict(session) != kept:
        session.clear()
        session.update(kept)
