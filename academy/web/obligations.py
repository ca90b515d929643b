"""What lecturers owe: by unit, whoever is overdue first; and the rules behind it."""

import functools
from collections import Counter
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message
from academy.faculty import api as faculty
from academy.faculty.api import LecturerLevel, ObligationState, RuleTerms
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, NO_NUMBER, Choice, Day, Figure, Form, Number, Verb
from academy.http.personal_data import shows_people
from academy.web.pool import OWED_TONES, WORDS

bp = Blueprint("obligations", __name__, url_prefix="/faculty/obligations")
page = functools.partial(http.page, section=menu.OBLIGATIONS)


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.OBLIGATIONS)
@shows_people
def index() -> str:
    """Obligations of the units in one's scope, as of a day."""
    try:
        on = clock.read_day(request.args.get("on", ""))
    except ValueError:
        on = clock.today()
    wanted = request.args.get("state", "")
    with reading() as tx:
        units = faculty.obligations_by_unit(tx, actor(), on)
        counts = sum((unit.counts for unit in units), Counter[ObligationState]())
        if wanted in set(ObligationState):
            units = [unit for unit in units if unit.counts[ObligationState(wanted)]]
        return render_template(
            "faculty/obligations.html",
            on=on,
            units=units,
            counts=counts,
            wanted=wanted if wanted in set(ObligationState) else "",
            demands=faculty.demands_on(tx, on),
            owed_tones=OWED_TONES,
            is_office=faculty.is_programme_office(actor()),
            **WORDS,
        )


@bp.get("/rules")
@page(office(*faculty.PROGRAMME_READERS))
def rules() -> str:
    """The dated rules, and a form for a change."""
    return _rules({}, None)


class RuleForm(Form):
    """A level's new rule; first looked at, then confirmed."""

    verb = Verb("look", "apply", "floor", otherwise="look")
    level = Choice(tuple(LecturerLevel))
    lectures = Number(2)
    years = Number(2)
    hours = Figure()
    soon_days = Number(3)
    counts_from = Day()
    valid_from = Day()
    floor = Figure()


@bp.post("/rules")
@page(office(*faculty.PROGRAMME_READERS), form=RuleForm)
@shows_people
def change_rules() -> Any:
    """Show whose obligations a new rule changes, or put it into force."""
    try:
        form = RuleForm.read()
        if form.verb.data == "look":
            return _rules({}, _terms(form))
        with writing() as tx:
            _apply(tx, form)
    except Invalid as error:
        return _rules(error.fields, None), error.status
    flash(_("规则已保存，从生效日期起执行。"), "good")
    return redirect(url_for(".rules"), 303)


def _apply(tx: Tx, form: RuleForm) -> None:
    if form.verb.data == "floor":
        if form.floor.data is None or form.valid_from.data is None:
            raise Invalid(fields={"floor": NO_NUMBER} if form.floor.data is None else {"valid_from": NO_DAY})
        faculty.change_floor(tx, actor(), round(form.floor.data * 10), form.valid_from.data)
    else:
        faculty.change_rule(tx, actor(), _terms(form))


def _terms(form: RuleForm) -> RuleTerms:
    wrong: dict[str, Message] = {}
    for name in ("valid_from", "counts_from"):
        if form[name].data is None:
            wrong[name] = NO_DAY
    for name in ("lectures", "years", "hours", "soon_days"):
        if form[name].data is None:
            wrong[name] = NO_NUMBER
    if wrong:
        raise Invalid(fields=wrong)
    return RuleTerms(
        LecturerLevel(form.level.data or LecturerLevel.COUNTY),
        lectures=form.lectures.data or 0,
        years=form.years.data or 0,
        tenths_each=round((form.hours.data or 0) * 10),
        soon_days=form.soon_days.data or 0,
        counts_from=form.counts_from.data or clock.today(),
        valid_from=form.valid_from.data or clock.today(),
    )


def _rules(errors: Mapping[str, Message], asked: RuleTerms | None) -> str:
    with reading() as tx:
        faculty.require_programme_office(actor(), "rules:all")
        return render_template(
            "faculty/rules.html",
            errors=errors,
            asked_for=asked,
            preview=faculty.preview_rule(tx, asked) if asked else None,
            history=faculty.list_rules(tx),
            floors=faculty.list_floors(tx),
            today=clock.today(),
            owed_tones=OWED_TONES,
            **WORDS,
        )
