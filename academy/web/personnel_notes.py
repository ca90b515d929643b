"""Signed notes for personnel files: issued by the office, checked by anybody, without an account."""

import functools
import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from academy import http
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.signing import DocumentSigner
from academy.faculty import api as faculty
from academy.faculty.api import NoteState
from academy.http import PUBLIC, actor, menu, office, reading, runtime, writing
from academy.http.forms import File, Form, Key, Text
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.reports import api as reports
from academy.web.members import errors_by_field

bp = Blueprint("personnel_notes", __name__, url_prefix="/notes")
page = functools.partial(http.page, office(*faculty.PROGRAMME_READERS), section=menu.CONTESTS)

RESULTS: dict[str, tuple[str, Message]] = {
    NoteState.VALID: ("good", msg("真实有效：是本院出具的，内容没有改动。")),
    NoteState.REVOKED: ("bad", msg("已经撤销，不再有效。")),
    NoteState.UNKNOWN: ("bad", msg("签名是本院的，但本院没有出具过这份证明。")),
    NoteState.UNKNOWN_KEY: ("bad", msg("不是本院签名的文件。")),
    NoteState.ALTERED: ("bad", msg("不是完整的证明文件，或者内容被改过。")),
}


class PersonnelNoteForm(Form):
    """The notes of a chosen lecture are asked for."""

    contest = Key()
    nomination = Key()


@bp.post("")
@page(form=PersonnelNoteForm)
def issue() -> AnyResponse:
    """Issue the notes of a chosen lecture, one for each of its lecturers, and print them."""
    form: Any = PersonnelNoteForm.read()
    settings = runtime().settings
    signer = DocumentSigner(settings.data_key)
    with writing() as tx:
        contest = faculty.access_contest(tx, actor(), form.contest.data)
        nomination = faculty.access_nomination(tx, contest, form.nomination.data)
        made = faculty.issue_notes(tx, actor(), signer, settings.city_name, nomination)
        numbers = [note.number for note in made if note.paper is None]
    for number in numbers:
        _print(number)
    flash(gettext("已出具 %(n)s 份证明。", n=len(made)), "good")
    return redirect(url_for("contests.show", public_id=form.contest.data), 303)


def _print(number: str) -> None:
    """Drawn outside the transaction: it takes a while."""
    with reading() as tx:
        signed = faculty.access_note(tx, actor(), number).signed
    found = faculty.read_note(signed)
    with tempfile.TemporaryDirectory() as folder:
        paper = reports.draw_note(found.document, signed, found.key_id, Path(folder) / number)
    if paper:
        with writing() as tx:
            faculty.keep_paper(tx, faculty.access_note(tx, actor(), number), paper)


@bp.get("/<number>.<kind>")
@page()
@shows_people
def download(number: str, kind: str) -> Response:
    """A note as PDF, or as its signed document."""
    with reading() as tx:
        note = faculty.access_note(tx, actor(), number)
        content = {"json": note.signed, "pdf": note.paper}.get(kind)
    if content is None:
        raise NotFound
    answer = Response(content, mimetype="application/pdf" if kind == "pdf" else "application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="note-{number}.{kind}"'
    return answer


class RevocationForm(Form):
    """Why a note is revoked."""

    contest = Key()
    reason = Text()


@bp.post("/<number>/revoke")
@page(form=RevocationForm)
def revoke(number: str) -> AnyResponse:
    """Revoke a note."""
    form: Any = RevocationForm.read()
    try:
        with writing() as tx:
            faculty.revoke_note(tx, actor(), faculty.access_note(tx, actor(), number), form.reason.data)
        flash(gettext("已撤销。以后核验会显示已撤销和原因。"), "good")
    except (Invalid, Conflict) as error:
        flash(translate(error.message), "bad")
    return redirect(url_for("contests.show", public_id=form.contest.data), 303)


class CheckForm(Form):
    """A file to be checked."""

    file = File()


@bp.get("/check")
@http.page(PUBLIC)
def check() -> str:
    """Check a note, without an account."""
    with reading() as tx:
        keys = faculty.public_keys(tx)
    return render_template("contests/check.html", keys=keys, checked=None, errors={})


@bp.post("/check")
@http.page(PUBLIC, form=CheckForm, rate=20, body=faculty.LARGEST_NOTE)
def check_file() -> str | tuple[str, int]:
    """Say what a file is."""
    with reading() as tx:
        keys = faculty.public_keys(tx)
        try:
            sent = CheckForm.read().file.data
            assert sent is not None
            checked = faculty.check_note(tx, sent.stream.read(faculty.LARGEST_NOTE))
        except Invalid as error:
            return render_template("contests/check.html", keys=keys, checked=None, errors=errors_by_field(error)), 422
    return render_template("contests/check.html", keys=keys, checked=checked, results=RESULTS, errors={})
