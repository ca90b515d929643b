"""Sessions: kept on the server, so that ending one takes effect at once."""

import datetime as dt
import secrets

from sqlalchemy import ColumnElement, select, update

from academy.accounts.events import SessionsEnded
from academy.accounts.models import Account, LoginSession
from academy.accounts.queries import PROGRAM, digest, has_second_factor, is_usable
from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, NotFound
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.jobs import api as jobs

PENDING = dt.timedelta(minutes=10)


def open_session(tx: Tx, runtime: Runtime, account: Account, network: str = "", device: str = "") -> str:
    """Open a session; the token is new each time, which prevents session fixation.

    Where the account has a second step, the session stays anonymous until it is completed.

    Raises:
        Conflict: the account was frozen, or its member left, during the sign-in.
    """
    _only_usable(tx, account)
    token = secrets.token_urlsafe(32)
    now = clock.now()
    pending = has_second_factor(tx, account.id)
    tx.add(
        LoginSession(
            digest=digest(token),
            account_id=account.id,
            device=device[:120],
            pending=pending,
            expires_at=now + PENDING if pending else expires_at(runtime, now, now),
        )
    )
    tx.flush()
    actor = Actor(account_id=account.id, member_id=account.member_id, network=network)
    record(tx, actor, "sign-in.first-step" if pending else "sign-in.done", f"account:{account.public_id}")
    return token


def open_program_session(tx: Tx, account: Account, days: int) -> str:
    """Create a token for a program acting as this account; it ends on its expiry day, idle or not.

    Raises:
        Conflict: the account may not be used.
    """
    _only_usable(tx, account)
    token = secrets.token_urlsafe(32)
    until = clock.now() + dt.timedelta(days=days)
    tx.add(LoginSession(digest=digest(token), account_id=account.id, device=PROGRAM, expires_at=until))
    record(tx, SYSTEM, "token.issued", f"account:{account.public_id}", days=days)
    return token


def _only_usable(tx: Tx, account: Account) -> None:
    if not is_usable(tx, account.id):
        raise Conflict(msg("这个账号已停用，请联系管理员。"))


def expires_at(runtime: Runtime, began: dt.datetime, seen: dt.datetime) -> dt.datetime:
    """When a session with this start and last use ends: at the idle or the absolute limit."""
    idle = seen + dt.timedelta(minutes=runtime.settings.session_idle_minutes)
    return min(idle, began + dt.timedelta(days=runtime.settings.session_days))


def keep_alive(tx: Tx, runtime: Runtime, session_id: int) -> None:
    """Extend the idle limit of a session that was used; the absolute limit stays."""
    row = tx.get(LoginSession, session_id)
    if row is not None and row.ended_at is None:
        row.seen_at = clock.now()
        if row.device == PROGRAM or row.screen:
            return
        row.expires_at = expires_at(runtime, row.created_at, row.seen_at)


def sign_out(tx: Tx, actor: Actor, token: str) -> None:
    """End the session of this token, on the server."""
    _end(tx, LoginSession.digest == digest(token))
    account = tx.get(Account, actor.account_id)
    record(tx, actor, "sign-out.done", f"account:{account.public_id if account else 'unknown'}")


def end_session(tx: Tx, actor: Actor, public_id: str) -> None:
    """Sign out one of the actor's own devices; no effect when it is signed out already.

    Raises:
        NotFound: there is none, or (audited) it is somebody else's.
    """
    if _end(tx, LoginSession.public_id == public_id, LoginSession.account_id == actor.account_id):
        record(tx, actor, "session.ended", f"session:{public_id}")
        return
    owner = tx.scalar(select(LoginSession.account_id).where(LoginSession.public_id == public_id))
    if owner is None:
        raise NotFound
    if owner != actor.account_id:
        raise Forbidden(f"session:{public_id}")


def end_sessions(tx: Tx, account_ids: list[int], *, but: int | None = None) -> None:
    """End every session of these accounts, except optionally the requesting one."""
    for start in range(0, len(account_ids), 5000):
        chosen = LoginSession.account_id.in_(account_ids[start : start + 5000])
        _end(tx, chosen if but is None else chosen & (LoginSession.id != but))


def _end(tx: Tx, *chosen: ColumnElement[bool]) -> int:
    """End the chosen sessions that are still open and publish the event; returns how many."""
    ended = tx.scalars(
        update(LoginSession)
        .where(LoginSession.ended_at.is_(None), *chosen)
        .values(ended_at=clock.now())
        .returning(LoginSession.id)
    ).all()
    if ended:
        jobs.publish(tx, SessionsEnded(list(ended)))
    return len(ended)
