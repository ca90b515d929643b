"""At the pace of the last days, when is a training complete, and which branches decide it. Pure but for `ahead`."""

import dataclasses
import datetime as dt
import math
from collections.abc import Sequence

from sqlalchemy import func, select

from academy.core import clock
from academy.core.db import Tx
from academy.members.models import Organisation
from academy.members.queries import subtree
from academy.trainings import tally
from academy.trainings.models import Enrolment, Standing, Training

PACE_DAYS = 14
SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Laggard:
    """A branch among those that decide: how many are missing there."""

    public_id: str
    name: str
    missing: int


@dataclasses.dataclass(frozen=True)
class Forecast:
    """Where the present pace leads."""

    missing: int
    pace: float
    """Completions a day over the last days."""
    complete_on: dt.date | None
    """None: at this pace never."""
    in_time: bool
    expected: int
    """Completions there will be on the last day."""
    deciding: int
    """The fewest branches that hold half of those missing."""
    branches: list[Laggard]


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
    """The day on which nobody is missing; None when that is out of sight."""
    if missing <= 0:
        return today
    days = math.ceil(missing / per_day) if per_day > 0 else 100_000
    return today + dt.timedelta(days=days) if days < 3_650 else None


def deciding(missing: Sequence[int]) -> int:
    """How few branches hold half of all who are missing; `missing` is sorted, most first."""
    half, counted = sum(missing) / 2, 0
    for number, one in enumerate(missing, start=1):
        counted += one
        if counted >= half:
            return number
    return 0


def ahead(tx: Tx, training: Training, node: Organisation, figures: tally.Figures) -> Forecast:
    """The forecast of a running training in one node."""
    today = clock.today()
    history = [(day, found.completed) for day, found in tally.daily(tx, training.id, node.id)]
    history.append((today, figures.completed))
    speed = pace(history, today, training.opens_on)
    day = complete_on(figures.missing, speed, today)
    left = max(0, (training.closes_on - today).days)
    rows = tx.execute(
        select(Organisation.public_id, Organisation.name, func.count())
        .join(Enrolment, Enrolment.organisation_id == Organisation.id)
        .where(
            Enrolment.training_id == training.id,
            Enrolment.standing == Standing.DUE,
            Enrolment.completed_on.is_(None),
            subtree(node.path),
        )
        .group_by(Organisation.id, Organisation.public_id, Organisation.name)
        .order_by(func.count().desc(), Organisation.id)
    ).all()
    return Forecast(
        missing=figures.missing,
        pace=speed,
        complete_on=day,
        in_time=day is not None and day <= training.closes_on,
        expected=min(figures.due, figures.completed + round(speed * left)),
        deciding=deciding([row[2] for row in rows]),
        branches=[Laggard(*row) for row in rows[:SHOWN]],
    )
