"""Planned lectures moved or given to others, after a look at what that does; and lectures that are taught once more."""

import datetime as dt
import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from academy import http
from academy.classes import api as classes
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import api as faculty
from academy.faculty.api import LectureValues, ProgrammeLecture
from academy.http import actor, menu, office, reading, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import NO_DAY, NO_MINUTE, Day, Form, Key, Minute, Verb, typed
from academy.http.personal_data import shows_people
from academy.library import api as library
from academy.web.lectures import LectureForm, lecture_from, offered_lecturers
from academy.web.members import errors_by_field

bp = Blueprint("lecture_edits", __name__, url_prefix="/faculty/lectures")
page = functools.partial(http.page, office(*faculty.PROGRAMME_READERS), section=menu.LECTURES)


COMPARED = {"title": msg("题目"), "day": msg("日期")}
"""Fields that are shown side by side where somebody else changed the lecture between look and save."""


class LectureEditForm(LectureForm):
    """A lecture as it is to be; looked at first, then saved. `undo` puts back what the last change replaced."""

    verb = Verb("look", "save", "undo", otherwise="look")


@bp.get("/<public_id>/edit")
@page()
@shows_people
def edit(public_id: str) -> str:
    """The form to move a lecture or to give it to others, with evenings that are free and substitutes with their
    price."""
    return _form(public_id, {}, look=False)


@bp.post("/<public_id>/edit")
@page(form=LectureEditForm)
@shows_people
def change(public_id: str) -> Any:
    """Show what a change does, make it, or undo the last one."""
    try:
        form = LectureEditForm.read()
        if form.verb.data == "look":
            return _form(public_id, {}, look=True)
        with writing() as tx:
            lecture = current_row(tx, _lecture(tx, public_id))
            is_undone = form.verb.data == "undo"
            check_version(faculty.values_of(tx, lecture).to_json(), {} if is_undone else COMPARED)
            if is_undone:
                faculty.undo_edit(tx, actor(), lecture)
            else:
                faculty.edit_lecture(tx, actor(), lecture, faculty.values_from(lecture_from(tx, form)))
    except (Invalid, Conflict) as error:
        return _form(public_id, errors_by_field(error), look=False), error.status
    flash(_("已保存。改错了可以在这一课的页面上撤回。"), "good")
    return redirect(url_for("lectures.show", public_id=public_id), 303)


def _lecture(tx: Tx, public_id: str) -> ProgrammeLecture:
    faculty.require_programme_office(actor(), f"lecture:{public_id}")
    return faculty.access_lecture(tx, actor(), public_id)


def _form(public_id: str, errors: Mapping[str, Message], *, look: bool) -> str:
    with reading() as tx:
        lecture = _lecture(tx, public_id)
        before, preview = faculty.values_of(tx, lecture), None
        if look:
            try:
                preview = _preview(tx, lecture, before)
            except Invalid as error:
                errors = error.fields
        day = before.day if before.day > clock.today() else clock.today()
        return render_template(
            "faculty/lecture_edit.html",
            lecture=lecture,
            typed=typed() or _typed(tx, lecture, before),
            preview=preview,
            kept=before.to_json(),
            free=faculty.free_days(tx, lecture),
            others=faculty.list_substitutes(tx, lecture, day, before.lecturer_ids),
            classrooms=classes.list_classrooms(tx),
            categories=library.list_categories(tx),
            lecturers=offered_lecturers(tx),
            errors=errors,
        )


def _preview(tx: Tx, lecture: ProgrammeLecture, before: LectureValues) -> tuple[list[Message], list[Message]]:
    after = faculty.values_from(lecture_from(tx, LectureEditForm.read()))
    faculty.check_edit(tx, lecture, after)
    return faculty.list_changes(tx, before, after), faculty.list_effects(tx, lecture, before, after)


def _typed(tx: Tx, lecture: ProgrammeLecture, values: LectureValues) -> MultiDict[str, str]:
    """The form's values before anything was typed; `?day=` and `?lecturer=` propose another evening or substitute."""
    pool = {row.part.lecturer_id: row.pool_id or "" for row in faculty.lecture_teachers(tx, lecture)}
    chosen = request.args.get("lecturer")
    teachers = [(chosen, "")] if chosen else [(pool.get(one, ""), f"{share / 10:g}") for one, share in values.teachers]
    category = next((one.slug for one in library.list_categories(tx) if one.id == values.category_id), "")
    found: MultiDict[str, str] = MultiDict(
        {
            "title": values.title,
            "day": request.args.get("day") or values.day.isoformat(),
            "minute": f"{dt.time(values.minute // 60, values.minute % 60):%H:%M}",
            "hours": f"{values.tenths / 10:g}",
            "classroom": lecture.classroom.public_id if lecture.classroom else "",
            "category": category,
        }
    )
    found.setlist("lecturer", [one for one, _share in teachers])
    found.setlist("share", [share for _one, share in teachers])
    return found


class MakeUpForm(Form):
    """A day, a time and a lecturer for what was not taught."""

    day = Day()
    minute = Minute()
    lecturer = Key()


@bp.get("/<public_id>/make-up")
@page()
@shows_people
def make_up(public_id: str) -> str:
    """Evenings that are free, and who could teach on one of them: for a lecture that was missed or cancelled."""
    return _make_up(public_id, {})


@bp.post("/<public_id>/make-up")
@page(form=MakeUpForm)
@shows_people
def plan_make_up(public_id: str) -> Any:
    """Plan a lecture once more."""
    try:
        with writing() as tx:
            lecture = _lecture(tx, public_id)
            form = MakeUpForm.read()
            day, minute = form.day.data, form.minute.data
            if day is None or minute is None:
                raise Invalid(fields={"day": NO_DAY if day is None else NO_MINUTE})
            (lecturer,) = faculty.lecturer_ids(tx, [form.lecturer.data])
            made = faculty.plan_make_up(tx, actor(), lecture, day, minute, lecturer).public_id
    except (Invalid, Conflict) as error:
        return _make_up(public_id, errors_by_field(error)), error.status
    flash(_("补讲已排定。"), "good")
    return redirect(url_for("lectures.show", public_id=made), 303)


def _make_up(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        lecture = _lecture(tx, public_id)
        free = faculty.free_days(tx, lecture)
        asked = typed().get("day") or request.args.get("day", "")
        day = next((one for one in free if one.isoformat() == asked), free[0] if free else None)
        planned = faculty.values_of(tx, lecture).lecturer_ids
        return render_template(
            "faculty/make_up.html",
            lecture=lecture,
            free=free,
            day=day,
            asked=asked,
            others=faculty.list_substitutes(tx, lecture, day, planned) if day else [],
            lecturers=offered_lecturers(tx),
            teachers=faculty.lecture_teachers(tx, lecture),
            errors=errors,
        )
