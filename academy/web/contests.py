"""The contest of a term's best lectures: the office's steps, the judges' scores, the result and objections to it."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.classes import api as classes
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import ContestState, Finding
from academy.http import SIGNED_IN, actor, menu, office, reading, writing
from academy.http.forms import Answers, Choice, Form, Key, Number, Text, Verb
from academy.http.personal_data import shows_people
from academy.web.members import errors_by_field

bp = Blueprint("contests", __name__, url_prefix="/contests")
page = functools.partial(http.page, SIGNED_IN, section=menu.CONTESTS)

STATES: dict[str, Message] = {
    ContestState.NOMINATING: msg("推荐"),
    ContestState.SCORING: msg("评委打分"),
    ContestState.OBJECTING: msg("公示"),
    ContestState.PUBLISHED: msg("公布"),
}
FINDINGS: dict[str, Message] = {
    Finding.NOT_HELD: msg("没有讲"),
    Finding.OTHER_TERM: msg("不是这个学期的课"),
    Finding.NOT_EVALUATED: msg("他评没有结束，或者不满 5 人"),
    Finding.NO_CONSENT: msg("有主讲人没有同意公开"),
}


@bp.get("")
@http.page(office(*faculty.PROGRAMME_READERS), menu=menu.CONTESTS)
def index() -> str:
    """All contests, the newest first."""
    return _index_page({})


def _index_page(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        found = faculty.list_contests(tx, number_in(request.args.get("page")))
        taken = faculty.terms_with_contest(tx)
        terms = [(one.public_id, one.name) for one in classes.list_terms(tx) if one.id not in taken]
    may_open = faculty.is_programme_office(actor())
    return render_template(
        "contests/index.html", page=found, terms=terms, may_open=may_open, states=STATES, errors=errors
    )


class ContestForm(Form):
    """A new contest with its rules."""

    term = Key()
    title = Text()
    places = Number()
    least_judges = Number()
    trimmed = Number()
    objection_days = Number()


@bp.post("")
@http.page(office(*faculty.PROGRAMME_READERS), section=menu.CONTESTS, form=ContestForm)
def open_contest() -> Response | tuple[str, int]:
    """Open a term's contest."""
    try:
        with writing() as tx:
            form: Any = ContestForm.read()
            made = faculty.open_contest(
                tx,
                actor(),
                classes.access_term(tx, actor(), form.term.data),
                form.title.data,
                places=form.places.data or 0,
                least_judges=form.least_judges.data or 0,
                trimmed=form.trimmed.data or 0,
                objection_days=form.objection_days.data or 0,
            )
            public_id = made.public_id
    except (Invalid, Conflict) as error:
        return _index_page(errors_by_field(error)), error.status
    flash(gettext("评比已经开始，先推荐课程、请评委。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.get("/<public_id>")
@page()
@shows_people
def show(public_id: str) -> str:
    """A contest at its present step."""
    return _page(public_id, {})


def _page(public_id: str, errors: Mapping[str, Message], at: str = "") -> str:
    with reading() as tx:
        contest = faculty.access_contest(tx, actor(), public_id)
        is_office = faculty.is_programme_office(actor())
        return render_template(
            "contests/show.html",
            contest=contest,
            lines=faculty.contest_lines(tx, actor(), contest),
            seat=faculty.seat_of(tx, actor(), contest),
            judges=faculty.judges_of(tx, contest) if is_office else [],
            objections=faculty.objections_of(tx, contest) if is_office else [],
            notes=faculty.notes_of_contest(tx, actor(), contest) if is_office else [],
            offered=faculty.lectures_to_nominate(tx, contest) if is_office else [],
            is_office=is_office,
            states=STATES,
            findings=FINDINGS,
            bars=faculty.BARS,
            words=gettext,
            errors=errors,
            at=at,
        )


class StepForm(Form):
    """A step of the programme office."""

    verb = Verb("nominate", "appoint", "score", "announce", "publish")
    lecture = Key()
    reason = Text()
    number = Text()


@bp.post("/<public_id>")
@page(form=StepForm)
@shows_people
def step(public_id: str) -> Response | tuple[str, int]:
    """Take one step."""
    verb = ""
    try:
        with writing() as tx:
            contest = faculty.access_contest(tx, actor(), public_id)
            form: Any = StepForm.read()
            verb = form.verb.data
            if verb == "nominate":
                lecture = faculty.access_lecture(tx, actor(), form.lecture.data)
                faculty.nominate(tx, actor(), contest, lecture, form.reason.data)
            elif verb == "appoint":
                faculty.appoint_judge_by_number(tx, actor(), contest, form.number.data)
            elif verb == "score":
                faculty.begin_scoring(tx, actor(), contest)
            elif verb == "announce":
                faculty.announce_result(tx, actor(), contest)
            else:
                faculty.publish_result(tx, actor(), contest)
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error), verb), error.status
    flash(gettext("已办理。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


class ScoreForm(Form):
    """Points of one nomination by the contest's criteria."""

    points = Answers()


@bp.post("/<public_id>/nominations/<nomination>")
@page(form=ScoreForm)
@shows_people
def score(public_id: str, nomination: str) -> Response | tuple[str, int]:
    """Score one nomination as a judge."""
    try:
        with writing() as tx:
            contest = faculty.access_contest(tx, actor(), public_id)
            row = faculty.access_nomination(tx, contest, nomination)
            faculty.give_score(tx, actor(), row, ScoreForm.read().points.data)
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error), nomination), error.status
    flash(gettext("分数已经记下，结束打分以前可以改。"), "good")
    return redirect(url_for(".show", public_id=public_id) + f"#n-{nomination}", 303)


class ObjectionForm(Form):
    """An objection to an announced result."""

    nomination = Key()
    body = Text()


@bp.post("/<public_id>/objections")
@page(form=ObjectionForm, rate=10)
@shows_people
def object_(public_id: str) -> Response | tuple[str, int]:
    """Object to an announced result."""
    try:
        with writing() as tx:
            contest = faculty.access_contest(tx, actor(), public_id)
            form: Any = ObjectionForm.read()
            about = faculty.access_nomination(tx, contest, form.nomination.data) if form.nomination.data else None
            faculty.raise_objection(tx, actor(), contest, form.body.data, about)
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error), "objection"), error.status
    flash(gettext("异议已经提交，公示期满以前会处理。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


class ObjectionDecisionForm(Form):
    """What becomes of an objection."""

    decision = Choice(("upheld", "dismissed"), blank="dismissed")
    answer = Text()


@bp.post("/<public_id>/objections/<objection>")
@page(form=ObjectionDecisionForm)
@shows_people
def decide(public_id: str, objection: str) -> Response | tuple[str, int]:
    """Answer an objection."""
    try:
        with writing() as tx:
            faculty.access_contest(tx, actor(), public_id)
            form: Any = ObjectionDecisionForm.read()
            upheld, answer = form.decision.data == "upheld", form.answer.data
            faculty.decide_objection(tx, actor(), objection, upheld=upheld, answer=answer)
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error), objection), error.status
    flash(gettext("已处理。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)
