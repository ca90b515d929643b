"""The desk of questions: what others may see, what is answered, and why something is not shown."""

import functools
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Choice, Flag, Form, Text, Verb
from academy.talk import api as talk
from academy.talk.api import QuestionState
from academy.web.members import errors_by_field

bp = Blueprint("questions", __name__, url_prefix="/questions")
page = functools.partial(http.page, section=menu.QUESTIONS)

STATES: dict[str, Message] = {
    QuestionState.WAITING: msg("待处理"),
    QuestionState.SHOWN: msg("待回答"),
    QuestionState.ANSWERED: msg("已回答"),
    QuestionState.REFUSED: msg("没有公开"),
}


@bp.get("")
@page(office(*talk.MODERATORS), menu=menu.QUESTIONS, waiting=talk.count_waiting_questions)
def index() -> str:
    """Questions about courses of one's scope."""
    state = request.args.get("state", "")
    state = state if state in STATES else QuestionState.WAITING
    with reading() as tx:
        found = talk.questions_to_moderate(tx, actor(), state, number_in(request.args.get("page")))
    return render_template("questions/index.html", page=found, state=state, states=STATES, reasons=talk.REFUSALS)


@bp.get("/<public_id>")
@page(office(*talk.MODERATORS))
def show(public_id: str) -> str:
    """One question, with what was said there."""
    return _page(public_id, {})


class DecisionForm(Form):
    """What becomes of a question."""

    verb = Verb("answer", "show", "refuse", otherwise="answer")
    answer = Text()
    by_lecturer = Flag()
    refusal = Choice(talk.REFUSALS)
    comment = Text()
    seen = Choice([str(state) for state in QuestionState], blank=QuestionState.WAITING)


@bp.post("/<public_id>")
@page(office(*talk.MODERATORS), form=DecisionForm)
def decide(public_id: str) -> Response | tuple[str, int]:
    """Answer a question, let it through, or keep it from others."""
    try:
        with writing() as tx:
            row = talk.access_question(tx, actor(), public_id)
            form = DecisionForm.read()
            seen = form.seen.data
            if form.verb.data == "refuse":
                refusal, comment = form.refusal.data, form.comment.data
                talk.refuse_question(tx, actor(), row, refusal=refusal, comment=comment, seen=seen)
            elif form.verb.data == "show":
                talk.show_question(tx, actor(), row, seen=seen)
            else:
                answer, is_own = form.answer.data, form.by_lecturer.data
                talk.answer_question(tx, actor(), row, answer=answer, by_lecturer=is_own, seen=seen)
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error)), error.status
    flash(gettext("已处理，提问的人会收到消息。"), "good")
    return redirect(url_for(".index"), 303)


def _page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = talk.access_question(tx, actor(), public_id)
        item = talk.item_of_question(tx, row)
    return render_template(
        "questions/show.html",
        row=row,
        item=item,
        may_answer=talk.may_answer(actor(), row),
        reasons=talk.REFUSALS,
        states=STATES,
        errors=errors,
    )
