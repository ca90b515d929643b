"""Terms with their evenings, classes and classrooms."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.classes.api import ClassPlan, TeachingTerm, TermDates
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.faculty import api as faculty
from academy.http import actor, menu, office, reading, writing
from academy.http.edit_conflicts import current_row
from academy.http.forms import NO_DAY, NO_MINUTE, Choice, Day, Flag, Form, Key, Minute, Number, Text, Verb
from academy.web.members import errors_by_field
from academy.web.pool import offered_units, unit_of
from academy.web.pool_lecturer import WEEKDAYS

bp = Blueprint("terms", __name__, url_prefix="/faculty/terms")
page = functools.partial(http.page, section=menu.TERMS)


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.TERMS)
def index() -> str:
    """Terms, holidays, classrooms."""
    return _index({})


class NewTermForm(Form):
    """A term, or a classroom."""

    verb = Verb("term", "classroom", "retire", otherwise="term")
    name = Text()
    first = Day()
    last = Day()
    weekday = Choice(tuple("0123456"), blank="2")
    minute = Minute()
    seats = Number(4)
    address = Text()
    classroom = Key()


@bp.post("")
@page(office(*faculty.PROGRAMME_READERS), form=NewTermForm)
def create() -> Any:
    """Add a term or a classroom, or retire one."""
    faculty.require_programme_office(actor(), "terms:all")
    try:
        form = NewTermForm.read()
        with writing() as tx:
            if form.verb.data == "term":
                classes.add_term(tx, actor(), term_dates(form))
            elif form.verb.data == "classroom":
                name, seats = form.name.data, form.seats.data or 0
                classes.add_classroom(tx, actor(), name=name, seats=seats, address=form.address.data)
            else:
                place = classes.access_classroom(tx, actor(), form.classroom.data)
                classes.retire_classroom(tx, actor(), place)
    except Invalid as error:
        return _index(error.fields), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".index"), 303)


def term_dates(form: Any) -> TermDates:
    """A term's dates as they were typed.

    Raises:
        Invalid: a day or the time is missing.
    """
    wrong = {name: NO_DAY for name in ("first", "last") if form[name].data is None}
    if form.minute.data is None:
        wrong["minute"] = NO_MINUTE
    if wrong:
        raise Invalid(fields=wrong)
    return TermDates(form.name.data, form.first.data, form.last.data, int(form.weekday.data), form.minute.data)


def _index(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        terms = classes.list_terms(tx)
        today = clock.today()
        return render_template(
            "faculty/terms.html",
            terms=[(term, len(classes.term_evenings(tx, term))) for term in terms],
            class_counts=classes.count_classes(tx),
            years=classes.holidays_by_year(tx),
            classrooms=classes.list_classrooms(tx, retired=True),
            weekdays=WEEKDAYS,
            today=today,
            is_office=faculty.is_programme_office(actor()),
            errors=errors,
        )


@bp.get("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS))
def show(public_id: str) -> str:
    """One term: its evenings with the lectures on them, its classes."""
    return _shown(public_id, {}, None)


class TeachingTermForm(Form):
    """A change of a term (looked at first), or a new class."""

    verb = Verb("look", "save", "class", otherwise="look")
    name = Text()
    first = Day()
    last = Day()
    weekday = Choice(tuple("0123456"), blank="2")
    minute = Minute()
    unit = Text()
    is_main = Flag()
    seats = Number(4)


@bp.post("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS), form=TeachingTermForm)
def change(public_id: str) -> Any:
    """Show which evenings a change moves, make it, or add a class."""
    faculty.require_programme_office(actor(), f"term:{public_id}")
    try:
        form = TeachingTermForm.read()
        if form.verb.data == "look":
            return _shown(public_id, {}, term_dates(form))
        with writing() as tx:
            _change(tx, classes.access_term(tx, actor(), public_id), form)
    except (Invalid, Conflict) as error:
        return _shown(public_id, errors_by_field(error), None), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _change(tx: Tx, term: TeachingTerm, form: TeachingTermForm) -> None:
    verb = form.verb.data
    if verb == "save":
        classes.edit_term(tx, actor(), current_row(tx, term), term_dates(form))
    else:
        wrong = {name: NO_DAY for name in ("first", "last") if form[name].data is None}
        if wrong or form.first.data is None or form.last.data is None:
            raise Invalid(fields=wrong)
        plan = ClassPlan(form.name.data, form.first.data, form.last.data, form.is_main.data, form.seats.data)
        classes.add_class(tx, actor(), term, unit_of(tx, form.unit.data), plan)


def _shown(public_id: str, errors: Mapping[str, Message], asked: TermDates | None) -> str:
    with reading() as tx:
        term = classes.access_term(tx, actor(), public_id)
        is_office = faculty.is_programme_office(actor())
        evenings = [one.day for one in classes.term_evenings(tx, term)]
        planned = faculty.forum_lectures(tx, term)
        preview = classes.preview_term(tx, term, asked) if asked and is_office else None
        return render_template(
            "faculty/term.html",
            term=term,
            evenings=evenings,
            planned=planned,
            homeless=[row for day, row in planned.items() if day not in evenings and row.lecture.state == "planned"],
            off=classes.list_holidays(tx, term.first_day, term.last_day),
            classes=classes.classes_of_term(tx, term),
            class_states=classes.CLASS_STATE_NAMES,
            preview=preview,
            asked_for=asked,
            stranded=faculty.planned_on(tx, preview.change.dropped) if preview else [],
            promised=faculty.promised_on(tx, preview.change.dropped) if preview else [],
            units=offered_units(tx) if is_office else [],
            states=faculty.LECTURE_STATE_NAMES,
            weekdays=WEEKDAYS,
            today=clock.today(),
            is_office=is_office,
            errors=errors,
        )
