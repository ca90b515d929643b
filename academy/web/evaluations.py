"""Evaluations: one's own to answer, the roll of a lecture, results, comments to be read."""

import functools
from collections.abc import Mapping
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import CommentState, EvaluationKind, FormQuestion, QuestionKind
from academy.http import SIGNED_IN, actor, menu, office, reading, runtime, writing
from academy.http.forms import Answers, Choice, Day, Form, Number, Text, Texts, Verb, typed
from academy.http.personal_data import shows_people
from academy.web.members import errors_by_field

bp = Blueprint("evaluations", __name__)
own = functools.partial(http.page, SIGNED_IN, section=menu.ME)
page = functools.partial(http.page, office(*faculty.PROGRAMME_READERS), section=menu.LECTURES)


@bp.get("/evaluations")
@own()
def index() -> str:
    """The evaluations that one is asked for."""
    with reading() as tx:
        found = faculty.own_evaluations(tx, actor(), number_in(request.args.get("page")))
    return render_template("evaluations/index.html", page=found, kinds=faculty.EVALUATION_NAMES, today=clock.today())


@bp.get("/evaluations/<public_id>")
@own()
def show(public_id: str) -> str:
    """The form of one evaluation."""
    return _form_page(public_id, {})


def question_words(question: FormQuestion) -> str:
    """A question in the reader's language, where it is one of the first forms'; else as the office wrote it."""
    mark = "*" if question["kind"] == QuestionKind.TEXT else ""
    return str(gettext(mark + question["text"])).removeprefix(mark)


def _form_page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        found = faculty.access_invitation(tx, actor(), public_id)
        return render_template(
            "evaluations/form.html",
            row=found.round,
            form=found.round.form,
            is_answered=found.is_answered,
            is_open=found.round.closed_at is None and clock.today() <= found.round.closes_on,
            kinds=faculty.EVALUATION_NAMES,
            words=question_words,
            errors=errors,
        )


class EvaluationAnswerForm(Form):
    """Marks and texts by the questions of the evaluation's form."""

    answers = Answers()


@bp.post("/evaluations/<public_id>")
@own(form=EvaluationAnswerForm, rate=10)
def answer(public_id: str) -> Response | tuple[str, int]:
    """Answer, once."""
    try:
        with writing() as tx:
            answers = EvaluationAnswerForm.read().answers.data
            kind = faculty.answer_round(tx, actor(), public_id, answers, answers)
    except (Invalid, Conflict) as error:
        return _form_page(public_id, errors_by_field(error)), error.status
    is_own = kind == EvaluationKind.SELF
    flash(
        gettext("谢谢，自评已经交上，不能再改。") if is_own else gettext("谢谢，已经交上。评价不记名，不能再改。"),
        "good",
    )
    return redirect(url_for(".index"), 303)


@bp.get("/faculty/lectures/<public_id>/results")
@http.page(SIGNED_IN, section=menu.ME)
def results(public_id: str) -> str:
    """The results of a lecture, for its lecturers and the programme office."""
    with reading() as tx:
        lecture = faculty.access_evaluated_lecture(tx, actor(), public_id)
        return render_template(
            "evaluations/results.html",
            lecture=lecture,
            results=faculty.results_of_lecture(tx, actor(), lecture),
            altogether=faculty.results_by_lecturer(tx, lecture),
            open_rounds=faculty.open_rounds(tx, lecture),
            here=faculty.count_attendance(tx, lecture),
            least=faculty.LEAST_ANSWERS,
            kinds=faculty.EVALUATION_NAMES,
            words=question_words,
        )


class RollForm(Form):
    """The roll: members of the class that were there, and others by their numbers."""

    here = Texts()
    students = Text()
    peers = Text()


@bp.get("/faculty/lectures/<public_id>/roll")
@page()
@shows_people
def roll(public_id: str) -> str:
    """The roll of a lecture."""
    return _roll_page(public_id, {})


def _roll_page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        lecture = faculty.access_lecture(tx, actor(), public_id)
        return render_template(
            "evaluations/roll.html",
            lecture=lecture,
            lines=faculty.roll(tx, lecture),
            may_enter=faculty.is_programme_office(actor()),
            is_today=lecture.day == clock.today(),
            errors=errors,
        )


@bp.post("/faculty/lectures/<public_id>/roll")
@page(form=RollForm)
@shows_people
def enter_roll(public_id: str) -> Response | tuple[str, int]:
    """Replace the roll."""
    try:
        with writing() as tx:
            lecture = faculty.access_lecture(tx, actor(), public_id)
            form = RollForm.read()
            count = faculty.enter_roll_by_numbers(
                tx, actor(), lecture, form.here.data, form.students.data, form.peers.data
            )
    except (Invalid, Conflict) as error:
        return _roll_page(public_id, errors_by_field(error)), error.status
    flash(gettext("已登记，到课 %(n)s 人。", n=count), "good")
    return redirect(url_for(".roll", public_id=public_id), 303)


@bp.get("/faculty/lectures/<public_id>/roll/code")
@page()
def code(public_id: str) -> tuple[str, int, dict[str, str]]:
    """The code to be shown in the classroom; the page renews itself."""
    with reading() as tx:
        lecture = faculty.access_lecture(tx, actor(), public_id)
        faculty.require_programme_office(actor(), f"lecture:{public_id}")
        here = faculty.count_attendance(tx, lecture)
    shown, left = faculty.roll_code(_key(), lecture, clock.now().timestamp())
    address = url_for(".sign", public_id=lecture.public_id, code=shown, _external=True)
    picture = segno.make(address, error="m").svg_data_uri(scale=8, border=2)
    text = render_template(
        "evaluations/code.html", lecture=lecture, code=shown, picture=picture, here=here, left=int(left) + 1
    )
    return text, 200, {"Cache-Control": "no-store"}


