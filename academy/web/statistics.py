"""Pages of statistics: a training by day, and by groups."""

import datetime as dt
import functools

from flask import Blueprint, render_template, request
from flask_babel import gettext

from academy import http
from academy.core import clock
from academy.coverage import api as coverage
from academy.coverage.api import Coverage
from academy.http import actor, menu, office, reading, writing
from academy.http.languages import html_lang
from academy.reports import api as reports
from academy.trainings import api as trainings
from academy.trainings.api import Figures, Training
from academy.web.charts import Curve, Series, curve
from academy.web.trainings import past_day

bp = Blueprint("statistics", __name__)
CurvePoint = tuple[dt.date, Figures]
page = functools.partial(http.page, section=menu.COVERAGE)


@bp.get("/coverage/<training>/<organisation>/statistics")
@page(office(*trainings.VIEWING_ROLES))
def show(training: str, organisation: str) -> str:
    """The daily curve of a training in a node, and its figures by sector, position, age and so on."""
    with reading() as tx:
        plan, node = trainings.access_coverage(tx, actor(), training, organisation)
        day = past_day(request.args.get("day"))
        measured = coverage.measure_breakdowns(tx, plan, node, day)
    if measured:
        # Figures shown for a day are stored: a day has one figure, whatever is corrected later.
        with writing() as tx:
            coverage.publish_breakdowns(tx, plan, node, day, measured)
    with reading() as tx:
        found = coverage.coverage_of(tx, plan, node, day)
        return render_template(
            "trainings/statistics.html",
            found=found,
            trail=trainings.view_trail(tx, actor(), node),
            curve=(points := curve_points(trainings.daily_figures(tx, plan.id, node.id), found, day)),
            drawn=drawn(plan, points),
            dimensions=[
                (key, word, coverage.break_down(tx, plan, node, key, day, html_lang()))
                for key, word in coverage.DIMENSIONS.items()
            ],
            definition=reports.coverage_definition(day),
            blurred=coverage.BLURRED_NOTE,
            today=clock.today(),
        )


def curve_points(days: list[tuple[dt.date, Figures]], found: Coverage, day: dt.date | None) -> list[CurvePoint]:
    """Figures of every day with a change, up to the given day."""
    end = day or clock.today()
    return [*((on, figures) for on, figures in days if on < end), (end, found.figures)]


def drawn(plan: Training, points: list[CurvePoint]) -> Curve | None:
    """Both shares by day, with the last day of the training; None before two days have figures."""
    if len(points) < 2:
        return None
    series = [
        Series(gettext("已完成"), "completed", [(on, f.share_completed or 0) for on, f in points]),
        Series(gettext("已参学"), "started", [(on, f.share_started or 0) for on, f in points]),
    ]
    first, last = points[0][0], points[-1][0]
    return curve(series, first, max(last, plan.closes_on), last, deadline=plan.closes_on)
