"""点单: topics that members would like to have taught, and their own voice for them."""

import functools
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.classes import api as classes
from academy.classes.api import TrainingClass
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import TopicProposal
from academy.http import SIGNED_IN, actor, menu, reading, writing
from academy.http.forms import Choice, Form, Key, Text, Verb, typed
from academy.library import api as library
from academy.web.members import errors_by_field

bp = Blueprint("topics", __name__, url_prefix="/topics")
page = functools.partial(http.page, section=menu.ME)

TONES = {"open": "info", "shortlisted": "info", "planned": "good", "declined": "warn", "merged": "neutral"}


@bp.get("")
@page(SIGNED_IN)
def index() -> str:
    """Topics that can be supported, and those that are planned."""
    with reading() as tx:
        categories = library.list_categories(tx)
        asked = request.args.get("category", "")
        category = asked if asked in {one.slug for one in categories} else ""
        found = faculty.list_topics(tx, actor(), number_in(request.args.get("page")), category=category)
    return _list("topics/index.html", found, categories=categories, category=category)


@bp.get("/mine")
@page(SIGNED_IN)
def mine() -> str:
    """What one asked for or supports, and what became of it."""
    with reading() as tx:
        found = faculty.own_topics(tx, actor(), number_in(request.args.get("page")))
    return _list("topics/mine.html", found)


def _list(template: str, found: object, **more: object) -> str:
    return render_template(
        template, page=found, states=faculty.REQUEST_STATE_NAMES, tones=TONES, supported=faculty.SUPPORTED, **more
    )


@bp.get("/new")
@page(SIGNED_IN)
def new() -> str:
    """The form to ask for a topic."""
    return _form({})


class TopicForm(Form):
    """A topic, for oneself or for one's class."""

    title = Text()
    body = Text()
    category = Key()
    for_class = Key()
    key = Key()


@bp.post("/new")
@page(SIGNED_IN, form=TopicForm, rate=10)
def propose() -> Response | tuple[str, int]:
    """Ask for a topic."""
    try:
        with writing() as tx:
            form = TopicForm.read()
            category = next((one for one in library.list_categories(tx) if one.slug == form.category.data), None)
            if category is None:
                raise Invalid(fields={"category": msg("请选择方面。")})
            asked = TopicProposal(form.title.data, form.body.data, category, _own_class(tx, form.for_class.data))
            made = faculty.propose_topic(tx, actor(), form.key.data or new_id(), asked).public_id
    except (Invalid, Conflict) as error:
        return _form(errors_by_field(error)), error.status
    flash(_("已提交。每走一步都会发消息给您。"), "good")
    return redirect(url_for(".show", public_id=made), 303)


def _own_class(tx: Tx, public_id: str) -> TrainingClass | None:
    """One of the classes that the person is in now; None where none was chosen.

    Raises:
        Invalid: it is not one of those.
    """
    if not public_id:
        return None
    mine = classes.classes_of_member(tx, actor().member_id, clock.today())
    found = next((one for one in mine if one.public_id == public_id), None)
    if found is None:
        raise Invalid(fields={"for_class": msg("您现在不在这个班里。")})
    return found


def _form(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        return render_template(
            "topics/new.html",
            categories=[(one.slug, one.name) for one in library.list_categories(tx)],
            classes=[
                (one.public_id, one.name) for one in classes.classes_of_member(tx, actor().member_id, clock.today())
            ],
            for_class=typed().get("for_class", request.args.get("class", "")[:16]),
            key=typed().get("key") or new_id(),
            errors=errors,
        )


@bp.get("/<public_id>")
@page(SIGNED_IN)
def show(public_id: str) -> str:
    """One topic: what it is about, how many support it, what became of it."""
    with reading() as tx:
        row = faculty.access_request(tx, actor(), public_id)
        line = faculty.topic_line(tx, actor(), row)
        merged = faculty.merged_topics(tx, row)
        taught = faculty.lecture_of_topic(tx, row)
    return render_template(
        "topics/show.html",
        line=line,
        merged=merged,
        taught=taught,
        states=faculty.REQUEST_STATE_NAMES,
        tones=TONES,
        supported=faculty.SUPPORTED,
        plans=faculty.is_programme_office(actor()),
    )


class VoiceForm(Form):
    """A voice given or taken back, and the list to return to."""

    verb = Verb("support", "withdraw")
    back = Choice(["index", "mine", "show"], blank="show")


@bp.post("/<public_id>/voice")
@page(SIGNED_IN, form=VoiceForm, rate=60)
def voice(public_id: str) -> Response:
    """Give one's voice to a topic, or take it back. Whose voice it is says the session and nothing else."""
    try:
        with writing() as tx:
            row = faculty.access_request(tx, actor(), public_id)
            form = VoiceForm.read()
            back = form.back.data
            if form.verb.data == "support":
                faculty.support_topic(tx, actor(), row)
                text = _("已加上您的一票，有了结果会发消息给您。")
            else:
                faculty.withdraw_support(tx, actor(), row)
                text = _("已收回您的一票。")
    except Conflict as error:
        flash(str(error.message), "warn")
        return redirect(url_for(".show", public_id=public_id), 303)
    flash(text, "good")
    return redirect(url_for(".show", public_id=public_id) if back == "show" else url_for(f".{back}"), 303)
