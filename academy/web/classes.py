"""Training classes for their office: the list, one class, enrolment, the waiting list, closing with a report."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.classes.api import ClassFilter, ClassPlan, ClassState
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import ClassReport
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, Day, Flag, Form, Key, Number, Text, Verb
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.web.members import errors_by_field
from academy.web.pool import offered_units, unit_of

bp = Blueprint("classes", __name__, url_prefix="/faculty/classes")
page = functools.partial(http.page, office(*faculty.PROGRAMME_READERS), section=menu.CLASSES)

TONES = {"planned": "info", "open": "good", "closed": "neutral", "cancelled": "neutral"}
NAMES = {"states": classes.CLASS_STATE_NAMES, "tones": TONES}


def _waiting(tx: Tx, who: Actor) -> int:
    return classes.count_applications(tx) if classes.is_school_office(who) else 0


@bp.get("")
@http.page(office(*faculty.PROGRAMME_READERS), menu=menu.CLASSES, waiting=_waiting)
def index() -> str:
    """Classes of a term, or of all."""
    args = request.args
    with reading() as tx:
        classes.require_school_office(actor(), "classes:all")
        terms = classes.list_terms(tx)
        term = next((one for one in terms if one.public_id == args.get("term")), None)
        state = args.get("state", "") if args.get("state") in set(ClassState) else ""
        asked = ClassFilter(term.id if term else None, state, args.get("q", ""), args.get("main") == "1")
        found = classes.list_classes(tx, asked, number_in(args.get("page")))
        waiting = _waiting(tx, actor())
    return render_template(
        "classes/index.html", page=found, terms=terms, term=term, asked=asked, waiting=waiting, **NAMES
    )


class ClassForm(Form):
    """A class: what, when, for how many, until when members may apply."""

    term = Key()
    name = Text()
    unit = Text()
    first = Day()
    last = Day()
    seats = Number(4)
    is_main = Flag()
    apply_until = Day()
    summary = Text()


def _plan(form: ClassForm) -> ClassPlan:
    wrong = {name: NO_DAY for name in ("first", "last") if form[name].data is None}
    if wrong or form.first.data is None or form.last.data is None:
        raise Invalid(fields=wrong)
    days = form.first.data, form.last.data
    return ClassPlan(
        form.name.data, *days, form.is_main.data, form.seats.data, form.apply_until.data, form.summary.data
    )


@bp.get("/new")
@page()
def new() -> str:
    """The form of a new class."""
    return _form(None, {})


@bp.post("/new")
@page(form=ClassForm)
def create() -> Any:
    """Add a class."""
    try:
        with writing() as tx:
            classes.require_school_office(actor(), "classes:all")
            form = ClassForm.read()
            if not form.term.data:
                raise Invalid(fields={"term": msg("请选择学期。")})
            term = classes.access_term(tx, actor(), form.term.data)
            made = classes.add_class(tx, actor(), term, unit_of(tx, form.unit.data), _plan(form)).public_id
    except Invalid as error:
        return _form(None, error.fields), error.status
    flash(_("班次已建。"), "good")
    return redirect(url_for(".show", public_id=made), 303)


@bp.get("/<public_id>/edit")
@page()
def edit_form(public_id: str) -> str:
    """The form of a class."""
    return _form(public_id, {})


@bp.post("/<public_id>/edit")
@page(form=ClassForm)
def edit(public_id: str) -> Any:
    """Change a class."""
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            classes.edit_class(tx, actor(), row, _plan(ClassForm.read()))
    except (Invalid, Conflict) as error:
        return _form(public_id, errors_by_field(error)), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _form(public_id: str | None, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        classes.require_school_office(actor(), "classes:all")
        row = classes.access_class_to_keep(tx, actor(), public_id) if public_id else None
        terms = [(one.public_id, one.name) for one in classes.list_terms(tx) if one.last_day >= clock.today()]
        units = offered_units(tx)
        return render_template("classes/form.html", row=row, terms=terms, units=units, errors=errors)


@bp.get("/<public_id>")
@page()
@shows_people
def show(public_id: str) -> str:
    """One class: its people and its figures."""
    return _class_page(public_id, {})


def _class_page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        number, gone = number_in(request.args.get("page")), request.args.get("show") == "gone"
        found = (classes.who_left_class if gone else classes.members_of_class)(tx, row, number)
        rates = faculty.attendance_of_members(tx, row, [one.member_id for one in found.rows])
        return render_template(
            "classes/show.html",
            row=row,
            counts=classes.class_row(tx, row),
            page=found,
            rates=rates,
            attendance=faculty.class_attendance(tx, row),
            turns=classes.turn_rate(tx, row),
            gone=gone,
            registered=people.PRESENT_STATUSES,
            moves=classes.CLASS_MOVES[ClassState(row.state)],
            errors=errors,
            **NAMES,
        )


class ClassStateForm(Form):
    """The state that a class passes into."""

    state = Verb(ClassState.OPEN, ClassState.CANCELLED, ClassState.PLANNED)


@bp.post("/<public_id>/state")
@page(form=ClassStateForm)
@shows_people
def change_state(public_id: str) -> Any:
    """Open or cancel a class, or take that back."""
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            classes.change_class_state(tx, actor(), row, ClassState(ClassStateForm.read().state.data))
    except Conflict as error:
        return _class_page(public_id, errors_by_field(error)), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


class EndPlaceForm(Form):
    """Why somebody's place ends."""

    reason = Text()


