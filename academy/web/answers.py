"""The page behind an invitation's link: a lecturer answers without an account. Opening it changes nothing."""

from collections.abc import Mapping

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from academy import http
from academy.core import clock
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.faculty import api as faculty
from academy.faculty.api import AssignmentState, LecturerAnswer
from academy.http import PUBLIC, menu, reading, runtime, writing
from academy.http.forms import NOT_OFFERED, Form, Key, Text, Verb
from academy.web.members import errors_by_field
from academy.web.pool_lecturer import WEEKDAYS

bp = Blueprint("answers", __name__)
RATE = 30
"""Requests a minute of one network: a whole office answers within a minute, guessing takes for ever."""
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
"""The address is the credential: no other page, cache or search engine may learn it."""


@bp.get("/a/<token>")
@http.page(PUBLIC, consent=False, rate=RATE, section=menu.HOME)
def show(token: str) -> Response:
    """One invitation: topic, evening, place, how many asked, what is due; and the three answers. Scanners of links and
    previews may open it: only a button answers."""
    return _page(token, {})


def _page(token: str, errors: Mapping[str, Message], status: int = 200) -> Response:
    with reading() as tx:
        row = faculty.read_answer_link(tx, runtime().settings, token)
        made = render_template(
            "answers/show.html",
            page=faculty.invitation_page(tx, row),
            row=row,
            token=token,
            weekdays=WEEKDAYS,
            materials=faculty.MATERIAL_NAMES,
            errors=errors,
        )
    response = make_response(made, status)
    response.headers.update(PRIVATE)
    return response


class LecturerAnswerForm(Form):
    """What the lecturer answers; with another evening, or a reason."""

    verb = Verb(*(str(state) for state in faculty.ANSWERS))
    day = Key()
    words = Text()

    def given(self) -> LecturerAnswer:
        """The answer.

        Raises:
            Invalid: the evening is none of the list.
        """
        chosen = self.day.data
        try:
            day = clock.read_day(chosen) if chosen else None
        except ValueError:
            raise Invalid(fields={"day": NOT_OFFERED}) from None
        return LecturerAnswer(AssignmentState(self.verb.data), day, self.words.data)


@bp.post("/a/<token>")
@http.page(PUBLIC, form=LecturerAnswerForm, consent=False, csrf=False, rate=RATE, section=menu.HOME)
def answer(token: str) -> AnyResponse:
    """Enter an answer, or another one while the school has not confirmed. The signed address is the credential."""
    try:
        with writing() as tx:
            row = faculty.read_answer_link(tx, runtime().settings, token)
            faculty.answer_by_link(tx, request.remote_addr or "", row, LecturerAnswerForm.read().given())
    except (Invalid, Conflict) as error:
        return _page(token, errors_by_field(error), error.status)
    response = redirect(url_for(".show", token=token), 303)
    response.headers.update(PRIVATE)
    return response
