"""Lectures of the programme: the list, planning one, and entering how it went."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import (
    LectureEvidenceKind,
    LectureFilter,
    LectureKind,
    LectureState,
    NewLecture,
    PoolFilter,
    ProgrammeLecture,
    TeachingReport,
)
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, NO_MINUTE, NO_NUMBER, Choice, Day, Figure, Form, Key, Minute, Text, Texts, Verb
from academy.http.personal_data import shows_people
from academy.library import api as library
from academy.web.members import errors_by_field

bp = Blueprint("lectures", __name__, url_prefix="/faculty/lectures")
page = functools.partial(http.page, section=menu.LECTURES)

STATE_TONES = {"planned": "info", "held": "good", "cancelled": "neutral", "no_show": "bad"}
MATERIAL_TONES = {
    "draft": "neutral",
    "submitted": "info",
    "returned": "warn",
    "approved": "good",
    "taken_back": "neutral",
}
PART_TONES = {"planned": "info", "taught": "good", "absent": "bad", "replaced": "warn"}
OFFERED = 400
"""Lecturers in a form's list: more than a pool has."""
NAMES = {
    "kinds": faculty.LECTURE_KIND_NAMES,
    "states": faculty.LECTURE_STATE_NAMES,
    "parts": faculty.PART_NAMES,
    "evidence_names": faculty.EVIDENCE_NAMES,
    "tones": STATE_TONES,
    "part_tones": PART_TONES,
}


def waiting(tx: Tx, who: Actor) -> int:
    """How many past lectures wait for the entry of how they went."""
    return faculty.count_lectures_to_confirm(tx, who, clock.today())


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.LECTURES, waiting=waiting)
@shows_people
def index() -> str:
    """Lectures in one's scope, the newest first."""
    args = request.args
    with reading() as tx:
        terms = classes.list_terms(tx)
        term = next((one for one in terms if one.public_id == args.get("term")), None)
        state, kind = args.get("state", ""), args.get("kind", "")
        asked = LectureFilter(
            term_id=term.id if term else None,
            state=state if state in set(LectureState) else "",
            kind=kind if kind in set(LectureKind) else "",
            class_id=classes.access_class(tx, actor(), args["class"]).id if args.get("class") else None,
        )
        found = faculty.list_lectures(tx, actor(), asked, number_in(args.get("page")))
        return render_template(
            "faculty/lectures.html",
            page=found,
            terms=terms,
            term=term,
            asked_for=asked,
            late=waiting(tx, actor()),
            doubts=faculty.list_doubts(tx) if faculty.is_programme_office(actor()) else [],
            is_office=faculty.is_programme_office(actor()),
            today=clock.today(),
            **NAMES,
        )


@bp.get("/new")
@page(office(*faculty.PROGRAMME_READERS))
def new() -> str:
    """The form to plan a lecture."""
    return _form({})


class LectureForm(Form):
    """A lecture: what, when, where, by whom. `lecturer` and `share` are parallel; blank shares are equal ones."""

    title = Text()
    day = Day()
    minute = Minute()
    hours = Figure()
    lecture_class = Key()
    classroom = Key()
    category = Key()
    lecturer = Texts()
    share = Texts()


