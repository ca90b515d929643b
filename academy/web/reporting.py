"""Pages of reports about a node: what a quarter was, and the lists that an office has to hand in."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.languages import html_lang, translate
from academy.people.access import access_organisation
from academy.people.models import Organisation
from academy.reports import builder, lists, period, service
from academy.trainings.access import VIEW, roots
from academy.trainings.queries import trail

bp = Blueprint("reporting", __name__, url_prefix="/reports")
page = functools.partial(http.page, section=menu.REPORTS)

ASKED = ("period", "since", "day", "check")


@bp.get("")
@page(office(*VIEW), menu=menu.REPORTS)
def index() -> Response:
    """The newest quarter of my node."""
    with reading() as tx:
        first = roots(tx, actor())[0]
    return redirect(url_for(".show", organisation=first.public_id, kind="period"))


@bp.get("/<organisation>/<kind>")
@page(office(*VIEW))
def show(organisation: str, kind: str) -> str:
    """A report about a node, with charts and a table beside each."""
    with reading() as tx:
        node = access_organisation(tx, actor(), organisation, *VIEW)
        report = builder.build(tx, kind, node, _asked(), number_in(request.args.get("page")))
        return render_template("reports/report.html", **_words(tx, node, kind), report=report)


def _asked() -> dict[str, Any]:
    args = request.values
    return {name: args[name][:20] for name in ASKED if args.get(name)} | {"language": html_lang()[:2]}


def _words(tx: Tx, node: Organisation, kind: str) -> dict[str, Any]:
    tabs = [
        (translate(title), url_for(".show", organisation=node.public_id, kind=key), key == kind)
        for key, title in builder.TITLES.items()
    ]
    return {
        "node": node,
        "kind": kind,
        "tabs": tabs,
        "trail": trail(tx, actor(), node),
        "asked": _asked(),
        "periods": [(one.key, one.label) for one in period.recent()],
        "year_ago": lists.first_day(None),
    }


@bp.post("/<organisation>/<kind>")
@page(office(*VIEW), rate=30)
def take(organisation: str, kind: str) -> Response:
    """Have a report made as a file."""
    with writing() as tx:
        node = access_organisation(tx, actor(), organisation, *VIEW)
        if kind not in service.REPORTS:
            raise NotFound
        params = _asked() | {"report": kind, "organisation": organisation, "format": request.form.get("format", "xlsx")}
        title = f"{translate(builder.TITLES[kind])}-{node.name}"
        service.request_export(tx, actor(), kind, params, title=title)
    flash(gettext("正在生成文件，好了就能下载。"))
    return redirect(url_for("reports.exports"))
