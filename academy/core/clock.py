"""One clock for the whole application, so a test can set it and every component agrees.

Instants are aware datetimes in UTC; calendar days are those of the city (Asia/Shanghai).
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from zoneinfo import ZoneInfo

CITY = ZoneInfo("Asia/Shanghai")

_frozen: ContextVar[dt.datetime | None] = ContextVar("academy_frozen_clock", default=None)


def now() -> dt.datetime:
    """The present instant, in UTC."""
    return _frozen.get() or dt.datetime.now(dt.UTC)


def now_ms() -> int:
    """Milliseconds since the Unix epoch, by the same clock."""
    return int(now().timestamp() * 1000)


def today() -> dt.date:
    """The calendar day in the city: what a person there would write on a form."""
    return now().astimezone(CITY).date()


def to_city(instant: dt.datetime) -> dt.datetime:
    """The same instant on the city's wall clock."""
    return instant.astimezone(CITY)


def minute_text(minute: int) -> str:
    """Minutes after midnight as a clock shows them: 18:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """UTC instants at which the city's calendar day begins and at which the next one begins."""
    start = dt.datetime.combine(day, dt.time(), CITY)
    return start.astimezone(dt.UTC), (start + dt.timedelta(days=1)).astimezone(dt.UTC)


@contextmanager
def frozen(instant: dt.datetime) -> Iterator[None]:
    """Hold the clock at an instant; for tests and for re-running a dated definition."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    token = _frozen.set(instant.astimezone(dt.UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


FIRST_DAY, LAST_DAY = dt.date(1900, 1, 1), dt.date(2199, 12, 31)


def read_day(text: str) -> dt.date:
    """Parse a day as forms and addresses write it, ``2026-03-05``.

    Raises:
        ValueError: not a day, or outside 1900 to 2199: other years can overflow date arithmetic.
    """
    day = dt.date.fromisoformat(text)
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"{day} is outside the calendar")
    return day
