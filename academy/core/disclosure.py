"""Statistical disclosure control: figures by personal attributes are released with noise, everywhere in the same way.

A released figure is the true one plus two-sided geometric noise, rounded to `BASE`. Noise is drawn by a key that
nobody outside has, from the name of the group and from who is counted at all (a fingerprint), never from who of them
is in the group: the same people always give the same figure, whichever page is asked, and a figure never changes
*because* somebody of one group did. Rounding, limits and withholding come after the noise and add nothing. ADR 0035.
"""

import hmac
import math
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import SQLColumnExpression

SMALLEST = 5
"""A group of fewer people is never shown by itself."""
BASE = 5
"""Every released figure is a multiple of this."""
FACTOR = math.sqrt(2)
"""Seeing one figure changes the odds about one person by this at most; seeing four of them, by its fourth power."""
_UNIT = 1 << 53
_key = b"academy disclosure, not set up"


def use(secret: str) -> None:
    """Draw noise by this secret from now on (one for each city; a new one draws all figures anew)."""
    global _key
    _key = hmac.digest(secret.encode(), b"academy disclosure 1", "sha256")


def noise(name: str) -> int:
    """What is added to the figure of that name: P(n) is proportional to ``FACTOR ** -abs(n)``."""
    drawn = hmac.digest(_key, name.encode(), sha256)
    up, down = (_geometric(int.from_bytes(part, "big")) for part in (drawn[:8], drawn[8:16]))
    return up - down


def _geometric(number: int) -> int:
    """A draw of 64 bits as a geometric variable with ratio ``1 / FACTOR``."""
    share = ((number >> 11) + 1) / _UNIT  # in (0, 1]
    return int(-math.log(share) / math.log(FACTOR))


def rounded(number: int) -> int:
    """The nearest multiple of `BASE`, at least 0."""
    return max(0, (number + BASE // 2) // BASE * BASE)


def release(group: str, size: int, numbers: Sequence[tuple[int, int]]) -> list[int] | None:
    """Figures of one group as they may be shown; None where it is withheld.

    Args:
        group: the group's name, the same wherever it is asked for.
        size: how many people are in the group.
        numbers: what is counted of them, the size first; each with the fingerprint of all people, of any group, of
            whom the same is counted: 0 where nobody is, which is no secret.
    """
    shown = [
        rounded(number + noise(f"{place}\x1f{group}\x1f{state}")) if state else 0
        for place, (number, state) in enumerate(numbers)
    ]
    return shown if size >= SMALLEST and shown[0] >= SMALLEST else None


def fingerprint(person: SQLColumnExpression[int]) -> SQLColumnExpression[int]:
    """What to add up over people, by their row ids, to tell one set of them from another."""
    # Squares: two who change places with two others seldom leave their sum as it was. No overflow below 10**9 people.
    return person * person % 2_147_483_647