@bp.get("/<public_id>/people/<member>")
@page()
@shows_people
def person(public_id: str, member: str) -> str:
    """One member of a class: lectures, turns, and giving the place up."""
    return _person_page(public_id, member, {})


def _person_page(public_id: str, member: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        place = classes.access_place(tx, actor(), row, member)
        return render_template(
            "classes/person.html",
            row=row,
            place=place,
            group=classes.own_group(tx, place),
            attended=faculty.member_attendance(tx, row, place.member),
            turns=classes.turns_of_member(tx, row, place.member_id),
            turn_names=classes.TURN_STATE_NAMES,
            errors=errors,
        )


@bp.post("/<public_id>/people/<member>")
@page(form=EndPlaceForm)
@shows_people
def end_place(public_id: str, member: str) -> Any:
    """End somebody's place; the first who waits moves up."""
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            place = classes.access_place(tx, actor(), row, member)
            classes.leave_class(tx, actor(), row, place, EndPlaceForm.read().reason.data)
    except (Invalid, Conflict) as error:
        return _person_page(public_id, member, errors_by_field(error)), error.status
    flash(_("已退班；有人候补的，第一位已经补上。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.get("/<public_id>/close")
@page()
def closing(public_id: str) -> str:
    """The report of a class as it stands, before it is closed; of a closed one as it was."""
    return _closing_page(public_id, {})


def _closing_page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        return render_template(
            "classes/close.html",
            row=row,
            report=ClassReport(**row.closing_report) if row.closing_report else faculty.class_report(tx, row),
            errors=errors,
        )


class ClosingForm(Form):
    """The figures that the page showed, so that a class is closed by what somebody read."""

    members = Number()
    lectures_held = Number()
    class_hour_tenths = Number()
    expected = Number()
    present = Number()
    turns_taken = Number()
    turns_missing = Number()
    late_entries = Number()
    pending = Number()


@bp.post("/<public_id>/close")
@page(form=ClosingForm)
def close(public_id: str) -> Any:
    """Close a class and keep its report."""
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            seen = ClassReport(**{name: field.data or 0 for name, field in ClosingForm.read()._fields.items()})
            faculty.close_class_with_report(tx, actor(), row, seen)
    except (Invalid, Conflict) as error:
        return _closing_page(public_id, errors_by_field(error)), error.status
    flash(_("已结业，结业报告已保存。"), "good")
    return redirect(url_for(".closing", public_id=public_id), 303)