def _key() -> bytes:
    return runtime().settings.secret_key.encode()


class SignForm(Form):
    """The code that is shown in the classroom."""

    code = Text()


@bp.get("/roll/<public_id>")
@own()
def sign(public_id: str) -> str:
    """Enter oneself in the roll: the code of the address fills the field."""
    return _sign_page(public_id, {})


def _sign_page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        lecture = faculty.lecture_of_today(tx, public_id)
        here = faculty.was_there(tx, actor(), lecture)
    code = typed().get("code", request.args.get("code", "")[:12])
    return render_template("evaluations/sign.html", lecture=lecture, here=here, typed=code, errors=errors)


@bp.post("/roll/<public_id>")
@own(form=SignForm, rate=20)
def sign_roll(public_id: str) -> Response | tuple[str, int]:
    """Enter oneself."""
    try:
        with writing() as tx:
            lecture = faculty.lecture_of_today(tx, public_id)
            given = SignForm.read().code.data
            faculty.sign_roll(tx, actor(), lecture, given, _key(), clock.now().timestamp())
    except (Invalid, Conflict) as error:
        return _sign_page(public_id, errors_by_field(error)), error.status
    return redirect(url_for(".sign", public_id=public_id), 303)


def _waiting(tx: Tx, who: Actor) -> int:
    return faculty.count_comments_to_read(tx) if faculty.is_programme_office(who) else 0


@bp.get("/faculty/comments")
@http.page(office(*faculty.PROGRAMME_READERS), menu=menu.EVALUATION_COMMENTS, waiting=_waiting)
def comments() -> str:
    """Comments that nobody has read."""
    return _comments_page({}, "")


def _comments_page(errors: Mapping[str, Message], at: str) -> str:
    with reading() as tx:
        found = faculty.comments_to_read(tx, actor(), number_in(request.args.get("page")))
    return render_template("evaluations/comments.html", page=found, errors=errors, at=at)


@bp.get("/faculty/evaluation-forms")
@http.page(office(*faculty.PROGRAMME_READERS), section=menu.EVALUATION_COMMENTS)
def forms() -> str:
    """The forms of the three evaluations, and how they are replaced."""
    return _forms_page({}, "")


def _forms_page(errors: Mapping[str, Message], at: str) -> str:
    with reading() as tx:
        found = {kind.value: faculty.form_on(tx, kind, clock.today()) for kind in EvaluationKind}
    may_replace = faculty.is_programme_office(actor())
    return render_template(
        "evaluations/forms.html",
        forms=found,
        kinds=faculty.EVALUATION_NAMES,
        words=question_words,
        may_replace=may_replace,
        errors=errors,
        at=at,
    )


class EvaluationFormForm(Form):
    """Another form for one kind of evaluation."""

    kind = Choice([str(kind) for kind in EvaluationKind], blank=EvaluationKind.PARTICIPANTS)
    questions = Text()
    scale = Number()
    open_days = Number()
    after_months = Number()
    valid_from = Day()


@bp.post("/faculty/evaluation-forms")
@http.page(office(*faculty.PROGRAMME_READERS), section=menu.EVALUATION_COMMENTS, form=EvaluationFormForm)
def replace_form() -> Response | tuple[str, int]:
    """Put another form in place from a day on."""
    form: Any = None
    try:
        with writing() as tx:
            faculty.require_programme_office(actor(), "evaluation-forms")
            form = EvaluationFormForm.read()
            kind = EvaluationKind(form.kind.data)
            faculty.replace_form(
                tx,
                actor(),
                kind,
                form.questions.data.splitlines(),
                scale=form.scale.data or 0,
                open_days=form.open_days.data or 0,
                after_months=(form.after_months.data or 0) if kind == EvaluationKind.FOLLOW_UP else None,
                valid_from=form.valid_from.data,
            )
    except (Invalid, Conflict) as error:
        return _forms_page(errors_by_field(error), typed().get("kind", "")), error.status
    flash(gettext("新评价表已经登记，从那一天起用；正在进行的评价用原来的。"), "good")
    return redirect(url_for(".forms"), 303)


class EvaluationCommentForm(Form):
    """What becomes of a comment."""

    verb = Verb("show", "withhold")
    reason = Text()
    seen = Choice([str(state) for state in CommentState], blank=CommentState.WAITING)


@bp.post("/faculty/comments/<comment_id>")
@http.page(office(*faculty.PROGRAMME_READERS), section=menu.EVALUATION_COMMENTS, form=EvaluationCommentForm)
def decide_comment(comment_id: str) -> Response | tuple[str, int]:
    """Pass a comment on to the lecturer, or withhold it."""
    try:
        with writing() as tx:
            faculty.require_programme_office(actor(), "evaluation-comments")
            form: Any = EvaluationCommentForm.read()
            shown, reason = form.verb.data == "show", form.reason.data
            faculty.decide_comment(tx, actor(), comment_id, shown=shown, reason=reason, seen=form.seen.data)
    except (Invalid, Conflict) as error:
        return _comments_page(errors_by_field(error), comment_id), error.status
    flash(gettext("已处理。"), "good")
    return redirect(url_for(".comments"), 303)
