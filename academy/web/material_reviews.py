"""The review of syllabuses and handouts: what waits, one version with its comments, decisions, the rule."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.core import clock
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import MaterialKind, MaterialTerms
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, NO_NUMBER, Choices, Day, Form, Number, Text, Verb, typed
from academy.http.personal_data import shows_people
from academy.web.lecture_materials import NAMES, material_pages
from academy.web.members import errors_by_field

bp = Blueprint("material_reviews", __name__, url_prefix="/faculty/material")
page = functools.partial(http.page, office(*faculty.MATERIAL_REVIEWERS), section=menu.MATERIAL)


@bp.get("")
@http.page(office(*faculty.MATERIAL_REVIEWERS), menu=menu.MATERIAL, waiting=faculty.count_material_to_review)
def index() -> str:
    """What waits for a decision, what was decided, and how long that took."""
    return _list({})


def _list(errors: Mapping[str, Message]) -> str:
    decided, number = request.args.get("show") == "decided", number_in(request.args.get("page"))
    with reading() as tx:
        is_reviewer, kept = faculty.is_material_reviewer(actor()), faculty.rules_by_day(tx)
        found = None
        if is_reviewer:
            listed = faculty.decided_material if decided else faculty.material_to_review
            found = listed(tx, actor(), number)
        return render_template(
            "faculty/material_reviews.html",
            page=found,
            decided=decided,
            own=faculty.own_material_in_review(tx, actor()) if is_reviewer else 0,
            time=faculty.review_time(tx) if is_reviewer else None,
            rule=faculty.rule_on(kept, clock.today()),
            coming=[one for one in kept if one.valid_from > clock.today()],
            is_office=faculty.is_programme_office(actor()),
            errors=errors,
            **NAMES,
        )


class MaterialRuleForm(Form):
    """Another rule: what must be approved, and the days for writing and deciding."""

    kinds = Choices(tuple(MaterialKind))
    due_days = Number(2)
    decide_days = Number(2)
    valid_from = Day()


@bp.post("")
@page(form=MaterialRuleForm)
def change_rule() -> Any:
    """Put another rule into force."""
    try:
        with writing() as tx:
            faculty.require_programme_office(actor(), "rules:all")
            faculty.change_material_rule(tx, actor(), _terms(MaterialRuleForm.read()))
    except Invalid as error:
        return _list(error.fields), error.status
    flash(_("已保存，从那一天起的课按新规定。"), "good")
    return redirect(url_for(".index"), 303)


def _terms(form: MaterialRuleForm) -> MaterialTerms:
    """The rule that was typed.

    Raises:
        Invalid: a field is blank.
    """
    due, decide, since = form.due_days.data, form.decide_days.data, form.valid_from.data
    if due is None or decide is None or since is None:
        given = {"due_days": (due, NO_NUMBER), "decide_days": (decide, NO_NUMBER), "valid_from": (since, NO_DAY)}
        raise Invalid(fields={name: text for name, (value, text) in given.items() if value is None})
    return MaterialTerms(form.kinds.data, due, decide, since)


@bp.get("/<version_id>")
@page()
@shows_people
def show(version_id: str) -> str:
    """One version: what it says, what changed, comments, the decision."""
    return _shown(version_id, {})


def _shown(version_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        version = faculty.access_reviewed_version(tx, actor(), version_id)
        lecture = version.material.lecture
        is_own = faculty.is_own_version(tx, actor(), version)
        standing = faculty.standings_of(tx, [lecture])[lecture.id]
        return render_template(
            "faculty/material_review.html",
            version=version,
            lecture=lecture,
            sheet=faculty.material_sheet(tx, version),
            pages=material_pages(tx, version),
            teachers=faculty.lecture_teachers(tx, lecture),
            standing=next(one for one in standing if one.kind == version.material.kind),
            is_own=is_own,
            may_decide=version.state == "submitted" and not is_own,
            at=_place(),
            errors=errors,
            **NAMES,
        )


def _place() -> int | None:
    """The passage below which the form for a comment stands."""
    asked = typed().get("place") or request.args.get("at")
    return number_in(asked) if asked else None


class MaterialDecisionForm(Form):
    """Approved, or returned with a reason."""

    verb = Verb("approve", "return")
    reason = Text()


@bp.post("/<version_id>")
@page(form=MaterialDecisionForm)
@shows_people
def decide(version_id: str) -> Any:
    """Decide on a version."""
    try:
        with writing() as tx:
            version = faculty.access_reviewed_version(tx, actor(), version_id)
            form = MaterialDecisionForm.read()
            approved = form.verb.data == "approve"
            faculty.decide_material(tx, actor(), version, approved=approved, reason=form.reason.data)
    except (Invalid, Conflict) as error:
        return _shown(version_id, errors_by_field(error)), error.status
    flash(_("已通过，讲师会收到消息。") if approved else _("已退回，讲师会收到消息。"), "good")
    return redirect(url_for(".index"), 303)


class MaterialCommentForm(Form):
    """A comment: to which passage or page, what."""

    place = Number(4)
    body = Text()


@bp.post("/<version_id>/comments")
@page(form=MaterialCommentForm)
@shows_people
def comment(version_id: str) -> Any:
    """Pin a comment."""
    try:
        with writing() as tx:
            version = faculty.access_reviewed_version(tx, actor(), version_id)
            form = MaterialCommentForm.read()
            place = form.place.data
            faculty.add_material_comment(tx, actor(), version, place=place, body=form.body.data)
    except (Invalid, Conflict) as error:
        return _shown(version_id, errors_by_field(error)), error.status
    return redirect(url_for(".show", version_id=version_id, _anchor=f"p{place}"), 303)


class MaterialCommentVerbForm(Form):
    """A comment that is taken back."""

    verb = Verb("remove", otherwise="remove")


@bp.post("/comments/<comment_id>")
@page(form=MaterialCommentVerbForm)
def remove_comment(comment_id: str) -> Any:
    """Take back one's own comment before the decision."""
    with writing() as tx:
        found = faculty.access_material_comment(tx, actor(), comment_id)
        version_id, place = found.version.public_id, found.place
        faculty.remove_material_comment(tx, actor(), found)
    flash(_("批注已去掉。"))
    return redirect(url_for(".show", version_id=version_id, _anchor=f"p{place}"), 303)
