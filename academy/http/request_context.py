"""The runtime and the actor of the current request."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import current_app, g, request
from flask_login import current_user

from academy.accounts.queries import Identity
from academy.core.actor import NOBODY, Actor
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.media.service import follow_revocations


def runtime() -> Runtime:
    """Settings, database and sealer of this process."""
    found: Runtime = current_app.extensions["academy"]
    return found


def reading() -> AbstractContextManager[Tx]:
    """A transaction to read in."""
    return runtime().db.read()


@contextmanager
def writing() -> Iterator[Tx]:
    """A transaction to write in; committed at the end of the block.

    In a view that is enough: `academy.http.retries` runs the view again when another transaction was in
    its way. Hooks, commands and jobs, which nobody runs again, use ``runtime().db.run_in_transaction``.
    """
    kept = runtime()
    with kept.db.begin() as tx:
        tx.after_commit(lambda: follow_revocations(tx, kept.settings))
        yield tx


def identity() -> Identity | None:
    """The signed-in person's summary, or None."""
    return current_user.identity if current_user.is_authenticated else None


def actor() -> Actor:
    """Who is acting in this request; asked of the database once."""
    if "actor" not in g:
        found = identity()
        g.actor = _actor(found) if found else NOBODY
    kept: Actor = g.actor
    return kept


def player() -> Actor:
    """Who a playback is credited to: the actor, and on a public screen its owner, in whose name it plays."""
    found = identity()
    return _actor(found, playing=True) if found else NOBODY


def _actor(found: Identity, *, playing: bool = False) -> Actor:
    settings = runtime().settings
    two_steps = settings.second_step and not settings.demo
    return found.actor(request.remote_addr or "", two_steps=two_steps, playing=playing)


def member_on_show() -> int:
    """The member whose progress a page may show, by row id: nobody's (0) on a public screen."""
    found = identity()
    return found.member_id or 0 if found and not found.is_screen else 0
