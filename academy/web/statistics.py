"""Pages of statistics: a training by day, and by groups."""

import datetime as dt
import functools
from typing import Any

from flask import Blueprint, render_template, request

from academy import http
from academy.core import clock
from academy.coverage import api as coverage
from academy.coverage.api import Coverage
from academy.http import actor, menu, office, reading, writing
from academy.http.languages import html_lang
from academy.reports import api as reports
from academy.trainings import api as trainings
from academy.trainings.api import Figures
from academy.web.trainings import past_day

bp = Blueprint("statistics", __name__)
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
            curve=curve(trainings.daily_figures(tx, plan.id, node.id), found, day),
            dimensions=[
                (key, word, coverage.break_down(tx, plan, node, key, day, html_lang()))
                for key, word in coverage.DIMENSIONS.items()
            ],
            definition=reports.coverage_definition(day),
            blurred=coverage.BLURRED_NOTE,
            today=clock.today(),
        )


def curve(days: list[tuple[dt.date, Figures]], found: Coverage, day: dt.date | None) -> list[dict[str, Any]]:
    """Figures of every day with a change, up to the given day."""
    end = day or clock.today()
    kept = [(on, figures) for on, figures in days if on < end]
    return [
        {"on": on, "day": on.isoformat(), "due": f.due, "started": f.started, "completed": f.completed}
        for on, f in [*kept, (end, found.figures)]
    ]
