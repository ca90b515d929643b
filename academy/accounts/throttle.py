"""Slows down whoever guesses, alike for names that exist and names that don't."""

import datetime as dt
import hashlib
from collections.abc import Iterable

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from academy.accounts.models import Throttle
from academy.core import clock
from academy.core.db import Tx
from academy.core.errors import Busy
from academy.core.i18n import msg

WINDOW = dt.timedelta(minutes=15)
NAME_HERE, NAME, NETWORK = 5, 30, 200
"""Wrong answers within the window: for one name from one network; for one name from anywhere, so that
a stranger can't easily lock somebody out; from one network, which a whole village may share."""


def keys(kind: str, name: str, network: str) -> dict[str, int]:
    """The counters that one attempt touches, with the most each may show."""
    name = name.strip().lower()[:200]
    return {
        _digest(kind, "name+network", name, network): NAME_HERE,
        _digest(kind, "name", name): NAME,
        _digest(kind, "network", network): NETWORK,
    }


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def check(tx: Tx, counters: Iterable[str]) -> None:
    """Whether an attempt may be made.

    Raises:
        Busy: too many wrong answers; `retry_after` says how long to wait.
    """
    now = clock.now()
    until = tx.scalar(
        select(Throttle.until)
        .where(Throttle.key.in_(list(counters)), Throttle.until > now)
        .order_by(Throttle.until.desc())
    )
    if until is not None:
        minutes = max(1, -(-int((until - now).total_seconds()) // 60))
        raise Busy(
            msg("试错次数太多，请 %(minutes)s 分钟后再试；忘了密码，请找支部重新发激活码。", minutes=minutes),
            retry_after=minutes * 60,
        )


def failed(tx: Tx, counters: dict[str, int]) -> None:
    """Count a wrong answer under every counter."""
    now = clock.now()
    for key, most in sorted(counters.items()):
        row = tx.get(Throttle, key, with_for_update=True) or _new(tx, key)
        if row.since < now - WINDOW:
            row.failures, row.since, row.until = 0, now, None
        row.failures += 1
        if row.failures >= most:
            row.until = now + WINDOW
    tx.execute(delete(Throttle).where(Throttle.since < now - dt.timedelta(days=1)))
    tx.flush()


def _new(tx: Tx, key: str) -> Throttle:
    try:
        with tx.begin_nested():
            row = Throttle(key=key, failures=0, since=clock.now())
            tx.add(row)
    except IntegrityError:
        return tx.get_one(Throttle, key, with_for_update=True, populate_existing=True)
    return row


def succeeded(tx: Tx, kind: str, name: str, network: str) -> None:
    """A right answer forgets the name's wrong ones, never the network's: a sprayer owns one account too."""
    here, anywhere, _ = keys(kind, name, network)
    tx.execute(delete(Throttle).where(Throttle.key.in_([here, anywhere])))
