"""Enrolment in a class: applications and the waiting list, and lists of people with a dry run."""

import functools
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.classes.api import ApplicationState, EnrolOutcome, PersonLine
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Choice, File, Form, Key, Text, Verb
from academy.http.personal_data import shows_people
from academy.web.members import errors_by_field

bp = Blueprint("class_enrolment", __name__, url_prefix="/faculty/classes")
page = functools.partial(http.page, office(*faculty.PROGRAMME_READERS), section=menu.CLASSES)

OUTCOMES: dict[EnrolOutcome, tuple[Message, str]] = {
    EnrolOutcome.BAD: (msg("不能进班"), "bad"),
    EnrolOutcome.PLACE: (msg("进班"), "good"),
    EnrolOutcome.WAIT: (msg("候补"), "warn"),
    EnrolOutcome.SAME: (msg("已在名单"), "neutral"),
}


@bp.get("/<public_id>/applications")
@page()
@shows_people
def applications(public_id: str) -> str:
    """Who asked for a place, and who waits for one."""
    return _applications_page(public_id, {}, "")


def _applications_page(public_id: str, errors: Mapping[str, Message], at: str) -> str:
    number = number_in(request.args.get("page"))
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        return render_template(
            "classes/applications.html",
            row=row,
            counts=classes.class_row(tx, row),
            free=classes.free_places(tx, row),
            applied=classes.applications_of_class(tx, row, ApplicationState.APPLIED, number),
            waiting=classes.applications_of_class(tx, row, ApplicationState.WAITING, number),
            errors=errors,
            at=at,
        )


class ClassApplicationForm(Form):
    """What becomes of an application."""

    application = Key()
    verb = Verb("approve", "decline")
    reason = Text()
    seen = Choice(tuple(ApplicationState), blank=ApplicationState.APPLIED)


@bp.post("/<public_id>/applications")
@page(form=ClassApplicationForm)
@shows_people
def decide(public_id: str) -> Any:
    """Approve an application, or decline it with a reason."""
    form: Any = ClassApplicationForm.read()
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            found = classes.access_class_application(tx, actor(), form.application.data)
            approve, reason = form.verb.data == "approve", form.reason.data
            classes.decide_application(tx, actor(), row, found, approve=approve, reason=reason, seen=form.seen.data)
    except (Invalid, Conflict) as error:
        return _applications_page(public_id, errors_by_field(error), form.application.data), error.status
    flash(_("已处理，本人会收到消息。"), "good")
    return redirect(url_for(".applications", public_id=public_id), 303)


@bp.get("/<public_id>/enrol")
@page()
def enrol_form(public_id: str) -> str:
    """The form to enrol people by a list."""
    return _enrol_page(public_id, [], {})


class PeopleListForm(Form):
    """People as pasted text, or as a sheet."""

    people = Text()
    file = File(required=False)


@bp.post("/<public_id>/enrol")
@page(form=PeopleListForm)
@shows_people
def look(public_id: str) -> Any:
    """Show what would become of each line; nothing is written."""
    classes.require_school_office(actor(), f"class:{public_id}")
    try:
        lines = _lines(PeopleListForm.read())
    except Invalid as error:
        return _enrol_page(public_id, [], error.fields), error.status
    return _enrol_page(public_id, lines, {})


def _lines(form: PeopleListForm) -> list[PersonLine]:
    if form.file.data is None:
        return classes.lines_of_text(form.people.data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people"
        form.file.data.save(path)
        return classes.read_people_sheet(path)


class EnrolForm(Form):
    """The lines that were shown, and what was shown of them."""

    lines = Text()
    seen = Key()


@bp.post("/<public_id>/enrol/apply")
@page(form=EnrolForm)
@shows_people
def enrol(public_id: str) -> Any:
    """Enrol the people who were shown: all or none."""
    lines: list[PersonLine] = []
    try:
        form = EnrolForm.read()
        lines = classes.people_from_text(form.lines.data)
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            done = classes.enrol_people(tx, actor(), row, lines, form.seen.data)
    except (Invalid, Conflict) as error:
        return _enrol_page(public_id, lines, errors_by_field(error)), error.status
    flash(_("进班 %(placed)s 人，候补 %(waiting)s 人。", placed=done.placed, waiting=done.waiting), "good")
    return redirect(url_for("classes.show", public_id=public_id), 303)


def _enrol_page(public_id: str, lines: Sequence[PersonLine], errors: Mapping[str, Message]) -> str:
    """The form; with lines, also what would become of each of them now."""
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        return render_template(
            "classes/enrol.html",
            row=row,
            free=classes.free_places(tx, row),
            run=classes.check_people(tx, actor(), row, lines) if lines else None,
            text=classes.people_as_text(lines),
            outcomes=OUTCOMES,
            errors=errors,
        )
