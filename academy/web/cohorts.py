"""Cohorts: named lists of members for trainings."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from academy import http
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.edit_conflicts import check_version, current_row
from academy.http.forms import Form, Key, Text, Verb
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.web.members import errors_by_field

bp = Blueprint("cohorts", __name__, url_prefix="/cohorts")
page = functools.partial(http.page, section=menu.COHORTS)


@bp.get("")
@page(office(*people.ROSTER_KEEPERS), menu=menu.COHORTS)
def index() -> str:
    """The cohorts of one's nodes, and a form for a new one."""
    return _index({})


def _index(errors: Mapping[str, Message]) -> str:
    paths = actor().paths(*people.ROSTER_KEEPERS)
    with reading() as tx:
        page = people.cohorts_under(tx, paths, number_in(request.args.get("page")))
        options = [(node.public_id, node.name) for node in people.organisations_at(tx, paths)]
        return render_template("members/cohorts.html", page=page, options=options, errors=errors)


class NewCohortForm(Form):
    """A node, and a name for the list."""

    organisation = Key()
    name = Text()


@bp.post("")
@page(office(*people.ROSTER_KEEPERS), form=NewCohortForm)
def create() -> Any:
    """Create a cohort."""
    form = NewCohortForm.read()
    try:
        with writing() as tx:
            node = people.access_organisation(tx, actor(), form.organisation.data, *people.ROSTER_KEEPERS)
            made = people.create_cohort(tx, actor(), node, form.name.data)
    except Invalid as error:
        return _index(error.fields), error.status
    return redirect(url_for(".show", public_id=made.public_id), 303)


@bp.get("/<public_id>")
@page(office(*people.ROSTER_KEEPERS))
@shows_people
def show(public_id: str) -> str:
    """The members of a cohort."""
    return _show(public_id, {})


def _show(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        cohort, node = people.access_cohort(tx, actor(), public_id)
        page = people.cohort_members(tx, cohort, node, number_in(request.args.get("page")))
        return render_template("members/cohort.html", cohort=cohort, node=node, page=page, errors=errors)


class CohortForm(Form):
    """Operation on a cohort."""

    verb = Verb("add", "remove", "rename", "close")
    numbers = Text()
    member = Key()
    name = Text()


@bp.post("/<public_id>")
@page(office(*people.ROSTER_KEEPERS), form=CohortForm)
@shows_people
def change(public_id: str) -> Any:
    """Add or remove members, rename or close the cohort, by the pressed button."""
    try:
        with writing() as tx:
            _change(tx, public_id)
    except (Invalid, Conflict) as error:
        return _show(public_id, errors_by_field(error)), error.status
    return redirect(url_for(".show", public_id=public_id), 303)


def _change(tx: Tx, public_id: str) -> None:
    cohort, node = people.access_cohort(tx, actor(), public_id)
    form = CohortForm.read()
    verb = form.verb.data
    if verb == "add":
        added = people.add_cohort_members(tx, actor(), cohort, node, form.numbers.data)
        flash(gettext("已加入 %(n)s 人。", n=f"{added:,}"), "good")
    elif verb == "remove":
        people.remove_cohort_member(
            tx, actor(), cohort, people.access_member(tx, actor(), form.member.data, *people.ROSTER_KEEPERS)
        )
    elif verb == "rename":
        check_version({"name": current_row(tx, cohort).name}, {"name": msg("名称")})
        people.rename_cohort(tx, actor(), cohort, form.name.data)
    else:
        people.close_cohort(tx, actor(), cohort)
