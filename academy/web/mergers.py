"""Merging an organisation into another: chosen by name, previewed, confirmed, undone."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.datastructures import CombinedMultiDict
from werkzeug.wrappers import Response

from academy import http
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Day, Flag, Form, Key, Number, typed
from academy.http.languages import count_text
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.people.api import Organisation
from academy.web.members import WORDS, errors_by_field, trail

bp = Blueprint("mergers", __name__, url_prefix="/organisations")
page = functools.partial(http.page, section=menu.PEOPLE)


@bp.get("/<public_id>/merge")
@page(office(*people.TREE_EDITORS))
@shows_people
def show(public_id: str) -> str:
    """Choice of the target; once chosen, the preview."""
    with reading() as tx:
        node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
        into = (
            people.access_organisation(tx, actor(), request.args["into"], *people.TREE_EDITORS)
            if request.args.get("into")
            else None
        )
        return _page(tx, node, into, {})


def _page(tx: Tx, node: Organisation, into: Organisation | None, errors: dict[str, Message]) -> str:
    preview = None
    if into is not None:
        try:
            preview = people.preview_merger(tx, node, into)
        except (Invalid, Conflict) as error:
            errors = errors or errors_by_field(error)
    asked = CombinedMultiDict([request.args, typed()])
    text, any_level = asked.get("q", ""), asked.get("any_level") == "1"
    paths = actor().paths(*people.TREE_EDITORS)
    page = people.merger_candidates(tx, paths, node, text, any_level=any_level, page=number_in(asked.get("page")))
    above = people.parents_of(tx, page.rows)
    return render_template(
        "members/merge.html",
        node=node,
        into=into,
        preview=preview,
        page=page,
        above=above,
        errors=errors,
        trail=trail(tx, node),
        **WORDS,
    )


class MergerForm(Form):
    """The target, and the version of the preview."""

    into = Key()
    on = Day()
    seen = Number(17)
    any_level = Flag()


def _target(tx: Tx, into: str) -> Organisation:
    if not into:
        raise Invalid(fields={"into": msg("请选择并入哪个组织。")})
    return people.access_organisation(tx, actor(), into, *people.TREE_EDITORS)


@bp.post("/<public_id>/merge")
@page(office(*people.TREE_EDITORS), form=MergerForm)
@shows_people
def merge(public_id: str) -> Any:
    """Execute the previewed merger."""
    try:
        with writing() as tx:
            node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
            form = MergerForm.read()
            into = _target(tx, form.into.data)
            made = people.merge_organisation(
                tx,
                actor(),
                node,
                into,
                on=form.on.data,
                seen=-1 if form.seen.data is None else form.seen.data,
                any_level=form.any_level.data,
            )
    except (Invalid, Conflict) as error:
        chosen = typed().get("into", "")
        if not chosen:
            raise  # typed values do not belong to this page: the error page shows them
        with reading() as tx:
            node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
            return _page(tx, node, _target(tx, chosen), errors_by_field(error)), error.status
    flash(
        count_text("%(n)s 人已并入“%(name)s”。在本页可以撤回。", len(made.carried["members"]), name=into.name), "good"
    )
    return redirect(url_for("members.organisation", public_id=public_id), 303)


@bp.post("/<public_id>/merge/undo")
@page(office(*people.TREE_EDITORS))
def undo(public_id: str) -> Response:
    """Undo a merger."""
    try:
        with writing() as tx:
            node = people.access_organisation(tx, actor(), public_id, *people.TREE_EDITORS)
            back = people.undo_merger(tx, actor(), node)
        flash(count_text("已撤回合并，%(n)s 人转回来了。", back), "good")
    except Conflict as error:
        flash(gettext(error.message.text, **error.message.params), "warn")
    return redirect(url_for("members.organisation", public_id=public_id), 303)
