"""The complaint box: submit, read the answer, answer."""

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.http import SIGNED_IN, actor, menu, office, page, reading, writing
from academy.http.forms import Choice, Form, Key, Text, Verb, typed
from academy.library import api as library
from academy.library.api import Course

bp = Blueprint("complaints", __name__, url_prefix="/complaints")


@bp.get("")
@page(SIGNED_IN)
def index() -> str:
    """One's own complaints with their answers."""
    with reading() as tx:
        page = library.own_complaints(tx, actor(), number_in(request.args.get("page")))
    return render_template("complaints/index.html", page=page, subjects=library.COMPLAINT_SUBJECTS)


@bp.get("/new")
@page(SIGNED_IN)
def new() -> str:
    """The form for a complaint, about a lecture if the address names one."""
    return _sheet({})


class ComplaintForm(Form):
    """Subject and text."""

    subject = Choice(library.COMPLAINT_SUBJECTS)
    body = Text()
    course = Key()


@bp.post("/new")
@page(SIGNED_IN, form=ComplaintForm, rate=10)
def create() -> Response | tuple[str, int]:
    """Submit a complaint."""
    try:
        with writing() as tx:
            form = ComplaintForm.read()
            about = _course(tx, form.course.data)
            library.file_complaint(tx, actor(), subject=form.subject.data, body=form.body.data, course=about)
    except Invalid as error:
        return _sheet(error.fields), 422
    flash(_("已收到。有了答复会发消息给您。"))
    return redirect(url_for(".index"), 303)


@bp.get("/box")
@page(office(*library.COMPLAINT_ANSWERERS), menu=menu.COMPLAINTS, waiting=library.count_complaints_to_answer)
def box() -> str:
    """Complaints to answer."""
    state = "answered" if request.args.get("state") == "answered" else "open"
    with reading() as tx:
        page = library.complaints_to_answer(tx, actor(), state, number_in(request.args.get("page")))
    return render_template("complaints/box.html", page=page, state=state, subjects=library.COMPLAINT_SUBJECTS)


@bp.get("/<public_id>")
@page(SIGNED_IN)
def show(public_id: str) -> str:
    """One complaint with its answer."""
    return _page(public_id, {})


class AnswerForm(Form):
    """The answer, and whether to withdraw the lecture."""

    verb = Verb("answer", "take_down", otherwise="answer")
    answer = Text()


@bp.post("/<public_id>")
@page(office(*library.COMPLAINT_ANSWERERS), form=AnswerForm, section=menu.COMPLAINTS)
def answer(public_id: str) -> Response | tuple[str, int]:
    """Answer a complaint, and withdraw the lecture if requested."""
    try:
        with writing() as tx:
            row = library.access_complaint(tx, actor(), public_id)
            form = AnswerForm.read()
            down = form.verb.data == "take_down"
            library.answer_complaint(tx, actor(), row, answer=form.answer.data, take_down=down)
    except Invalid as error:
        return _page(public_id, error.fields), 422
    flash(_("已答复。"))
    return redirect(url_for(".box"), 303)


def _course(tx: Tx, public_id: str) -> Course | None:
    return library.access_published_course(tx, actor(), public_id) if public_id else None


def _sheet(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        about = _course(tx, request.args.get("course") or typed().get("course", ""))
    return render_template("complaints/new.html", about=about, subjects=library.COMPLAINT_SUBJECTS, errors=errors)


def _page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = library.access_complaint(tx, actor(), public_id)
    return render_template(
        "complaints/show.html",
        row=row,
        subjects=library.COMPLAINT_SUBJECTS,
        mine=row.account_id == actor().account_id,
        may_answer=row.state == "open" and library.may_answer_complaint(actor(), row),
        may_take_down=library.may_take_down(actor(), row),
        errors=errors,
    )
