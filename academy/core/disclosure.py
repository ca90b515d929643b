"""Statistical disclosure control: figures by personal attributes are released with noise, everywhere in the same way.

A released figure is the true one plus two-sided geometric noise, rounded to `BASE`. Noise is derived with a secret
key from the name of the group and from the set of people counted (a fingerprint), never from who of them is in the
group: the same people always give the same figure on every page, and a figure never changes *because* one person of a
group acted. Rounding, limits and withholding are applied after the noise and reveal nothing more. ADR 0035.
"""

import hmac
import math
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import SQLColumnExpression

SMALLEST = 5
"""Groups of fewer people are withheld."""
BASE = 5
"""Every released figure is a multiple of this."""
FACTOR = math.sqrt(2)
"""Factor by which one figure changes the odds about one person at most; four figures: its fourth power."""
_UNIT = 1 << 53
_key = b"academy disclosure, not set up"


def use(secret: str) -> None:
    """Set the secret that the noise is derived from (one for each city; a new one changes all figures)."""
    global _key
    _key = hmac.digest(secret.encode(), b"academy disclosure 1", "sha256")


def noise(name: str) -> int:
    """The noise for the figure of that name: P(n) is proportional to ``FACTOR ** -abs(n)``."""
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
        group: the group's name, the same on every page.
        size: how many people are in the group.
        numbers: the counts, the size first; each with the fingerprint of all people, of any group, to whom the count
            applies: 0 where there are none, which is no secret.
    """
    shown = [
        rounded(number + noise(f"{place}\x1f{group}\x1f{state}")) if state else 0
        for place, (number, state) in enumerate(numbers)
    ]
    return shown if size >= SMALLEST and shown[0] >= SMALLEST else None


def fingerprint(person: SQLColumnExpression[int]) -> SQLColumnExpression[int]:
    """A value to add up over people, by their row ids, that distinguishes one set of them from another."""
    # Squares: exchanging two people for two others seldom leaves the sum unchanged. No overflow below 10**9 people.
    return person * person % 2_147_483_647
