"""The school's list of topics asked for: merge, shortlist, decline, and taking each back."""

import functools
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import RequestState
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Choice, Flag, Form, Key, Text, Verb
from academy.web.members import errors_by_field
from academy.web.topics import TONES

bp = Blueprint("topic_requests", __name__, url_prefix="/faculty/topics")
page = functools.partial(http.page, section=menu.TOPICS)
STATES = faculty.REQUEST_STATE_NAMES


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.TOPICS, waiting=faculty.count_open_topics)
def index() -> str:
    """Topics by state."""
    asked = request.args.get("state", "")
    state = RequestState(asked) if asked in set(RequestState) else RequestState.OPEN
    with reading() as tx:
        found = faculty.topics_to_decide(tx, actor(), state, number_in(request.args.get("page")))
    return render_template("topics/desk.html", page=found, state=state, states=STATES)


@bp.get("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS))
def show(public_id: str) -> str:
    """One topic, and what can be decided about it."""
    return _page(public_id, {})


class TopicDecisionForm(Form):
    """What becomes of a topic."""

    verb = Verb("shortlist", "decline", "reopen")
    demanded = Flag()
    reason = Text()
    seen = Choice([str(state) for state in RequestState], blank=RequestState.OPEN)


@bp.post("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS), form=TopicDecisionForm)
def decide(public_id: str) -> Response | tuple[str, int]:
    """Shortlist a topic, decline it with a reason, or take such a decision back."""
    try:
        with writing() as tx:
            row = faculty.access_request_to_decide(tx, actor(), public_id)
            form = TopicDecisionForm.read()
            seen = form.seen.data
            if form.verb.data == "decline":
                faculty.decline_topic(tx, actor(), row, seen=seen, reason=form.reason.data)
            elif form.verb.data == "shortlist":
                faculty.shortlist_topic(tx, actor(), row, seen=seen, demanded=form.demanded.data)
            else:
                faculty.reopen_topic(tx, actor(), row, seen=seen)
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error)), error.status
    flash(_("已处理，点题的人会收到消息。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = faculty.access_request(tx, actor(), public_id)
        return render_template(
            "topics/decide.html",
            plans=faculty.is_programme_office(actor()),
            line=faculty.topic_line(tx, actor(), row),
            merged=faculty.merged_topics(tx, row),
            others=[(one.public_id, one.title) for one in faculty.topics_to_merge_into(tx, row)],
            states=STATES,
            tones=TONES,
            errors=errors,
        )


@bp.get("/<public_id>/merge")
@page(office(*faculty.PROGRAMME_READERS))
def preview(public_id: str) -> Response | str | tuple[str, int]:
    """What merging this topic into another makes of their voices, before it is confirmed."""
    into = request.args.get("into", "")
    try:
        with reading() as tx:
            row = faculty.access_request_to_decide(tx, actor(), public_id)
            if not into:  # nothing was chosen: that is done on the topic's page
                return redirect(url_for(".show", public_id=public_id), 303)
            target = faculty.access_request_to_decide(tx, actor(), into)
            found = faculty.preview_merger(tx, row, target)
    except Conflict as conflict:
        return _page(public_id, {"into": conflict.message}), conflict.status
    return render_template("topics/merge.html", preview=found)


class MergeTopicForm(Form):
    """The topic that this one goes into."""

    into = Key()
    seen = Choice([str(state) for state in RequestState], blank=RequestState.OPEN)


@bp.post("/<public_id>/merge")
@page(office(*faculty.PROGRAMME_READERS), form=MergeTopicForm)
def merge(public_id: str) -> Response | str | tuple[str, int]:
    """Merge this topic into another."""
    form = MergeTopicForm.read()
    try:
        with writing() as tx:
            row = faculty.access_request_to_decide(tx, actor(), public_id)
            target = faculty.access_request_to_decide(tx, actor(), form.into.data)
            faculty.merge_topic(tx, actor(), row, target, seen=form.seen.data)
    except Conflict as error:
        return _page(public_id, {"into": error.message}), error.status
    flash(_("已合并，点题的人会收到消息。不对的话，可以在这里撤回。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)
