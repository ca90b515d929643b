"""Exemptions: requested by one person, approved by another."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.http import actor, menu, office, page, reading, writing
from academy.http.forms import NO_DAY, Day, Form, Key, Text, Verb, typed
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.people.api import Member
from academy.web.members import errors_by_field

bp = Blueprint("exemptions", __name__)


def waiting(tx: Tx, who: Actor, *, own: bool = False) -> int:
    """How many requests wait for this officer, or (`own`) for another one."""
    return people.count_waiting_exemptions(tx, who, who.paths(*people.EXEMPTION_DECIDERS), own=own)


@bp.get("/exemptions")
@page(office(*people.EXEMPTION_DECIDERS), menu=menu.EXEMPTIONS, waiting=waiting)
@shows_people
def index() -> str:
    """Pending requests."""
    paths, own = actor().paths(*people.EXEMPTION_DECIDERS), bool(request.args.get("own"))
    with reading() as tx:
        page = people.waiting_exemptions(tx, actor(), paths, number_in(request.args.get("page")), own=own)
        elsewhere = waiting(tx, actor(), own=True)
        return render_template("members/exemptions.html", page=page, own=own, elsewhere=elsewhere)


@bp.get("/members/<public_id>/exemptions/new")
@page(office(*people.EXEMPTION_ASKERS), section=menu.PEOPLE)
@shows_people
def new(public_id: str) -> str:
    """The form to ask for an exemption."""
    with reading() as tx:
        return _page(people.access_member(tx, actor(), public_id, *people.EXEMPTION_ASKERS), {})


def _page(person: Member, errors: dict[str, Message]) -> str:
    return render_template("members/new_exemption.html", person=person, errors=errors, form=typed())


class ExemptionForm(Form):
    """Why, and from when till when."""

    reason = Text()
    valid_from = Day()
    valid_to = Day()


@bp.post("/members/<public_id>/exemptions/new")
@page(office(*people.EXEMPTION_ASKERS), form=ExemptionForm, section=menu.PEOPLE)
@shows_people
def create(public_id: str) -> Any:
    """Request an exemption of a member."""
    try:
        with writing() as tx:
            person = people.access_member(tx, actor(), public_id, *people.EXEMPTION_ASKERS)
            form = ExemptionForm.read()
            begin, end = form.valid_from.data, form.valid_to.data
            if begin is None:
                raise Invalid(fields={"valid_from": NO_DAY})
            people.request_exemption(tx, actor(), person, reason=form.reason.data, valid_from=begin, valid_to=end)
    except Invalid as error:
        return _page(person, errors_by_field(error)), error.status
    flash(gettext("已提交，等另一位管理员批准。"), "good")
    return redirect(url_for("members.member", public_id=public_id), 303)


class ExemptionDecisionForm(Form):
    """The decision, and the page to return to."""

    verb = Verb("approve", "revoke")
    member = Key()


@bp.post("/exemptions/<public_id>")
@page(office(*people.EXEMPTION_DECIDERS), form=ExemptionDecisionForm)
def decide(public_id: str) -> Response:
    """Approve or decline another person's request."""
    verbs = {"approve": people.approve_exemption, "revoke": people.revoke_exemption}
    try:
        with writing() as tx:
            exemption = people.access_exemption(tx, actor(), public_id, *people.EXEMPTION_DECIDERS)
            verbs[ExemptionDecisionForm.read().verb.data](tx, actor(), exemption)
        flash(gettext("已处理。"), "good")
    except Conflict as error:
        flash(translate(error.message), "bad")
    back = ExemptionDecisionForm.read().member.data
    return redirect(url_for("members.member", public_id=back) if back else url_for("exemptions.index"), 303)
