"""Slows down whoever guesses, alike for names that exist and names that don't.

No puzzle and no lock: after a few wrong answers one waits, at first half a minute, then twice as long
each time. An old man who mistypes is never stuck, and a browser in which he signed in before is counted
by itself, so that nobody elsewhere can make him wait.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from academy.accounts.models import Throttle
from academy.core import clock
from academy.core.db import Tx
from academy.core.errors import Busy
from academy.core.i18n import msg

WINDOW = dt.timedelta(minutes=15)
"""Wrong answers are forgotten so long after the first of them; nobody waits longer."""
FIRST, FIRST_CODE = dt.timedelta(seconds=30), dt.timedelta(minutes=5)
"""The first wait; longer for codes, because whoever is asked for one knew the password."""
NAME_HERE, NAME, NETWORK, KNOWN = 5, 30, 200, 10
"""Wrong answers before one waits: for one name from one network; for one name from anywhere; from one
network, which a whole village may share; for one name in a browser that is known."""


class Limit(NamedTuple):
    """So many wrong answers one may give, and so long one waits then for the first time."""

    most: int
    first: dt.timedelta


def keys(kind: str, name: str, network: str, browser: str = "") -> dict[str, Limit]:
    """The counters that one attempt touches, with the limit of each.

    `browser` is the word of a browser that is known as this name's own.
    """
    name = name.strip().lower()[:200]
    first = FIRST_CODE if kind == "second-step" else FIRST
    if browser:
        return {_digest(kind, "name+browser", name, browser): Limit(KNOWN, first)}
    return {
        _digest(kind, "name+network", name, network): Limit(NAME_HERE, first),
        _digest(kind, "name", name): Limit(NAME, first),
        _digest(kind, "network", network): Limit(NETWORK, first),
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
    if until is None:
        return
    seconds = max(1, -(-int((until - now).total_seconds()) // 1))
    if seconds < 100:
        said = msg("试错次数太多，请等 %(seconds)s 秒再试；忘了密码，请找支部重新发激活码。", seconds=seconds)
    else:
        minutes = -(-seconds // 60)
        said = msg("试错次数太多，请 %(minutes)s 分钟后再试；忘了密码，请找支部重新发激活码。", minutes=minutes)
    raise Busy(said, retry_after=seconds)


def failed(tx: Tx, counters: dict[str, Limit]) -> None:
    """Count a wrong answer under every counter."""
    now = clock.now()
    for key, (most, first) in sorted(counters.items()):
        row = tx.get(Throttle, key, with_for_update=True) or _new(tx, key)
        if row.since < now - WINDOW:
            row.failures, row.since, row.until = 0, now, None
        row.failures += 1
        if row.failures >= most:
            row.until = now + min(WINDOW, first * 2 ** min(10, row.failures - most))
    tx.flush()


def _new(tx: Tx, key: str) -> Throttle:
    try:
        with tx.begin_nested():
            row = Throttle(key=key, failures=0, since=clock.now())
            tx.add(row)
    except IntegrityError:
        return tx.get_one(Throttle, key, with_for_update=True, populate_existing=True)
    return row


def succeeded(tx: Tx, kind: str, name: str, network: str, browser: str = "") -> None:
    """A right answer forgets the name's wrong ones, never the network's: a sprayer owns one account too."""
    own = keys(kind, name, network, browser).keys() - {_digest(kind, "network", network)}
    tx.execute(delete(Throttle).where(Throttle.key.in_(own)))


def spend(tx: Tx, key: str, *, pause: dt.timedelta, most: int, window: dt.timedelta) -> dt.timedelta | None:
    """Use one of `most` turns in a window, a pause apart; None, or how long to wait when there is none."""
    now = clock.now()
    row = tx.get(Throttle, key, with_for_update=True) or _new(tx, key)
    if row.since <= now - window:
        row.failures, row.since, row.until = 0, now, None
    if row.until is not None and row.until > now:
        return row.until - now
    row.failures += 1
    row.until = row.since + window if row.failures >= most else now + pause
    tx.flush()
    return None


def forget_old(tx: Tx) -> int:
    """Delete counters that count nothing any longer."""
    old = clock.now() - dt.timedelta(days=1)
    return len(tx.execute(delete(Throttle).where(Throttle.since < old).returning(Throttle.key)).all())
