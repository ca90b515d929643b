"""Roster files: uploaded, checked, corrected, applied."""

import functools
import io
from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.actor import Role
from academy.core.errors import Conflict, Invalid, TooLarge
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.body_limits import form_file
from academy.http.forms import Choice, File, Flag, Form, Key
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.people.api import RosterImport
from academy.roster import api as roster
from academy.web.members import errors_by_field

bp = Blueprint("rosters", __name__, url_prefix="/rosters")
page = functools.partial(http.page, section=menu.ROSTERS)

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

STATES: dict[str, tuple[Message, str]] = {
    "checking": (msg("正在检查"), "info"),
    "checked": (msg("可以导入"), "good"),
    "refused": (msg("需要修改"), "bad"),
    "applying": (msg("正在导入"), "info"),
    "applied": (msg("已导入"), "good"),
    "failed": (msg("未成功"), "bad"),
    "discarded": (msg("已放弃"), "neutral"),
}
FOUND: dict[str, Message] = {
    "bad": msg("有错误"),
    "added": msg("新增"),
    "moved": msg("转移"),
    "changed": msg("信息有变"),
    "left": msg("不在名册中"),
    "unchanged": msg("没有变化"),
}


@bp.get("")
@page(office(*people.ROSTER_KEEPERS), menu=menu.ROSTERS)
def index() -> str:
    """Uploaded files, newest first."""
    return _index({})


def _index(errors: dict[str, Message]) -> str:
    paths = actor().paths(*people.ROSTER_KEEPERS)
    with reading() as tx:
        return render_template(
            "members/rosters.html",
            rows=roster.imports_under(tx, paths),
            options=[(node.public_id, node.name) for node in people.organisations_at(tx, paths)],
            trees=actor().has(Role.NODE_ADMINISTRATOR),
            states=STATES,
            errors=errors,
            most=runtime().settings.max_form_mb,
        )


class RosterForm(Form):
    """File, node and kind."""

    organisation = Key()
    file = File()
    complete = Flag()
    kind = Choice(roster.COLUMNS_BY_KIND, blank="members")


@bp.post("")
@page(office(*people.ROSTER_KEEPERS), form=RosterForm, body=form_file)
def send() -> Any:
    """Upload a roster file for a dry run."""
    try:
        form = RosterForm.read()
        sent = form.file.data
        assert sent is not None and sent.filename is not None
        with reading() as tx:  # before anything is stored
            node = people.access_organisation(tx, actor(), form.organisation.data, *people.ROSTER_KEEPERS)
        received = roster.receive_file(runtime().settings, sent.stream)
        with writing() as tx:
            made = roster.begin_import(
                tx,
                actor(),
                node,
                received=received,
                filename=sent.filename,
                complete=form.complete.data,
                kind=form.kind.data,
            )
    except (Invalid, TooLarge) as error:
        return _index(error.fields if isinstance(error, Invalid) else {"file": error.message}), error.status
    return redirect(url_for("rosters.show", public_id=made.public_id), 303)


@bp.get("/<public_id>")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def show(public_id: str) -> str:
    """The changes of a file, and every rejected row with its reason."""
    return _show(public_id, None)


def _show(public_id: str, problem: Message | None) -> str:
    with reading() as tx:
        row = people.access_roster(tx, actor(), public_id)
        kind = request.args.get("show", "")
        if kind not in roster.FINDING_KINDS:
            kind = next((name for name in roster.FINDING_KINDS if row.summary.get(name)), "bad")
        plan = roster.read_findings(runtime().settings, row)
        job = roster.import_job(tx, row)
        return render_template(
            "members/roster.html",
            row=row,
            node=people.organisation_of_id(tx, row.organisation_id),
            job=job,
            # A colleague's job answers to its owner alone: the page is asked for instead.
            is_own_job=job is not None and job.account_id == actor().account_id,
            page=plan.page(kind, number_in(request.args.get("page"))),
            kind=kind,
            found=FOUND,
            state=STATES[row.state],
            columns=roster.COLUMNS_BY_KIND[row.kind],
            reading=_reading(row),
            unused=roster.unused_headings(row.header, row.mapping),
            problem=problem or (Message.from_json(row.problem) if row.problem else None),
            changes=sum(row.summary.get(name, 0) for name in ("added", "moved", "changed", "left")),
        )


