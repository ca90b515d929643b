"""Holidays as the yearly notice declares them: entered, changed, removed, after a look at the evenings that move."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.classes.api import Holiday, HolidayDates, HolidayKind, TermChange
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message
from academy.faculty import api as faculty
from academy.http import actor, menu, office, reading, writing
from academy.http.edit_conflicts import current_row
from academy.http.forms import NO_DAY, Choice, Day, Form, Text, Verb

bp = Blueprint("holidays", __name__, url_prefix="/faculty/holidays")
page = functools.partial(http.page, section=menu.TERMS)


class HolidayForm(Form):
    """Days off; first looked at, then saved or removed."""

    verb = Verb("look", "save", "remove", otherwise="look")
    name = Text()
    first = Day()
    last = Day()
    kind = Choice(tuple(HolidayKind), blank=HolidayKind.OFF)


@bp.get("/new")
@page(office(*faculty.PROGRAMME_READERS))
def new() -> str:
    """The form for new days off."""
    return _shown(None, {}, None)


@bp.post("/new")
@page(office(*faculty.PROGRAMME_READERS), form=HolidayForm)
def create() -> Any:
    """Show which evenings new days off move, or enter them."""
    return _answer(None)


@bp.get("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS))
def show(public_id: str) -> str:
    """The form of days off that were entered."""
    return _shown(public_id, {}, None)


@bp.post("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS), form=HolidayForm)
def change(public_id: str) -> Any:
    """Show which evenings a change moves, make it, or remove the days off."""
    return _answer(public_id)


def _answer(public_id: str | None) -> Any:
    try:
        form = HolidayForm.read()
        verb = form.verb.data
        if verb == "look":
            return _shown(public_id, {}, _dates(form))
        with writing() as tx:
            row = current_row(tx, classes.access_holiday(tx, actor(), public_id)) if public_id else None
            if verb == "remove" and row is not None:
                classes.remove_holiday(tx, actor(), row)
            elif row is not None:
                classes.edit_holiday(tx, actor(), row, _dates(form))
            else:
                classes.add_holiday(tx, actor(), _dates(form))
    except Invalid as error:
        return _shown(public_id, error.fields, None), error.status
    flash(_("已保存，讲坛日期已按新的放假安排排好。"), "good")
    return redirect(url_for("terms.index"), 303)


def _dates(form: HolidayForm) -> HolidayDates:
    wrong = {name: NO_DAY for name in ("first", "last") if form[name].data is None}
    if wrong or form.first.data is None or form.last.data is None:
        raise Invalid(fields=wrong)
    return HolidayDates(form.name.data, form.first.data, form.last.data, HolidayKind(form.kind.data))


def _shown(public_id: str | None, errors: Mapping[str, Message], asked: HolidayDates | None) -> str:
    with reading() as tx:
        faculty.require_programme_office(actor(), "holidays:all")
        row = classes.access_holiday(tx, actor(), public_id) if public_id else None
        try:
            preview = _preview(tx, row, asked)
        except Invalid as error:
            preview, errors, asked = None, error.fields, None
        dropped = [day for one in preview or [] for day in one.change.dropped]
        return render_template(
            "faculty/holiday.html",
            row=row,
            asked_for=asked,
            preview=preview,
            removal=classes.preview_holiday(tx, row, None) if row else [],
            stranded=faculty.planned_on(tx, dropped),
            promised=faculty.promised_on(tx, dropped),
            errors=errors,
        )


def _preview(tx: Tx, row: Holiday | None, asked: HolidayDates | None) -> list[TermChange] | None:
    if asked is None:
        return None
    classes.check_holiday(asked)
    return classes.preview_holiday(tx, row, asked)
