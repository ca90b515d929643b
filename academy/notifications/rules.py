"""When a notification leaves. Pure: instants in UTC, hours of the city's clock (Asia/Shanghai)."""

import datetime as dt

from academy.core import clock
from academy.notifications.topics import Pace

DIGEST_AT = dt.time(8, 0)
MONDAY = 0
MOST_ATTEMPTS = 8
"""Attempts before a delivery is given up and shown to an operator: over some twelve hours."""
LONGEST_PAUSE = dt.timedelta(hours=6)


def is_quiet(minute: int, begins: int, ends: int) -> bool:
    """Whether a minute of the day lies in the quiet hours, which may cross midnight. Equal bounds: there are none."""
    if begins <= ends:
        return begins <= minute < ends
    return minute >= begins or minute < ends


def after_quiet(instant: dt.datetime, begins: int, ends: int) -> dt.datetime:
    """The instant itself, or the end of the quiet hours that it lies in; bounds in minutes of the city's day."""
    local = clock.to_city(instant)
    minute = local.hour * 60 + local.minute
    if not is_quiet(minute, begins, ends):
        return instant
    day = local.date() + dt.timedelta(days=1 if minute >= ends else 0)
    return dt.datetime.combine(day, dt.time(ends // 60, ends % 60), clock.CITY).astimezone(dt.UTC)


def next_digest(instant: dt.datetime, pace: Pace) -> dt.datetime:
    """The next morning, or Monday morning, at which a digest is sent."""
    local = clock.to_city(instant)
    day = local.date() if local.time() < DIGEST_AT else local.date() + dt.timedelta(days=1)
    if pace == Pace.WEEKLY:
        day += dt.timedelta(days=(MONDAY - day.weekday()) % 7)
    return dt.datetime.combine(day, DIGEST_AT, clock.CITY).astimezone(dt.UTC)


def due_at(instant: dt.datetime, pace: Pace, begins: int, ends: int) -> dt.datetime:
    """When something written at this instant leaves, outside the quiet hours."""
    return after_quiet(instant if pace == Pace.AT_ONCE else next_digest(instant, pace), begins, ends)


def backoff(attempts: int) -> dt.timedelta:
    """How long to wait after so many failed attempts: 1, 3, 9, 27, 81 minutes, then 4 and 6 hours."""
    return min(LONGEST_PAUSE, dt.timedelta(minutes=3 ** (attempts - 1)))