def _reading(row: RosterImport) -> dict[str, Any]:
    """How the file was read, as sentences."""
    notes = [Message.from_json(note) for note in row.reading.get("notes", [])]
    return {"notes": notes, "lines": row.reading.get("lines")} if notes else {}


class ColumnsForm(Form):
    """Column mapping: a column number for each field of every kind of file."""


for _column in {column.field for offered in roster.COLUMNS_BY_KIND.values() for column in offered}:
    setattr(ColumnsForm, _column, Choice([str(number) for number in range(roster.MOST_COLUMNS)]))


@bp.post("/<public_id>/columns")
@page(office(*people.ROSTER_KEEPERS), form=ColumnsForm)
@shows_people
def choose(public_id: str) -> Any:
    """Set the column mapping and repeat the dry run."""
    return _step(public_id, "choose")


@bp.post("/<public_id>/apply")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def apply(public_id: str) -> Any:
    """Apply the dry run: all of it or nothing."""
    return _step(public_id, "apply")


@bp.post("/<public_id>/discard")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def discard(public_id: str) -> Any:
    """Discard a checked file."""
    return _step(public_id, "discard")


def _step(public_id: str, verb: str) -> Any:
    try:
        with writing() as tx:
            row = people.access_roster(tx, actor(), public_id)
            if verb == "choose":
                form = ColumnsForm.read()
                roster.choose_columns(tx, actor(), row, form.sent(*form.data))
            elif verb == "apply":
                roster.confirm_import(tx, actor(), row)
            else:
                roster.discard_import(tx, actor(), row, runtime().settings)
    except (Conflict, Invalid) as error:
        return _show(public_id, error.message), error.status
    where = url_for("rosters.index") if verb == "discard" else url_for("rosters.show", public_id=public_id)
    return redirect(where, 303)


class MendedForm(Form):
    """The corrected rows."""

    file = File()


@bp.post("/<public_id>/mended")
@page(office(*people.ROSTER_KEEPERS), form=MendedForm)
def mended(public_id: str) -> Any:
    """Upload corrected rows; the rest of the file need not be sent again."""
    try:
        with reading() as tx:  # before anything is stored
            row = people.access_roster(tx, actor(), public_id)
        sent = MendedForm.read().file.data
        assert sent is not None
        received = roster.receive_corrected_rows(runtime().settings, row, sent.stream)
        try:
            with writing() as tx:
                roster.check_corrected_rows(tx, actor(), people.access_roster(tx, actor(), public_id), received)
        finally:
            received.unlink(missing_ok=True)
    except (Conflict, Invalid, TooLarge) as error:
        return _show(public_id, next(iter(errors_by_field(error).values()))), error.status
    return redirect(url_for("rosters.show", public_id=public_id), 303)


@bp.get("/<public_id>/mend.xlsx")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def mend(public_id: str) -> Response:
    """Download the rejected rows with their reasons, to be corrected and uploaded."""
    return _mend(public_id, roster.rejected_rows_sheet, XLSX, gettext("需要修改的行.xlsx"))


@bp.get("/<public_id>/mend.csv")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def mend_csv(public_id: str) -> Response:
    """The same as CSV."""
    return _mend(public_id, roster.rejected_rows_csv, "text/csv", gettext("需要修改的行.csv"))


def _mend(public_id: str, make: Callable[..., bytes], kind: str, name: str) -> Response:
    with reading() as tx:
        row = people.access_roster(tx, actor(), public_id)
    return _file(
        make(roster.read_findings(runtime().settings, row), row.header, gettext("需要修改的地方"), translate),
        kind,
        name,
    )


@bp.get("/template.xlsx")
@page(office(*people.ROSTER_KEEPERS))
def template_() -> Response:
    """Download an empty sheet with every known heading."""
    kind = request.args.get("kind", "members")
    offered = roster.COLUMNS_BY_KIND[kind if kind in roster.COLUMNS_BY_KIND else "members"]
    return _file(roster.roster_template(offered, translate), XLSX, gettext("花名册模板.xlsx"))


def _file(data: bytes, kind: str, name: str) -> Response:
    answer: Response = send_file(io.BytesIO(data), mimetype=kind, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "no-store"
    return answer
