"""An officer's part of the home page: the state of each running training, drawn."""

from flask_babel import gettext

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.coverage import api as coverage
from academy.coverage.api import Answer, TrainingVerdict
from academy.trainings import api as trainings
from academy.web.charts import Curve, Series, curve

SHOWN = 6
"""So many trainings at most stand on the home page, those that end first."""


def answers(tx: Tx, who: Actor) -> list[Answer]:
    """Running trainings in the officer's topmost node, the one that ends first before the others."""
    found = []
    for node in trainings.view_roots(tx, who)[:1]:
        rows = [row for row in trainings.trainings_overview(tx, who, node, 1).rows if row.training.state == "open"]
        for row in sorted(rows, key=lambda row: row.training.closes_on)[:SHOWN]:
            found.append(coverage.answer(tx, row.training, trainings.shown_node(tx, row.training, node)))
    return found


def curve_of(one: Answer) -> Curve | None:
    """Shares by day up to now, the deadline, and the forecast; None before two days have figures."""
    training, today = one.training, clock.today()
    days = [(day, found) for day, found in one.days if day >= training.opens_on]
    if len(days) < 2:
        return None
    series = [
        Series(gettext("已完成"), "completed", [(day, f.share_completed or 0) for day, f in days]),
        Series(gettext("已参学"), "started", [(day, f.share_started or 0) for day, f in days]),
    ]
    ahead = None
    if one.verdict in (TrainingVerdict.IN_TIME, TrainingVerdict.LATE):
        done, end = one.forecast.complete_on, training.closes_on
        ahead = (done, 1.0) if one.forecast.in_time and done else (end, one.figures.share(one.forecast.expected) or 0)
    return curve(
        series, training.opens_on, max(training.closes_on, today), today, deadline=training.closes_on, ahead=ahead
    )
