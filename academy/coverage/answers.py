"""What an officer wants to know of a running training: how far, will it be done in time, where is it stuck."""

import dataclasses
import datetime as dt
import enum

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.coverage.forecast import Forecast, forecast_pace
from academy.coverage.name_lists import NameFilter, NameStatus, count_names
from academy.people.models import Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Figures, Training

PLACES = 5
EARLY_DAYS = 3
"""Before so many days have passed, no pace is known."""


class TrainingVerdict(enum.StrEnum):
    """Whether a training will be complete by its last day."""

    NOBODY = "nobody"
    DONE = "done"
    AHEAD = "ahead"
    EARLY = "early"
    IN_TIME = "in_time"
    LATE = "late"
    STALLED = "stalled"
    OVER = "over"


@dataclasses.dataclass(frozen=True)
class Place:
    """A node directly below, and how much of the training is missing there."""

    public_id: str
    name: str
    figures: Figures


@dataclasses.dataclass(frozen=True)
class Answer:
    """A training in one node: the sentence, and the figures behind it."""

    training: Training
    node: Organisation
    figures: Figures
    forecast: Forecast
    verdict: TrainingVerdict
    days: list[tuple[dt.date, Figures]]
    """Figures at the end of each day with a change, up to now."""
    places: list[Place]
    """Where most are missing, most first; empty where there is nothing below."""
    unreachable: int
    """Missing without an account: no reminder reaches them."""

    @property
    def sentence(self) -> Message:
        """The answer in one line."""
        return sentence(self.verdict, self.training, self.figures, self.forecast)

    @property
    def decided_share(self) -> float:
        """Which share of those missing the named places hold."""
        return sum(place.figures.missing for place in self.places) / max(1, self.figures.missing)


def answer(tx: Tx, training: Training, node: Organisation) -> Answer:
    """The state of a training in a node. The number of queries does not depend on how many nodes there are."""
    below = select(Organisation.id, Organisation.public_id, Organisation.name).where(Organisation.parent_id == node.id)
    children = tx.execute(below.order_by(Organisation.code)).all()
    counted = trainings.figures_of(tx, [training.id], [node.id, *(child.id for child in children)])
    figures = counted.get((training.id, node.id), Figures())
    days = [*trainings.daily_figures(tx, training.id, node.id)]
    today = clock.today()
    forecast = forecast_pace(training, figures, [(day, found.completed) for day, found in days])
    known = [Place(c.public_id, c.name, counted.get((training.id, c.id), Figures())) for c in children]
    stuck = sorted((place for place in known if place.figures.missing), key=lambda place: -place.figures.missing)
    return Answer(
        training=training,
        node=node,
        figures=figures,
        forecast=forecast,
        verdict=verdict_on(training, figures, forecast, today),
        days=[*((day, found) for day, found in days if day < today), (today, figures)],
        places=stuck[:PLACES],
        unreachable=count_names(tx, NameFilter(training, node, status=NameStatus.UNREACHABLE)),
    )


def verdict_on(training: Training, figures: Figures, forecast: Forecast, today: dt.date) -> TrainingVerdict:
    """The verdict; pure."""
    if not figures.due:
        return TrainingVerdict.NOBODY
    if not figures.missing:
        return TrainingVerdict.DONE
    if today > training.closes_on:
        return TrainingVerdict.OVER
    if today < training.opens_on:
        return TrainingVerdict.AHEAD
    if forecast.in_time:
        return TrainingVerdict.IN_TIME
    if (today - training.opens_on).days < EARLY_DAYS:
        return TrainingVerdict.EARLY
    return TrainingVerdict.STALLED if forecast.complete_on is None else TrainingVerdict.LATE


def sentence(verdict: TrainingVerdict, training: Training, figures: Figures, forecast: Forecast) -> Message:
    """The verdict in words."""
    share = percent(figures.completed, figures.due)
    match verdict:
        case TrainingVerdict.NOBODY:
            return msg("这里没有应训的党员")
        case TrainingVerdict.DONE:
            return msg("%(share)s%%，全部完成了", share=share)
        case TrainingVerdict.AHEAD:
            return msg("%(share)s%%，%(day)s才开始", share=share, day=_near(training.opens_on))
        case TrainingVerdict.EARLY:
            return msg("%(share)s%%，刚开始，还看不出快慢", share=share)
        case TrainingVerdict.IN_TIME:
            day = _near(forecast.complete_on or training.closes_on)
            return msg("%(share)s%%，照此 %(day)s完成，赶得上", share=share, day=day)
        case TrainingVerdict.OVER:
            return msg("%(share)s%%，已在 %(day)s到期", share=share, day=_near(training.closes_on))
        case TrainingVerdict.STALLED:
            return msg("%(share)s%%，最近两周几乎没有人学完，赶不上", share=share)
    day, end = _near(forecast.complete_on or training.closes_on), min(99, percent(forecast.expected, figures.due))
    return msg("%(share)s%%，照此 %(day)s才完成，赶不上；到期约 %(end)s%%", share=share, day=day, end=end)


def _near(day: dt.date) -> Message | dt.date:
    """A day without its year where that is this one."""
    if day.year != clock.today().year:
        return day
    return msg("%(month)s 月 %(day)s 日", month=day.month, day=day.day)


def percent(number: int, whole: int) -> int:
    """A share in per cent. Rounded, but not to 0 or 100 while somebody is done or missing."""
    share = round(number * 100 / whole) if whole else 0
    return min(99, max(1, share)) if 0 < number < whole else share
