"""Lecturers: the list, a page each, and its editing by those who manage the library."""

import functools
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.core import clock
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.http import SIGNED_IN, actor, menu, office, reading, runtime, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import Form, Key, Text
from academy.http.request_context import member_on_show
from academy.learning import api as learning
from academy.library import api as library
from academy.library.api import CategorySymbol
from academy.media import api as media
from academy.media.api import Asset
from academy.web.library import KEEPERS

bp = Blueprint("lecturers", __name__, url_prefix="/lecturers")
page = functools.partial(http.page, section=menu.COURSES)
TONES = tuple(symbol for symbol in CategorySymbol if symbol != CategorySymbol.PLAIN)


@bp.app_template_global("portrait_url")
def portrait_url(asset: Asset | None) -> str | None:
    """The address of a portrait; None where the surname is drawn."""
    return media.square_url(runtime().settings, asset) if asset else None


@bp.app_template_global("portrait_tone")
def portrait_tone(public_id: str) -> CategorySymbol:
    """The ground on which a surname is drawn: the same wherever this lecturer stands."""
    return TONES[sum(public_id.encode()) % len(TONES)]


@bp.get("")
@page(SIGNED_IN, screen=True)
def index() -> str:
    """Everybody who teaches here: leaders first."""
    with reading() as tx:
        found = library.list_lecturers(tx, number_in(request.args.get("page")))
    return render_template("lecturers/index.html", page=found)


@bp.get("/<public_id>")
@page(SIGNED_IN, screen=True)
def lecturer(public_id: str) -> str:
    """One lecturer: portrait, biography, published lectures."""
    return _shown(public_id, {})


class LecturerForm(Form):
    """What a lecturer's page says."""

    biography = Text()


@bp.post("/<public_id>")
@page(office(*KEEPERS), form=LecturerForm)
def edit(public_id: str) -> Response | tuple[str, int]:
    """Change the biography."""
    try:
        with writing() as tx:
            row = current_row(tx, library.access_lecturer(tx, actor(), public_id))
            check_version({"biography": row.biography}, {"biography": msg("简介")})
            library.update_lecturer(tx, actor(), row, biography=LecturerForm.read().biography.data)
    except Invalid as error:
        return _shown(public_id, error.fields), error.status
    flash(_("已保存。"))
    return redirect(url_for(".lecturer", public_id=public_id), 303)


class PortraitForm(Form):
    """A picture: a new upload, or an earlier file; neither removes the portrait."""

    upload = Key()
    asset = Key()


@bp.post("/<public_id>/portrait")
@page(office(*KEEPERS), form=PortraitForm)
def portrait(public_id: str) -> Response | tuple[str, int]:
    """Set an uploaded picture as the portrait, or remove it."""
    try:
        with writing() as tx:
            row = library.access_lecturer(tx, actor(), public_id)
            form = PortraitForm.read()
            chosen = form.upload.data or form.asset.data
            picture = (
                media.chosen_asset(tx, actor(), upload=form.upload.data, asset=form.asset.data) if chosen else None
            )
            library.set_portrait(tx, actor(), row, picture)
    except Invalid as error:
        return _shown(public_id, error.fields), error.status
    flash(_("照片已更新。") if chosen else _("照片已移除。"))
    return redirect(url_for(".lecturer", public_id=public_id), 303)


def _shown(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = library.access_lecturer(tx, actor(), public_id)
        found = library.lecturer_page(tx, row, number_in(request.args.get("page")))
        states = learning.course_states(tx, member_on_show(), [card.course.id for card in found.courses.rows])
        evenings = faculty.public_lectures(tx, row, clock.today())
    keeper = library.may_keep_shelves(actor())
    return render_template(
        "lecturers/lecturer.html", page=found, states=states, evenings=evenings, keeper=keeper, errors=errors
    )
