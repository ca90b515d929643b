"""Pages of reports about a node: periods, and lists."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from academy import http
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Choice, Form, Key, Text
from academy.http.languages import html_lang, translate
from academy.people import api as people
from academy.people.api import Organisation
from academy.reports import api as reports
from academy.trainings import api as trainings
from academy.web.reports import export_begun

bp = Blueprint("reporting", __name__, url_prefix="/reports")
page = functools.partial(http.page, section=menu.REPORTS)

ASKED = ("period", "since", "day", "check")


@bp.get("")
@page(office(*trainings.VIEWING_ROLES), menu=menu.REPORTS)
def index() -> Response:
    """The newest quarter of one's node."""
    with reading() as tx:
        first = trainings.view_roots(tx, actor())[0]
    return redirect(url_for(".show", organisation=first.public_id, kind="period"))


@bp.get("/<organisation>/<kind>")
@page(office(*trainings.VIEWING_ROLES))
def show(organisation: str, kind: str) -> str:
    """A report about a node, with charts and a table beside each."""
    with reading() as tx:
        node = people.access_organisation(tx, actor(), organisation, *trainings.VIEWING_ROLES)
        report = reports.build_report(tx, kind, node, _asked(), number_in(request.args.get("page")))
        return render_template("reports/report.html", **_words(tx, node, kind), report=report)


def _asked() -> dict[str, Any]:
    return _narrowed(request.args)


def _narrowed(given: Mapping[str, str]) -> dict[str, Any]:
    return {name: given[name][:20] for name in ASKED if given.get(name)} | {"language": html_lang()[:2]}


def _words(tx: Tx, node: Organisation, kind: str) -> dict[str, Any]:
    tabs = [
        (translate(title), url_for(".show", organisation=node.public_id, kind=key), key == kind)
        for key, title in reports.REPORT_TITLES.items()
    ]
    return {
        "node": node,
        "kind": kind,
        "tabs": tabs,
        "trail": trainings.view_trail(tx, actor(), node),
        "asked": _asked(),
        "periods": [(one.key, one.label) for one in reports.recent_periods()],
        "year_ago": reports.new_since(None),
    }


class ReportForm(Form):
    """Period and format."""

    period = Key()
    since = Text()
    day = Text()
    check = Key()
    format = Choice(reports.REPORT_FORMATS, blank="xlsx")


@bp.post("/<organisation>/<kind>")
@page(office(*trainings.VIEWING_ROLES), form=ReportForm, rate=30)
def take(organisation: str, kind: str) -> Response:
    """Request a report as a file."""
    with writing() as tx:
        node = people.access_organisation(tx, actor(), organisation, *trainings.VIEWING_ROLES)
        if kind not in reports.REPORT_KINDS:
            raise NotFound
        form = ReportForm.read()
        asked = _narrowed(form.sent(*ASKED))
        params = asked | {"report": kind, "organisation": organisation, "format": form.format.data}
        title = f"{translate(reports.REPORT_TITLES[kind])}-{node.name}"
        reports.request_export(tx, actor(), kind, params, title=title)
    return export_begun()
