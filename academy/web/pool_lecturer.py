"""One lecturer of the pool: what is owed, what was taught, and the particulars that the programme office keeps."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _

from academy import http
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import api as faculty
from academy.faculty.api import ConsentKind, LecturerLevel, PoolMembership, PoolState
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, NO_MINUTE, Choice, Day, Form, Key, Minute, Number, Text, Texts, Verb
from academy.http.personal_data import shows_people
from academy.library import api as library
from academy.people import api as people
from academy.web.members import errors_by_field
from academy.web.pool import OWED_TONES, STATE_TONES, WORDS, offered_units, unit_of

bp = Blueprint("pool_lecturer", __name__, url_prefix="/faculty/lecturers")
page = functools.partial(http.page, section=menu.POOL)

WEEKDAYS = (msg("周一"), msg("周二"), msg("周三"), msg("周四"), msg("周五"), msg("周六"), msg("周日"))


@bp.get("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def show(public_id: str) -> str:
    """The lecturer's file."""
    return _shown(public_id, {})


class LecturerFileForm(Form):
    """One operation on a lecturer's file, by the pressed button, with the fields that it needs."""

    verb = Verb(
        *("state", "undo_state", "post", "end_post", "reopen_post", "remove_post", "subjects", "load", "link"),
        *("consent", "withdraw", "window", "remove_window", "absence", "remove_absence"),
    )
    state = Choice(tuple(PoolState))
    level = Choice(tuple(LecturerLevel))
    kind = Choice(tuple(ConsentKind))
    weekday = Choice(tuple("0123456"))
    since = Day()
    until = Day()
    from_minute = Minute()
    to_minute = Minute()
    most = Number(3)
    row = Number()
    subjects = Texts()
    post = Key()
    unit = Text()
    title = Text()
    number = Text()
    note = Text()


@bp.post("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS), form=LecturerFileForm)
@shows_people
def change(public_id: str) -> Any:
    """Change something in the file."""
    try:
        with writing() as tx:
            membership = faculty.access_pool_membership(tx, actor(), public_id)
            faculty.require_programme_office(actor(), f"pool:{public_id}")
            form = LecturerFileForm.read()
            _VERBS[form.verb.data](tx, membership, form)
    except (Invalid, Conflict) as error:
        return _shown(public_id, errors_by_field(error)), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _day(form: LecturerFileForm, name: str) -> Any:
    """A day that must be typed.

    Raises:
        Invalid: it was not.
    """
    if form[name].data is None:
        raise Invalid(fields={name: NO_DAY})
    return form[name].data


def _state(tx: Tx, row: PoolMembership, form: LecturerFileForm) -> None:
    faculty.change_pool_state(
        tx,
        actor(),
        row,
        PoolState(form.state.data or PoolState.CONFIRMED),
        since=_day(form, "since"),
        until=form.until.data,
        note=form.note.data,
    )


def _post(tx: Tx, row: PoolMembership, form: LecturerFileForm) -> None:
    level = LecturerLevel(form.level.data or LecturerLevel.COUNTY)
    unit, since = unit_of(tx, form.unit.data), _day(form, "since")
    faculty.add_post(tx, actor(), row, unit=unit, level=level, title=form.title.data, since=since)


def _link(tx: Tx, row: PoolMembership, form: LecturerFileForm) -> None:
    number = form.number.data.strip()
    member = people.find_member(tx, number) if number else None
    if number and member is None:
        raise Invalid(fields={"number": msg("没有这个编号的党员。")})
    faculty.link_member(tx, actor(), row, member)


def _consent(tx: Tx, row: PoolMembership, form: LecturerFileForm) -> None:
    kind = ConsentKind(form.kind.data or ConsentKind.TEACH)
    faculty.give_consent(tx, actor(), row, kind, given_on=_day(form, "since"), evidence=form.note.data)


def _window(tx: Tx, row: PoolMembership, form: LecturerFileForm) -> None:
    begin, end = form.from_minute.data, form.to_minute.data
    if begin is None or end is None:
        raise Invalid(fields={"from_minute": NO_MINUTE})
    weekday = int(form.weekday.data or 0)
    faculty.add_window(tx, actor(), row, weekday=weekday, from_minute=begin, to_minute=end)


def _absence(tx: Tx, row: PoolMembership, form: LecturerFileForm) -> None:
    first, last = _day(form, "since"), _day(form, "until")
    faculty.add_absence(tx, actor(), row, first=first, last=last, reason=form.note.data)


_VERBS: dict[str, Callable[[Tx, PoolMembership, LecturerFileForm], object]] = {
    "state": _state,
    "undo_state": lambda tx, row, _form: faculty.undo_pool_state(tx, actor(), row),
    "post": _post,
    "end_post": lambda tx, row, form: faculty.end_post(tx, actor(), row, form.post.data, _day(form, "until")),
    "reopen_post": lambda tx, row, form: faculty.reopen_post(tx, actor(), row, form.post.data),
    "remove_post": lambda tx, row, form: faculty.remove_post(tx, actor(), row, form.post.data),
    "subjects": lambda tx, row, form: faculty.set_subjects(tx, actor(), row, form.subjects.data),
    "load": lambda tx, row, form: faculty.set_load(tx, actor(), row, form.most.data),
    "link": _link,
    "consent": _consent,
    "withdraw": lambda tx, row, form: faculty.withdraw_lecturer_consent(
        tx, actor(), row, ConsentKind(form.kind.data or ConsentKind.TEACH)
    ),
    "window": _window,
    "remove_window": lambda tx, row, form: faculty.remove_window(tx, actor(), row, form.row.data or 0),
    "absence": _absence,
    "remove_absence": lambda tx, row, form: faculty.remove_absence(tx, actor(), row, form.row.data or 0),
}


def _shown(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        membership = faculty.access_pool_membership(tx, actor(), public_id)
        is_office = faculty.is_programme_office(actor())
        person = people.member_of_id(tx, membership.member_id) if membership.member_id else None
        return render_template(
            "faculty/lecturer.html",
            file=faculty.lecturer_file(tx, membership, clock.today()),
            card=library.lecturer_cards(tx, [membership.lecturer])[0],
            member=person,
            doubts=faculty.list_doubts(tx, lecturer_id=membership.lecturer_id) if is_office else [],
            next_states=faculty.POOL_MOVES[PoolState(membership.state)],
            categories=library.list_categories(tx) if is_office else [],
            units=offered_units(tx) if is_office else [],
            is_office=is_office,
            resting=len(faculty.courses_resting_on(tx, membership)) if is_office else 0,
            errors=errors,
            weekdays=WEEKDAYS,
            consents=faculty.CONSENT_NAMES,
            parts=faculty.PART_NAMES,
            kinds=faculty.LECTURE_KIND_NAMES,
            lecture_states=faculty.LECTURE_STATE_NAMES,
            evidence=faculty.EVIDENCE_NAMES,
            tones=STATE_TONES,
            owed_tones=OWED_TONES,
            **WORDS,
        )
