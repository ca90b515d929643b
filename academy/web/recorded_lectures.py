"""A lecture's page: who and when, the approved handout, the recording and what was said in it; and the trainers' list
of lectures whose recording becomes a course."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import MaterialKind
from academy.http import SIGNED_IN, actor, menu, office, reading, writing
from academy.http.forms import Form, Key, Verb
from academy.library import api as library
from academy.library.api import Course, ItemSummary
from academy.media import api as media
from academy.media.api import CueText
from academy.web.lecture_materials import material_pages
from academy.web.members import errors_by_field

bp = Blueprint("recorded_lectures", __name__)
page = functools.partial(http.page, SIGNED_IN, section=menu.COURSES)
trainers = functools.partial(http.page, office(Role.TRAINER), section=menu.STUDIO)
LINES = 120
"""Lines of the transcript on the lecture's page; the player has all of them."""

OFFERED = 200
"""Of one's own courses, the newest, among which a recording is found that has one already."""


@bp.get("/lectures/<public_id>")
@page()
def show(public_id: str) -> str:
    """One lecture of the forum, or a lesson of one's class."""
    with reading() as tx:
        lecture = faculty.access_shown_lecture(tx, actor(), public_id)
        found = faculty.lecture_page(tx, actor(), lecture)
        line, cues = _recording(tx, found.course)
        return render_template(
            "faculty/lecture_page.html",
            lecture=lecture,
            page=found,
            line=line,
            cues=cues[:LINES],
            more=len(cues) > LINES,
            card=library.cards_by_public_id(tx, [found.course.public_id] if found.course else []),
            kinds=faculty.LECTURE_KIND_NAMES,
            material_names=faculty.MATERIAL_NAMES,
        )


def _recording(tx: Tx, course: Course | None) -> tuple[ItemSummary | None, list[CueText]]:
    """The film or sound of a published course, and what is said in it."""
    if course is None:
        return None, []
    lines = library.course_page(tx, course).lines
    line = next((one for one in lines if one.item.kind in {"video", "audio"} and one.asset is not None), None)
    return line, media.cue_texts(tx, line.asset.id) if line is not None and line.asset is not None else []


@bp.get("/lectures/<public_id>/<any(syllabus, handout):kind>")
@page()
def material(public_id: str, kind: str) -> str:
    """The approved syllabus or handout."""
    with reading() as tx:
        lecture = faculty.access_shown_lecture(tx, actor(), public_id)
        version = faculty.readable_version(tx, actor(), lecture, MaterialKind(kind))
        return render_template(
            "faculty/handout.html",
            lecture=lecture,
            kind=kind,
            version=version,
            pages=material_pages(tx, version, audience="member"),
            material_names=faculty.MATERIAL_NAMES,
        )


@bp.get("/studio/recordings")
@trainers()
def recordings() -> str:
    """Lectures whose recording nobody has made into a course."""
    return _list({}, "")


def _list(errors: Mapping[str, Message], at: str) -> str:
    with reading() as tx:
        may = faculty.may_record(actor())
        return render_template(
            "faculty/recordings.html",
            page=faculty.lectures_to_record(tx, actor(), number_in(request.args.get("page"))) if may else None,
            courses=library.own_course_titles(tx, actor(), OFFERED),
            errors=errors,
            at=at,
        )


class RecordingForm(Form):
    """Begin a course for a recording, or name one that there is."""

    verb = Verb("begin", "link")
    course = Key()


@bp.post("/studio/recordings/<public_id>")
@trainers(form=RecordingForm)
def begin(public_id: str) -> Any:
    """Begin the course of a recording."""
    try:
        with writing() as tx:
            lecture = faculty.access_lecture_to_record(tx, actor(), public_id)
            form = RecordingForm.read()
            if form.verb.data == "begin":
                course = faculty.begin_recording(tx, actor(), lecture)
            else:
                course = library.access_own_course(tx, actor(), form.course.data)
                faculty.link_recording(tx, actor(), lecture, course)
            made = course.public_id
    except (Invalid, Conflict) as error:
        return _list(errors_by_field(error), public_id), error.status
    flash(_("已建好课程，请上传录像，配好字幕再送审。") if form.verb.data == "begin" else _("已对应。"), "good")
    return redirect(url_for("studio.course", public_id=made), 303)
