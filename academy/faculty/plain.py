"""The same counting a second time, day by day and without any shortcut: what `flask faculty verify` compares with.

Nothing here uses `rules` for a result: periods are asked one day at a time, sums are added one lecture at a time.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

DAY = dt.timedelta(days=1)
OnDay = Callable[[dt.date], bool]


@dataclass(frozen=True)
class PlainDemand:
    """What a rule asks for, as plain numbers."""

    lectures: int
    years: int
    parts_each: int
    soon_days: int
    counts_from: dt.date


@dataclass(frozen=True)
class PlainObligation:
    """An obligation on a day: its state, and the due date; None while time stands still without a known end."""

    state: str
    due_on: dt.date | None


def plain_obligation(
    demand: PlainDemand, holds: OnDay, rests: OnDay, taught: Sequence[tuple[dt.date, int]], on: dt.date, last: dt.date
) -> PlainObligation | None:
    """The obligation on a day, counted by walking along the calendar; None when the level is not held.

    Args:
        demand: the rule in force.
        holds: whether the level is held on a day.
        rests: whether time stands still on a day.
        taught: day and part (ten-thousandths of a class hour) of each lecture taught.
        on: the day.
        last: from this day on nothing changes any more: a rest that reaches it has no end.
    """
    if not holds(on):
        return None
    first = on
    while holds(first - DAY):
        first -= DAY
    days = sorted(day for day, part in taught if first <= day <= on and part >= demand.parts_each)
    start = first if first > demand.counts_from else demand.counts_from
    from_day = start
    if len(days) >= demand.lectures and days[-demand.lectures] > start:
        from_day = days[-demand.lectures]
    due = _walk(from_day, dt.date(from_day.year + demand.years, 12, 31), rests, last)
    given = [day for day in days if day.year > on.year - demand.years]
    if len(given) >= demand.lectures:
        return PlainObligation("met", due)
    if due is not None and due < on:
        return PlainObligation("overdue", due)
    if due is None or rests(on):
        return PlainObligation("suspended", due)
    return PlainObligation("soon" if due - on <= dt.timedelta(days=demand.soon_days) else "open", due)


def _walk(start: dt.date, planned: dt.date, rests: OnDay, last: dt.date) -> dt.date | None:
    """The day on which as many days have run as lie between two days."""
    left = (planned - start).days
    day = start
    while left:
        day += DAY
        if not rests(day):
            left -= 1
        elif day >= last:
            return None
    return day


def plain_evenings(first: dt.date, last: dt.date, weekday: int, off: set[dt.date]) -> list[dt.date]:
    """The days of a term on which the forum meets, found by looking at each of them."""
    found = []
    day = first
    while day <= last:
        if day.weekday() == weekday and day not in off:
            found.append(day)
        day += DAY
    return found
