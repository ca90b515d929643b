"""What of an evaluation may be shown, as pure functions.

Nobody may find out what fewer than `LEAST` people answered, also not by comparing: a round's groups are shown only
together with all others of the round, each of at least `LEAST` answers; those with fewer are joined until they have so
many. Then whatever is added or taken away, what is left has `LEAST` answers or none.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAST = 5
"""Answers below which nothing is shown."""
OTHERS = None
"""Key of the joined groups."""

Groups = dict[int | None, tuple[int | None, ...]]


@dataclass(frozen=True)
class MarkFigures:
    """Marks of one question: how many, their mean and their spread (standard deviation of these answers), rounded to
    hundredths: with five answers, more digits would give the marks themselves away."""

    count: int
    mean: float
    spread: float


def shown_groups(counts: Mapping[int | None, int]) -> Groups:
    """Which groups of a round are shown: key → the groups that it stands for. Empty where only the whole may be shown.

    `counts` are the answers by group; groups without an answer may be missing.
    """
    sizes = {key: count for key, count in counts.items() if count}
    large = {key: count for key, count in sizes.items() if count >= LEAST and key is not None}
    rest = sorted((count, -1 if key is None else key) for key, count in sizes.items() if key not in large)
    joined = sum(count for count, _ in rest)
    members = [None if key == -1 else key for _, key in rest]
    while rest and joined < LEAST and large:
        smallest = min(large, key=lambda key: (large[key], key))
        joined += large.pop(smallest)
        members.append(smallest)
    if len(large) + bool(members) < 2 or (members and joined < LEAST):
        return {}
    found: Groups = {key: (key,) for key in sorted(large)}
    if members:
        found[OTHERS] = tuple(members)
    return found


def figures(marks: Sequence[int], least: int = LEAST) -> MarkFigures | None:
    """Mean and spread; None where there are fewer than `least`, or none at all."""
    count = len(marks)
    if count < max(least, 1):
        return None
    mean = sum(marks) / count
    spread = math.sqrt(sum((mark - mean) ** 2 for mark in marks) / count)
    return MarkFigures(count, round(mean, 2), round(spread, 2))


def months_after(year: int, month: int, months: int) -> tuple[int, int]:
    """Year and month so many months later."""
    whole = year * 12 + month - 1 + months
    return whole // 12, whole % 12 + 1
