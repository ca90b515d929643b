"""Slows down whoever guesses, alike for names that exist and names that don't.

No puzzle and no lock: after a few wrong answers one waits, at first half a minute, then twice as long
each time. An old man who mistypes is never stuck, and a browser in which he signed in before is counted
by itself, so that nobody elsewhere can make him wait.

An attempt is counted before it is looked at (`reserve`), in one short transaction: forty that are sent at
once are forty in the count, and only as many are looked at as the limit lets through.
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
"""Wrong answers are forgotten so long after the first of them; nobody waits longer."""
FIRST, FIRST_CODE = dt.timedelta(seconds=30), dt.timedelta(minutes=5)
"""The first wait; longer for codes, because whoever is asked for one knew the password."""
NAME_HERE, NAME, NETWORK, KNOWN = 5, 30, 200, 10
"""Wrong answers before one waits: for one name from one network; for one name from anywhere; from one
network, which a whole village may share; for one name in a browser that is known."""


ATTEMPTS = 20
"""Looks at a counter that others make and delete in the same moment."""
LONGEST = 60
"""Characters of an unknown name that are told apart."""


class Limit(NamedTuple):
    """So many wrong answers one may give, and so long one waits then for the first time."""

    most: int
    first: dt.timedelta
    shared: bool = False
    """Of a network: a right answer gives one attempt back and forgets nobody else's."""


def unknown(typed: str) -> str:
    """Whom an attempt is about when nobody goes by what was typed: the text itself, in one spelling."""
    return f"text:{tidy_text(typed, LONGEST).casefold()}"


def keys(kind: str, who: str, network: str, browser: str = "") -> dict[str, Limit]:
    """The counters that one attempt touches, with the limit of each.

    `who` is the account or member that was found (``account:…``, by whichever of their names), else
    `unknown(text)`. `browser` is the word of a browser that is known as this account's own.
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
    """Whether an attempt may be made now. Only `reserve` makes it: this spares a write where one waits anyway.

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
        said = msg("试错次数太多，请等 %(seconds)s 秒再试；忘了密码，请找支部重新发激活码。", seconds=seconds)
    else:
        minutes = -(-seconds // 60)
        said = msg("试错次数太多，请 %(minutes)s 分钟后再试；忘了密码，请找支部重新发激活码。", minutes=minutes)
    return Busy(said, retry_after=seconds)


def reserve(tx: Tx, counters: Mapping[str, Limit]) -> None:
    """Count one attempt as wrong under every counter, before it is looked at; `succeeded` takes it back.

    The rows are locked in one order, so that those who come at once queue and none waits for ever.

    Raises:
        Busy: too many wrong answers. The caller's transaction must end with it: nothing is counted then.
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
    """The counter of this key, made if need be, and nobody else's until the transaction ends.

    Two may make it at once, and a right answer may delete it between the one's failure and its next look.
    """
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
    """A right answer forgets the name's wrong ones, never the network's: a sprayer owns one account too."""
    for key, limit in sorted(counters.items()):  # in the order of `reserve`: two must not wait for each other
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
    """Delete counters that count nothing any longer."""
    old = clock.now() - dt.timedelta(days=1)
    return len(tx.execute(delete(Throttle).where(Throttle.since < old).returning(Throttle.key)).all())
