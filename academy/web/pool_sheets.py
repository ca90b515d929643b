"""The pool as a sheet: import with a dry run, template, download."""

import functools
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, send_file, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.core import clock
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import api as faculty
from academy.faculty.api import DryRun, LineOutcome, PoolFilter, SheetLine
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import File, Form, Key, Text
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.web.members import errors_by_field

bp = Blueprint("pool_sheets", __name__, url_prefix="/faculty/sheets")
page = functools.partial(http.page, section=menu.POOL)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST = 4 << 20
"""Bytes of a file: a pool has some hundred lines."""
WHOLE_POOL = 5000
OUTCOMES = {
    LineOutcome.BAD: (msg("不能导入"), "bad"),
    LineOutcome.NEW: (msg("新增讲师"), "good"),
    LineOutcome.POST: (msg("新增职务"), "info"),
    LineOutcome.SAME: (msg("没有变化"), "neutral"),
}


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS))
def form() -> str:
    """The form to upload a sheet."""
    faculty.require_programme_office(actor(), "pool:all")
    return _shown({})


class PoolSheetForm(Form):
    """A sheet of lecturers."""

    file = File()


@bp.post("")
@page(office(*faculty.PROGRAMME_READERS), form=PoolSheetForm, body=MOST)
def look() -> Any:
    """Read a sheet and show what would become of each line; nothing is written."""
    faculty.require_programme_office(actor(), "pool:all")
    try:
        with tempfile.TemporaryDirectory() as folder:
            path, sent = Path(folder) / "pool", PoolSheetForm.read().file.data
            assert sent is not None
            sent.save(path)
            lines = faculty.read_pool_sheet(path)
        with reading() as tx:
            return _shown({}, lines, faculty.check_lines(tx, actor(), lines))
    except Invalid as error:
        return _shown({"file": error.fields.get("file", error.message)}), error.status


class PoolImportForm(Form):
    """The lines that were shown, and what was shown of them."""

    lines = Text()
    seen = Key()


@bp.post("/apply")
@page(office(*faculty.PROGRAMME_READERS), form=PoolImportForm, body=2 << 20)
def apply() -> Any:
    """Import the lines that were shown: all or none."""
    faculty.require_programme_office(actor(), "pool:all")
    lines: list[SheetLine] = []
    try:
        sent = PoolImportForm.read()
        lines = faculty.lines_from_text(sent.lines.data)
        with writing() as tx:
            counts = faculty.apply_lines(tx, actor(), lines, sent.seen.data).counts
    except (Invalid, Conflict) as error:
        with reading() as tx:
            run = faculty.check_lines(tx, actor(), lines) if lines else None
        return _shown(errors_by_field(error), lines, run), error.status
    added, more = counts[LineOutcome.NEW], counts[LineOutcome.POST]
    flash(_("已导入：新增讲师 %(added)s 行，新增职务 %(more)s 行。", added=added, more=more), "good")
    return redirect(url_for("pool.index"), 303)


def _shown(errors: Mapping[str, Message], lines: list[SheetLine] | None = None, run: DryRun | None = None) -> str:
    return render_template(
        "faculty/import.html",
        errors=errors,
        run=run,
        text=faculty.lines_as_text(lines) if lines else "",
        outcomes=OUTCOMES,
        most=faculty.MOST_LINES,
    )


@bp.get("/template.xlsx")
@page(office(*faculty.PROGRAMME_READERS))
def template_() -> Response:
    """Download an empty sheet with the headings."""
    return _file(faculty.pool_template(translate), _("师资库模板.xlsx"))


@bp.get("/pool.xlsx")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def export() -> Response:
    """Download the pool as far as one sees it, in the form in which it can be imported."""
    with reading() as tx:
        found = faculty.list_pool(tx, actor(), PoolFilter(), clock.today(), size=WHOLE_POOL)
        numbers = {
            row.membership.lecturer_id: people.member_of_id(tx, row.membership.member_id).number
            for row in found.rows
            if row.membership.member_id
        }
        data = faculty.pool_workbook(found.rows, numbers, translate)
    return _file(data, _("师资库.xlsx"))


def _file(data: bytes, name: str) -> Response:
    answer: Response = send_file(io.BytesIO(data), mimetype=XLSX, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
