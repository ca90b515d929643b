"""Reports of the lecture programme: one page that says how things stand, the lists behind its figures, files."""

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.i18n import msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import Inquiry
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Choice, Form, Key, Text
from academy.http.languages import html_lang, translate
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.reports import api as reports
from academy.web.reports import export_begun

bp = Blueprint("programme_reports", __name__, url_prefix="/faculty/reports")
page = functools.partial(http.page, section=menu.PROGRAMME_REPORTS)

ASKED = ("period", "on", "show", "unit")


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.PROGRAMME_REPORTS)
def index() -> Response:
    """The present term in one's node."""
    with reading() as tx:
        first = faculty.report_roots(tx, actor())[0]
    return redirect(url_for(".show", organisation=first.public_id))


@bp.get("/<organisation>")
@page(office(*faculty.PROGRAMME_READERS))
def show(organisation: str) -> str:
    """A year or a term: the answer in a sentence, then every figure with the way to its lines."""
    with reading() as tx:
        asked = _asked(tx, organisation, request.args)
        answer, lists = faculty.programme_report(tx, asked)
        return render_template("faculty/reports.html", answer=answer, lists=lists, **_words(tx, asked))


@bp.get("/<organisation>/<kind>")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def rows(organisation: str, kind: str) -> str:
    """The lines behind a figure, a page at a time."""
    with reading() as tx:
        asked = _asked(tx, organisation, request.args)
        found = faculty.programme_list(tx, kind, asked)
        marks = reports.marks_of(request.args)
        wanted = request.args.get("unit", "")
        unit = people.access_organisation(tx, actor(), wanted, *faculty.PROGRAMME_READERS) if wanted else None
        report = reports.programme_table(found, asked, marks, number_in(request.args.get("page")))
        words = _words(tx, asked)
        return render_template("faculty/report_rows.html", found=found, report=report, marks=marks, unit=unit, **words)


class ProgrammeExportForm(Form):
    """Period, day, marks and format."""

    period = Key()
    on = Text()
    show = Text()
    unit = Key()
    format = Choice(reports.REPORT_FORMATS, blank="xlsx")


@bp.post("/<organisation>/<kind>")
@page(office(*faculty.PROGRAMME_READERS), form=ProgrammeExportForm, rate=30)
def take(organisation: str, kind: str) -> Response:
    """Request a list as a file, or (`pack`) all lists as an evidence pack."""
    with writing() as tx:
        form = ProgrammeExportForm.read()
        asked = _asked(tx, organisation, form.sent(*ASKED), pack=kind == "pack")
        params = {"organisation": organisation, "period": asked.period.key, "on": asked.on.isoformat()}
        if kind == "pack":
            what, title = "programme_pack", gettext("讲坛证明材料")
        else:
            title = translate(faculty.list_title(kind, asked.scope))
            what, params["list"], params["format"] = "programme", kind, form.format.data
            params |= {name: text[:80] for name, text in form.sent("show", "unit").items() if text}
        params |= {"day": params["on"], "language": html_lang()[:2]}
        named = f"{title}-{asked.scope.node.name}-{translate(asked.period.name)}"
        reports.request_export(tx, actor(), what, params, title=named)
    return export_begun()


def _asked(tx: Tx, organisation: str, given: Mapping[str, str], *, pack: bool = False) -> Inquiry:
    """What an address or a form asks about. A pack is about the end of a past day, which can be worked out again."""
    node = people.access_organisation(tx, actor(), organisation, *faculty.PROGRAMME_READERS)
    kept = {name: given[name][:80] for name in ASKED if given.get(name)}
    asked, newest = reports.read_inquiry(tx, node, kept), reports.last_day()
    if not pack or asked.on <= newest:
        return asked
    if asked.period.first > newest:
        raise NotFound(msg("这个学期昨天还没有开始，明天再来生成证明材料。"))
    return reports.read_inquiry(tx, node, kept | {"on": newest.isoformat()})


def _words(tx: Tx, asked: Inquiry) -> dict[str, Any]:
    today: dt.date = clock.today()
    periods = faculty.report_periods(tx, today)
    kept = {name: request.args[name][:80] for name in ("show", "unit") if request.args.get(name)}
    return {
        "asked": asked,
        "node": asked.scope.node,
        "roots": faculty.report_roots(tx, actor()),
        "periods": [(one.key, translate(one.name)) for one in periods],
        "kept": kept,
        "on": asked.on.isoformat() if asked.on != asked.period.on(today) else None,
    }
