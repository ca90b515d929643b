"""Forecast: at the recent pace, when is a training complete? Pure, but for the clock."""

import dataclasses
import datetime as dt
import math
from collections.abc import Sequence

from academy.core import clock
from academy.trainings.api import Figures, Training

PACE_DAYS = 14


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Forecast at the recent pace."""

    missing: int
    pace: float
    """Completions a day over the last days."""
    complete_on: dt.date | None
    """None: never, at this pace."""
    in_time: bool
    expected: int
    """Completions there will be on the last day."""


def pace(days: Sequence[tuple[dt.date, int]], today: dt.date, first_day: dt.date) -> float:
    """Completions a day over the last days, or since the beginning if that is shorter."""
    since = max(today - dt.timedelta(days=PACE_DAYS), first_day - dt.timedelta(days=1))
    length = (today - since).days
    if length <= 0:
        return 0.0
    before = max((number for day, number in days if day <= since), default=0)
    now = max((number for day, number in days if day <= today), default=0)
    return max(0.0, (now - before) / length)


def complete_on(missing: int, per_day: float, today: dt.date) -> dt.date | None:
    """The day on which nobody is missing; None beyond the horizon."""
    if missing <= 0:
        return today
    days = math.ceil(missing / per_day) if per_day > 0 else 100_000
    return today + dt.timedelta(days=days) if days < 3_650 else None


def forecast_pace(training: Training, figures: Figures, history: Sequence[tuple[dt.date, int]]) -> Forecast:
    """When a training is complete at the recent pace; `history` are completions by day."""
    today = clock.today()
    speed = pace([*history, (today, figures.completed)], today, training.opens_on)
    day = complete_on(figures.missing, speed, today)
    left = max(0, (training.closes_on - today).days)
    return Forecast(
        missing=figures.missing,
        pace=speed,
        complete_on=day,
        in_time=day is not None and day <= training.closes_on,
        expected=min(figures.due, figures.completed + round(speed * left)),
    )
