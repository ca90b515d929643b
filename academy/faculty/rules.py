"""What lecturers owe, and how class hours are counted, as pure functions. Days are calendar days of the city.

**Obligations.** A rule asks holders of a level for n lectures in every m calendar years, each of at least so many class
hours of the lecturer's own. Time begins on the *anchor*: the day of the n-th last lecture that counts, or, while there
are fewer, the first day of the duty. It ends on 31 December m years after the anchor's year, so that a year in which
somebody was appointed is never too short. Days of rest do not run: the due date moves by as many days.

A duty is an unbroken stretch of days on which the level is held; changing from one unit to another does not break it.
Lectures count that were held within it. Time before the rule's `counts_from` is not counted against anybody.

**Class hours** are whole numbers: a lecture has tenths of a class hour, a lecturer's share is in permille, so a part is
tenths × permille, in ten-thousandths of a class hour (`PARTS`), and sums are exact.
"""

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from academy.faculty.kinds import LecturerLevel, LectureState, PoolState

PARTS = 10_000
"""Parts of a class hour."""
WHOLE = 1000
"""Permille."""
DAY = dt.timedelta(days=1)
SUSPENDING = (PoolState.RESTING, PoolState.LEFT)
"""States of the pool during which no time runs."""

POOL_MOVES: dict[PoolState, tuple[PoolState, ...]] = {
    PoolState.INVITED: (PoolState.CONFIRMED, PoolState.LEFT),
    PoolState.CONFIRMED: (PoolState.RESTING, PoolState.LEFT),
    PoolState.RESTING: (PoolState.CONFIRMED, PoolState.LEFT),
    PoolState.LEFT: (PoolState.INVITED,),
}
LECTURE_MOVES: dict[LectureState, tuple[LectureState, ...]] = {
    LectureState.PLANNED: (LectureState.HELD, LectureState.CANCELLED, LectureState.NO_SHOW),
    LectureState.HELD: (LectureState.PLANNED,),
    LectureState.CANCELLED: (LectureState.PLANNED,),
    LectureState.NO_SHOW: (LectureState.PLANNED,),
}
"""State → states that may follow; back to planned is the undoing of an entry."""


@dataclass(frozen=True)
class DayPeriod:
    """Days from `first` up to, not including, `end`; None is open."""

    first: dt.date
    end: dt.date | None = None

    def has(self, day: dt.date) -> bool:
        """Whether the day lies in it."""
        return self.first <= day and (self.end is None or day < self.end)


@dataclass(frozen=True)
class Taught:
    """A lecturer's part in a lecture that was held."""

    lecture_id: int
    day: dt.date
    parts: int
    """Ten-thousandths of a class hour."""


@dataclass(frozen=True)
class Demand:
    """What a rule asks for; see `models.ObligationRule`."""

    level: LecturerLevel
    lectures: int
    years: int
    tenths_each: int
    soon_days: int
    counts_from: dt.date


class ObligationState(enum.StrEnum):
    """State of an obligation on a day: `open` is neither met in the years counted nor due soon."""

    OVERDUE = "overdue"
    SOON = "soon"
    OPEN = "open"
    MET = "met"
    SUSPENDED = "suspended"


@dataclass(frozen=True)
class Assessment:
    """An obligation on a day."""

    demand: Demand
    state: ObligationState
    due_on: dt.date | None
    """None while an open-ended rest keeps time from running."""
    anchor: dt.date
    """The day from which time runs."""
    since: dt.date
    """First day of the duty, or of what is counted of it."""
    counted: tuple[Taught, ...]
    """Lectures that count, the newest last: at most as many as are asked for."""
    done: int
    """How many of them lie in the years that end with the due date."""


def merged(periods: Iterable[DayPeriod]) -> list[DayPeriod]:
    """Periods without overlaps, in their order; such as follow each other without a day between are one."""
    found: list[DayPeriod] = []
    for one in sorted(periods, key=lambda period: period.first):
        last = found[-1] if found else None
        if last is not None and (last.end is None or one.first <= last.end):
            end = None if last.end is None or one.end is None else max(last.end, one.end)
            found[-1] = DayPeriod(last.first, end)
        else:
            found.append(one)
    return found


