"""The runtime and the actor of the current request."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from flask import current_app, g, request
from flask_login import current_user

from academy.accounts.api import Identity
from academy.core.actor import NOBODY, Actor
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.media import api as media


def runtime() -> Runtime:
    """Settings, database and sealer of this process."""
    found: Runtime = current_app.extensions["academy"]
    return found


def reading() -> AbstractContextManager[Tx]:
    """A read transaction."""
    return runtime().db.read()


@contextmanager
def writing() -> Iterator[Tx]:
    """A write transaction; committed at the end of the block.

    Enough in a view: `academy.http.retries` runs the view again after a collision. Hooks, commands and jobs, which are
    not run again, use ``runtime().db.run_in_transaction``.
    """
    kept = runtime()
    with kept.db.begin() as tx:
        tx.after_commit(lambda: media.follow_revocations(tx, kept.settings))
        yield tx


def identity() -> Identity | None:
    """The signed-in person, or None."""
    return current_user.identity if current_user.is_authenticated else None


def actor() -> Actor:
    """The actor of this request; loaded once."""
    if "actor" not in g:
        found = identity()
        g.actor = _actor(found) if found else NOBODY
    kept: Actor = g.actor
    return kept


def player() -> Actor:
    """The member to credit: the actor, or on a public screen its owner."""
    found = identity()
    return _actor(found, playing=True) if found else NOBODY


def _actor(found: Identity, *, playing: bool = False) -> Actor:
    settings = runtime().settings
    two_steps = settings.second_step and not settings.demo
    return found.actor(request.remote_addr or "", two_steps=two_steps, playing=playing)


def member_on_show() -> int:
    """Row id of the member whose progress a page may show: 0 on a public screen."""
    found = identity()
    return found.member_id or 0 if found and not found.is_screen else 0
