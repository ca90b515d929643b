"""Throttling of guesses, alike for names that exist and names that don't.

No CAPTCHA and no lock-out: after a few wrong answers there is a wait of half a minute, doubled each further time. A
person who mistypes is never locked out, and a browser in which they signed in before has a counter of its own, so
that nobody elsewhere can make them wait.

An attempt is counted before it is checked (`reserve`), in one short transaction: forty parallel attempts are forty
in the count, and only as many are checked as the limit allows.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from academy.accounts.models import Throttle
from academy.core import clock, keyed
from academy.core.database import Tx
from academy.core.errors import Busy
from academy.core.i18n import msg
from academy.core.networks import network_of
from academy.core.text import tidy_text

WINDOW = dt.timedelta(minutes=15)
"""Wrong answers expire this long after the first of them; no wait is longer."""
FIRST, FIRST_CODE = dt.timedelta(seconds=30), dt.timedelta(minutes=5)
"""The first wait; longer for codes, because a person asked for a code knew the password."""
NAME_HERE, NAME, NETWORK, KNOWN = 5, 30, 200, 10
"""Wrong answers before the first wait: for one name from one network; for one name from anywhere; from one network,
which a whole village may share; for one name in a known browser."""


ATTEMPTS = 20
"""Attempts to lock a counter that others create and delete concurrently."""
LONGEST = 60
"""Characters by which unknown names are distinguished."""


class Limit(NamedTuple):
    """Wrong answers allowed, and the first wait in seconds."""

    most: int
    first: dt.timedelta
    shared: bool = False
    """For a network: a right answer returns one attempt and clears nobody else's."""


def unknown(typed: str) -> str:
    """The throttle subject of an unknown name: the text itself, normalised."""
    return f"text:{tidy_text(typed, LONGEST).casefold()}"


def keys(kind: str, who: str, network: str, browser: str = "") -> dict[str, Limit]:
    """The counters that one attempt touches, with the limit of each.

    `who` is the account or member that was found (``account:…``, the same for each of their names), else
    `unknown(text)`. `browser` is the token of a browser known for this account.
    """
    network = network_of(network)
    first = FIRST_CODE if kind == "second-step" else FIRST
    if browser:
        return {_digest(kind, "name+browser", who, browser): Limit(KNOWN, first)}
    return {
        _digest(kind, "name+network", who, network): Limit(NAME_HERE, first),
        _digest(kind, "name", who): Limit(NAME, first),
        _digest(kind, "network", network): Limit(NETWORK, first, shared=True),
    }


def _digest(*parts: str) -> str:
    return keyed.digest("\x1f".join(parts))


def check(tx: Tx, counters: Iterable[str]) -> None:
    """Check without counting whether an attempt may be made. Only `reserve` counts: this saves a write during a wait.

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
        raise _wait(until - now)


def _wait(left: dt.timedelta) -> Busy:
    seconds = max(1, -(-int(left.total_seconds()) // 1))
    if seconds < 100:
        message = msg("试错次数太多，请等 %(seconds)s 秒再试；忘了密码，请找支部重新发激活码。", seconds=seconds)
    else:
        minutes = -(-seconds // 60)
        message = msg("试错次数太多，请 %(minutes)s 分钟后再试；忘了密码，请找支部重新发激活码。", minutes=minutes)
    return Busy(message, retry_after=seconds)


def reserve(tx: Tx, counters: Mapping[str, Limit]) -> None:
    """Count one attempt as wrong under every counter before it is checked; `succeeded` takes it back.

    The rows are locked in a fixed order, so that concurrent attempts queue without deadlock.

    Raises:
        Busy: too many wrong answers. The caller's transaction must roll back: nothing is counted then.
    """
    now = clock.now()
    for key, limit in sorted(counters.items()):
        row = _locked(tx, key)
        if row.since < now - WINDOW:
            row.failures, row.since, row.until = 0, now, None
        if row.until is not None and row.until > now:
            raise _wait(row.until - now)
        row.failures += 1
        if row.failures >= limit.most:
            row.until = now + min(WINDOW, limit.first * 2 ** min(10, row.failures - limit.most))
    tx.flush()


def _locked(tx: Tx, key: str) -> Throttle:
    """The counter of this key, created if needed and locked until the transaction ends."""
    for _ in range(ATTEMPTS):
        row = tx.get(Throttle, key, with_for_update=True, populate_existing=True)
        if row is not None:
            return row
        try:
            with tx.begin_nested():
                made = Throttle(key=key, failures=0, since=clock.now())
                tx.add(made)
        except IntegrityError:
            continue
        return made
    raise Busy()


def succeeded(tx: Tx, counters: Mapping[str, Limit]) -> None:
    """A right answer clears the name's wrong ones, never the network's: a password sprayer owns one account too."""
    for key, limit in sorted(counters.items()):  # in the order of `reserve`, to avoid deadlocks
        if not limit.shared:
            tx.execute(delete(Throttle).where(Throttle.key == key))
            continue
        row = tx.get(Throttle, key, with_for_update=True, populate_existing=True)
        if row is not None and row.failures > 0:
            row.failures -= 1
            row.until = row.until if row.failures >= limit.most else None
            tx.flush()


def spend(tx: Tx, key: str, *, pause: dt.timedelta, most: int, window: dt.timedelta) -> dt.timedelta | None:
    """Use one of `most` turns in a window, a pause apart; None, or how long to wait when there is none."""
    now = clock.now()
    row = _locked(tx, key)
    if row.since <= now - window:
        row.failures, row.since, row.until = 0, now, None
    if row.until is not None and row.until > now:
        return row.until - now
    row.failures += 1
    row.until = row.since + window if row.failures >= most else now + pause
    tx.flush()
    return None


def forget_old(tx: Tx) -> int:
    """Delete expired counters."""
    old = clock.now() - dt.timedelta(days=1)
    return len(tx.execute(delete(Throttle).where(Throttle.since < old).returning(Throttle.key)).all())