def due_date(anchor: dt.date, years: int, rests: Sequence[DayPeriod]) -> dt.date | None:
    """31 December so many years after the anchor, moved by the days of rest after the anchor; `rests` are merged.

    None when a rest without an end comes before it.
    """
    due = dt.date(anchor.year + years, 12, 31)
    for rest in rests:
        first = max(rest.first, anchor + DAY)
        if first > due:
            break
        if rest.end is None:
            return None
        due += max(rest.end - first, dt.timedelta())
    return due


def assess(
    demand: Demand, held: Sequence[DayPeriod], rests: Sequence[DayPeriod], taught: Sequence[Taught], on: dt.date
) -> Assessment | None:
    """The obligation of a lecturer on a day; None when the level is not held on it.

    Args:
        demand: the rule in force on that day.
        held: periods of posts of its level.
        rests: periods during which no time runs.
        taught: parts in lectures that were held; later ones than `on` are left out.
        on: the day.
    """
    duty = next((period for period in merged(held) if period.has(on)), None)
    if duty is None:
        return None
    since = max(duty.first, demand.counts_from)
    long_enough = (one for one in taught if duty.first <= one.day <= on and one.parts >= demand.tenths_each * WHOLE)
    counted = sorted(long_enough, key=lambda one: (one.day, one.lecture_id))[-demand.lectures :]
    anchor = since
    if len(counted) == demand.lectures:
        anchor = max(since, counted[0].day)
    pauses = merged(rests)
    due = due_date(anchor, demand.years, pauses)
    done = sum(one.day.year > anchor.year for one in counted)
    is_met = len(counted) == demand.lectures and counted[0].day.year + demand.years > on.year
    state = _state(due, on, demand.soon_days, is_met=is_met, rests=any(rest.has(on) for rest in pauses))
    return Assessment(demand, state, due, anchor, since, tuple(counted), demand.lectures if is_met else done)


def _state(due: dt.date | None, on: dt.date, soon_days: int, *, is_met: bool, rests: bool) -> ObligationState:
    if is_met:
        return ObligationState.MET
    if due is not None and on > due:
        return ObligationState.OVERDUE
    if rests or due is None:
        return ObligationState.SUSPENDED
    return ObligationState.SOON if (due - on).days <= soon_days else ObligationState.OPEN


LEVELS = tuple(LecturerLevel)


def level_on(posts: Iterable[tuple[LecturerLevel, DayPeriod]], day: dt.date) -> LecturerLevel | None:
    """The highest level held on a day; None for a lecturer without a post, such as a guest."""
    held = [level for level, period in posts if period.has(day)]
    return min(held, key=LEVELS.index) if held else None


def parts_of(class_hour_tenths: int, share_permille: int) -> int:
    """A lecturer's part of a lecture, in ten-thousandths of a class hour."""
    return class_hour_tenths * share_permille


def share_permille(part: int, whole: int) -> int | None:
    """A share in permille, rounded down: what is shown never reaches a floor that was missed. None of nothing."""
    return part * WHOLE // whole if whole else None


def reaches(part: int, whole: int, floor_permille: int) -> bool:
    """Whether a share is at least the floor; of nothing nothing is missing."""
    return part * WHOLE >= floor_permille * whole


CLASS_HOUR = 45
"""Minutes."""


def meets(minute: int, tenths: int, other_minute: int, other_tenths: int) -> bool:
    """Whether two lectures of a day have a minute in common: from so many minutes after midnight, so many tenths of a
    class hour long."""
    return minute * 10 < other_minute * 10 + other_tenths * CLASS_HOUR and (
        other_minute * 10 < minute * 10 + tenths * CLASS_HOUR
    )


def is_whole(shares: Sequence[int]) -> bool:
    """Whether declared shares are a whole: each more than nothing, together 1000 permille."""
    return bool(shares) and min(shares) > 0 and sum(shares) == WHOLE


def even_shares(number: int) -> list[int]:
    """Equal shares for so many lecturers that sum to 1000; the first ones take what remains."""
    share, rest = divmod(WHOLE, number)
    return [share + (place < rest) for place in range(number)]
