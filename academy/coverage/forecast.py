"""Forecast: at the recent pace, when is a training complete, and which branches decide it. Pure except
`forecast_training`."""

import dataclasses
import datetime as dt
import math
from collections.abc import Sequence

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.people.models import Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Figures, Training

PACE_DAYS = 14
SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Laggard:
    """One of the deciding branches, and how many are missing there."""

    public_id: str
    name: str
    missing: int


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
    deciding: int = 0
    """The fewest branches that hold half of those missing."""
    branches: list[Laggard] = dataclasses.field(default_factory=list)


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


def deciding(missing: Sequence[int]) -> int:
    """The fewest branches that hold half of those missing; `missing` is sorted, most first."""
    half, counted = sum(missing) / 2, 0
    for number, one in enumerate(missing, start=1):
        counted += one
        if counted >= half:
            return number
    return 0


def forecast_training(tx: Tx, training: Training, node: Organisation, figures: Figures) -> Forecast:
    """The forecast of a running training in one node."""
    history = [(day, found.completed) for day, found in trainings.daily_figures(tx, training.id, node.id)]
    ahead = forecast_pace(training, figures, history)
    places = trainings.own_figures_below(tx, training.id, node).items()
    behind = sorted(((place, own.missing) for place, own in places if own.missing), key=lambda one: (-one[1], one[0]))
    return dataclasses.replace(
        ahead, deciding=deciding([number for _, number in behind]), branches=_named(tx, behind[:SHOWN])
    )


def forecast_pace(training: Training, figures: Figures, history: Sequence[tuple[dt.date, int]]) -> Forecast:
    """When a training is complete at the recent pace, without naming branches; `history` are completions by day."""
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


def _named(tx: Tx, places: Sequence[tuple[int, int]]) -> list[Laggard]:
    query = select(Organisation.id, Organisation.public_id, Organisation.name)
    known = {row.id: row for row in tx.execute(query.where(Organisation.id.in_([place for place, _ in places])))}
    return [Laggard(known[place].public_id, known[place].name, number) for place, number in places]
