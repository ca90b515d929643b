"""The trainer's editor of a course: what it shows, with the steps, the files, the comments of reviewers."""

from collections.abc import Mapping
from typing import Any

from flask import render_template, url_for

from academy.core.database import Tx
from academy.core.i18n import Message
from academy.http import actor
from academy.http.forms import Figure, Flag, Form, Key, Text, typed
from academy.library import api as library
from academy.library.api import CourseVerb, CourseVersion
from academy.media import api as media
from academy.web.pinned_comments import pinned_comments

Fields = Mapping[str, Any]
THRESHOLD = 95
"""Percent, for a new course."""


class CourseForm(Form):
    """Fields of a course."""

    title = Text()
    summary = Text()
    category = Key()
    lecturer = Text()
    office = Text()
    is_leader = Flag()
    threshold = Figure()
    credit_minutes = Figure()


def render_editor(
    tx: Tx, public_id: str, errors: Mapping[str, Message] | None = None, *, answered: str | None = None
) -> str:
    """The editor of one's own course, with the errors of a form; `answered` is the comment whose answer had them."""
    row = library.access_own_course(tx, actor(), public_id)
    version = library.edited(row)
    page = library.course_page(tx, row, version)
    verbs = library.offered_verbs(row, is_author=True, is_reviewer=False)
    files = [line.asset.id for line in page.lines if line.asset]
    progress = media.steps_by_asset(tx, files)
    plan = library.course_steps(tx, version)
    return render_template(
        "studio/course.html",
        page=page,
        course=row,
        version=version,
        here=url_for("studio.course", public_id=public_id),
        editable=CourseVerb.EDIT in verbs,
        plan=plan,
        standing=library.standing_step(plan),
        steps=progress,
        parts=media.parts_in_progress(tx, progress),
        titles=media.STEP_TITLES,
        words=media.cue_counts(tx, files),
        earlier=media.earlier_files(tx, (line.asset for line in page.lines)),
        missing=library.missing_parts(tx, version),
        proposed=library.proposed_credit(tx, version),
        verbs=verbs,
        said=library.decisions_on(tx, row),
        comments=pinned_comments(tx, row, version),
        answered=answered,
        categories=categories(tx),
        errors=errors or {},
        form=typed() if errors and "title" in typed() else values_of(version),
        kept=values_of(version),
    )


def render_new(tx: Tx, form: Fields, errors: Mapping[str, Message]) -> str:
    """The form for a new course."""
    return render_template("studio/new.html", categories=categories(tx), form=form, errors=errors, proposed=None)


def categories(tx: Tx) -> list[tuple[str, str]]:
    """Slug and name of each category."""
    return [(c.slug, c.name) for c in library.list_categories(tx)]


def values_of(row: CourseVersion) -> dict[str, Any]:
    """The fields as the form has them."""
    return {
        "title": row.title,
        "summary": row.summary,
        "category": row.category.slug,
        "lecturer": row.lecturer.name if row.lecturer else "",
        "office": row.lecturer.office if row.lecturer else "",
        "is_leader": row.lecturer.is_leader if row.lecturer else False,
        "threshold": row.threshold_permille / 10,
        "credit_minutes": row.credit_minutes if row.credit_chosen else "",
    }


def particulars() -> dict[str, Any]:
    """What was typed, as the services take it."""
    form = CourseForm.read()
    threshold, credit = form.threshold.data, form.credit_minutes.data
    return {
        "title": form.title.data,
        "summary": form.summary.data.replace("\r\n", "\n"),
        "category": form.category.data,
        "lecturer": form.lecturer.data,
        "office": form.office.data,
        "is_leader": form.is_leader.data,
        "threshold_permille": round((THRESHOLD if threshold is None else threshold) * 10),
        "credit_minutes": None if credit is None else round(credit),
    }