@bp.post("/new")
@page(office(*faculty.PROGRAMME_READERS), form=LectureForm)
def plan() -> Any:
    """Put a lecture on the timetable."""
    try:
        with writing() as tx:
            faculty.require_programme_office(actor(), "lectures:all")
            made = faculty.plan_lecture(tx, actor(), lecture_from(tx, LectureForm.read()))
            public_id = made.public_id
    except Invalid as error:
        return _form(error.fields), error.status
    flash(_("已排定。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def lecture_from(tx: Tx, form: LectureForm) -> NewLecture:
    """A lecture as the form has it.

    Raises:
        Invalid: a day, a time or a number is missing, or a lecturer is not in the pool.
    """
    missing = {"day": NO_DAY, "minute": NO_MINUTE, "hours": NO_NUMBER}
    wrong = {name: text for name, text in missing.items() if form[name].data is None}
    if wrong:
        raise Invalid(fields=wrong)
    chosen = [
        (one, share.strip())
        for one, share in zip(form.lecturer.data, [*form.share.data, *[""] * len(form.lecturer.data)], strict=False)
        if one
    ]
    lecturers = faculty.lecturer_ids(tx, [one for one, _share in chosen])
    shares = _shares([share for _one, share in chosen])
    place, lesson_of = form.classroom.data, form.lecture_class.data
    return NewLecture(
        title=form.title.data,
        day=form.day.data or clock.today(),
        minute=form.minute.data or 0,
        tenths=round((form.hours.data or 0) * 10),
        teachers=list(zip(lecturers, shares, strict=True)),
        training_class=classes.access_class(tx, actor(), lesson_of) if lesson_of else None,
        classroom=classes.access_classroom(tx, actor(), place) if place else None,
        category_id=library.find_category(tx, form.category.data).id if form.category.data else None,
    )


def _shares(typed: list[str]) -> list[int]:
    """Shares typed in per cent, in permille; equal ones where all are blank.

    Raises:
        Invalid: not a number.
    """
    if not any(typed):
        return faculty.even_shares(len(typed)) if typed else []
    try:
        return [round(float(text.rstrip("%") or 0) * 10) for text in typed]
    except (ValueError, OverflowError):
        raise Invalid(fields={"lecturer": msg("份额请填写百分数，例如 50。")}) from None


def _form(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        faculty.require_programme_office(actor(), "lectures:all")
        today = clock.today()
        terms = [term for term in classes.list_terms(tx) if term.last_day >= today]
        return render_template(
            "faculty/plan.html",
            errors=errors,
            evenings=[(term, [one for one in classes.term_evenings(tx, term) if one.day >= today]) for term in terms],
            running=[row for term in terms for row in classes.classes_of_term(tx, term)],
            classrooms=classes.list_classrooms(tx),
            categories=library.list_categories(tx),
            lecturers=offered_lecturers(tx),
        )


def offered_lecturers(tx: Tx) -> list[tuple[str, str]]:
    """Lecturers that a form offers: those who are confirmed today, with their offices."""
    found = faculty.list_pool(tx, actor(), PoolFilter(state="confirmed"), clock.today(), size=OFFERED)
    return [
        (row.membership.public_id, f"{row.membership.lecturer.name} · {row.membership.lecturer.office}")
        for row in found.rows
    ]


@bp.get("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def show(public_id: str) -> str:
    """One lecture: who, when, how it went, and what shows it."""
    return _shown(public_id, {})


class LectureOutcomeForm(Form):
    """What happened. `teacher`, `part` and `share` are parallel lists over the planned lecturers."""

    verb = Verb("held", "no_show", "cancel", "reopen")
    teacher = Texts()
    share = Texts()
    substitute = Key()
    substitute_share = Text()
    replaced = Key()
    kind = Choice(tuple(LectureEvidenceKind))
    reference = Text()
    unreviewed = Text()
    reason = Text()


@bp.post("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS), form=LectureOutcomeForm)
@shows_people
def report(public_id: str) -> Any:
    """Enter how a lecture went, or take that back."""
    try:
        with writing() as tx:
            lecture = faculty.access_lecture(tx, actor(), public_id)
            faculty.require_programme_office(actor(), f"lecture:{public_id}")
            form = LectureOutcomeForm.read()
            verb, reason = form.verb.data, form.reason.data
            if verb == "held":
                faculty.confirm_lecture(tx, actor(), lecture, _report(tx, lecture, form))
            elif verb == "no_show":
                faculty.report_no_show(tx, actor(), lecture, reason)
            elif verb == "cancel":
                faculty.cancel_lecture(tx, actor(), lecture, reason)
            else:
                faculty.reopen_lecture(tx, actor(), lecture)
    except (Invalid, Conflict) as error:
        return _shown(public_id, errors_by_field(error)), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _report(tx: Tx, lecture: ProgrammeLecture, form: LectureOutcomeForm) -> TeachingReport:
    """Who taught: planned lecturers with a share above nothing, and a substitute."""
    teachers = faculty.lecturer_ids(tx, form.teacher.data)
    shares = _shares([share.strip() or "0" for share in form.share.data])
    taught = {one: share for one, share in zip(teachers, shares, strict=False) if share}
    replaced = {}
    if form.substitute.data:
        (substitute,) = faculty.lecturer_ids(tx, [form.substitute.data])
        (planned,) = faculty.lecturer_ids(tx, [form.replaced.data])
        taught[substitute] = _shares([form.substitute_share.data or "100"])[0]
        replaced[substitute] = planned
    kind = LectureEvidenceKind(form.kind.data or LectureEvidenceKind.ROLL)
    evidence = [(kind, form.reference.data)] if form.reference.data.strip() else []
    return TeachingReport(taught, evidence, replaced, unreviewed=form.unreviewed.data)


def _shown(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        lecture = faculty.access_lecture(tx, actor(), public_id)
        return render_template(
            "faculty/lecture.html",
            lecture=lecture,
            teachers=faculty.lecture_teachers(tx, lecture),
            evidence=faculty.evidence_of(tx, [lecture.id])[lecture.id],
            lecturers=offered_lecturers(tx) if faculty.is_programme_office(actor()) else [],
            is_office=faculty.is_programme_office(actor()),
            is_past=lecture.day <= clock.today(),
            last_edit=faculty.last_edit(tx, lecture),
            values=faculty.values_of(tx, lecture).to_json(),
            make_ups=faculty.make_ups_of(tx, [lecture])[lecture.id],
            shelved=faculty.courses_of_lecture(tx, lecture),
            materials=faculty.standings_of(tx, [lecture])[lecture.id],
            material_names=faculty.MATERIAL_NAMES,
            material_states=faculty.MATERIAL_STATE_NAMES,
            material_tones=MATERIAL_TONES,
            errors=errors,
            **NAMES,
        )
