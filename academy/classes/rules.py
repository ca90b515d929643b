"""Days off, evenings of the forum, what moves when the calendar changes, as pure functions.

Days are calendar days of the city. A day is off when a span of days off contains it and no working span does.
"""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from academy.classes.kinds import RUNNING, ClassState, HolidayKind
from academy.core import clock

WEEK = dt.timedelta(days=7)
NAME_LENGTH, CLASS_NAME_LENGTH, CLASSROOM_LENGTH, ADDRESS_LENGTH = 40, 80, 60, 120
LONGEST_TERM, LONGEST_HOLIDAY = 400, 60
"""Days."""
MOST_SEATS = 5000
GROUP_NAME_LENGTH, TURN_TOPIC_LENGTH, REASON_LENGTH, SUMMARY_LENGTH = 40, 120, 200, 600
MOST_GROUPS, MOST_MINUTES = 60, 240

CLASS_MOVES: dict[ClassState, tuple[ClassState, ...]] = {
    ClassState.PLANNED: (ClassState.OPEN, ClassState.CANCELLED),
    ClassState.OPEN: (ClassState.CLOSED, ClassState.CANCELLED),
    ClassState.CLOSED: (ClassState.OPEN,),
    ClassState.CANCELLED: (ClassState.PLANNED,),
}
"""State of a class → states that may follow."""


@dataclass(frozen=True)
class CalendarSpan:
    """A span of days that a notice declares off or working; the last day included."""

    first_day: dt.date
    last_day: dt.date
    kind: HolidayKind


@dataclass(frozen=True)
class ForumEvening:
    """One meeting of the forum: its day in the city, and the instant (UTC) at which it begins."""

    day: dt.date
    starts_at: dt.datetime


@dataclass(frozen=True)
class ForumChange:
    """What a change of the calendar does to a term's evenings."""

    dropped: tuple[dt.date, ...] = ()
    added: tuple[dt.date, ...] = ()


def is_off(day: dt.date, spans: Iterable[CalendarSpan]) -> bool:
    """Whether a day is off by the notices; weekends are not."""
    kinds = {span.kind for span in spans if span.first_day <= day <= span.last_day}
    return HolidayKind.OFF in kinds and HolidayKind.WORKING not in kinds


def forum_days(first: dt.date, last: dt.date, weekday: int, spans: Sequence[CalendarSpan]) -> list[dt.date]:
    """The days from `first` to `last` on which the forum meets: each such weekday (0 is Monday) that is not off."""
    day = first + dt.timedelta(days=(weekday - first.weekday()) % 7)
    near = [span for span in spans if span.last_day >= first and span.first_day <= last]
    found = []
    while day <= last:
        if not is_off(day, near):
            found.append(day)
        day += WEEK
    return found


def starts_at(day: dt.date, minute: int) -> dt.datetime:
    """The instant (UTC) of a minute after midnight on the city's clock."""
    at = dt.time(minute // 60, minute % 60)
    return dt.datetime.combine(day, at, clock.CITY).astimezone(dt.UTC)


def forum_evenings(
    first: dt.date, last: dt.date, weekday: int, minute: int, spans: Sequence[CalendarSpan]
) -> list[ForumEvening]:
    """The meetings of the forum in a term, in their order."""
    return [ForumEvening(day, starts_at(day, minute)) for day in forum_days(first, last, weekday, spans)]


def forum_change(before: Sequence[dt.date], after: Sequence[dt.date]) -> ForumChange:
    """Evenings that a change drops and adds."""
    return ForumChange(tuple(sorted(set(before) - set(after))), tuple(sorted(set(after) - set(before))))


def overlaps(first: dt.date, last: dt.date, other_first: dt.date, other_last: dt.date) -> bool:
    """Whether two spans of days, last days included, have a day in common."""
    return first <= other_last and other_first <= last


def may_apply(state: ClassState, apply_until: dt.date | None, last: dt.date, today: dt.date) -> bool:
    """Whether members may ask for a place in a class today."""
    is_running = state in RUNNING and today <= last
    return is_running and apply_until is not None and today <= apply_until


def may_leave_by_oneself(first: dt.date, today: dt.date) -> bool:
    """Whether members may give up their place by themselves: until the day before the class begins."""
    return today < first


def counting_day(last: dt.date, today: dt.date) -> dt.date:
    """The day whose members are those of a class: today, once it is over its last day."""
    return min(today, last)


def deal_groups(units: Mapping[int, int], count: int, seed: int) -> list[list[int]]:
    """Deal people into groups, each unit over as many of them as it can.

    The sizes of two groups differ by one at most, and so do their numbers of people of any one unit. The same people,
    count and seed give the same groups, in whatever order the people come.

    Args:
        units: person → unit.
        count: of groups, at least 1.
    """
    by_unit: dict[int, list[int]] = defaultdict(list)
    for person, unit in units.items():
        by_unit[unit].append(person)
    line: list[int] = []
    for unit in sorted(by_unit, key=lambda unit: _lot(seed, "unit", unit)):
        line += sorted(by_unit[unit], key=lambda person: _lot(seed, "person", person))
    # A unit stands together in the line, so every round around the groups takes its people to different ones.
    return [line[place::count] for place in range(count)]


def _lot(seed: int, what: str, key: int) -> bytes:
    """A place in an order that only the seed decides, on every machine and in every version."""
    return hashlib.sha256(f"{seed}:{what}:{key}".encode()).digest()
