"""A transfer or a change of status: previewed, confirmed, undone."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core import clock
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import Message
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.forms import Form, Verb
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.reports import api as reports
from academy.web.member_forms import FIELDS, asked_change, asked_day
from academy.web.members import WORDS, errors_by_field, trail

bp = Blueprint("member_changes", __name__, url_prefix="/members")
page = functools.partial(http.page, section=menu.PEOPLE)


@bp.get("/<public_id>/preview")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def show(public_id: str) -> Any:
    """The preview, with the button to confirm."""
    verb = request.args.get("verb", "transfer")
    if verb not in FIELDS:
        raise NotFound
    errors, preview, status, since = dict[str, Message](), None, 200, clock.today()
    with reading() as tx:
        person = people.access_member(tx, actor(), public_id, *people.ROSTER_KEEPERS)
        names = trail(tx, person.organisation)
    try:
        on = asked_day(request.args)
        since, preview = on or since, reports.preview_change(runtime().db, person, asked_change(verb, request.args, on))
    except (Invalid, Conflict) as error:
        # Opened by its address, without input: the form without errors.
        errors, status = (errors_by_field(error), error.status) if request.args else ({}, 200)
    asked = {name: request.args.get(name, "") for name in FIELDS[verb]}
    page = render_template(
        "members/preview.html",
        person=person,
        verb=verb,
        asked=asked,
        preview=preview,
        since=since,
        errors=errors,
        trail=names,
        **WORDS,
    )
    return page, status


class UndoForm(Form):
    """The change to undo."""

    verb = Verb(*FIELDS, otherwise="transfer")


@bp.post("/<public_id>/undo")
@page(office(*people.ROSTER_KEEPERS), form=UndoForm)
def undo(public_id: str) -> Response:
    """Undo the last transfer or change of status."""
    try:
        with writing() as tx:
            person = people.access_member(tx, actor(), public_id, *people.ROSTER_KEEPERS)
            verb = UndoForm.read().verb.data
            (people.undo_transfer if verb == "transfer" else people.undo_status)(tx, actor(), person)
        flash(gettext("已撤回。"), "good")
    except Conflict as error:
        flash("".join(translate(one) for one in errors_by_field(error).values()), "warn")
    return redirect(url_for("members.member", public_id=public_id), 303)
