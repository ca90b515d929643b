"""The branch's desk: everybody on one page, how far they are, whether they have an account, how they are reached; and
activation slips to cut out."""

import dataclasses
import functools
from typing import Any

import segno
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.coverage import api as coverage
from academy.coverage.api import NameFilter, NameStatus
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.filters import in_fours
from academy.http.forms import Form, Key
from academy.http.personal_data import shows_people
from academy.outreach import api as outreach
from academy.outreach.api import SentClip
from academy.people import api as people
from academy.people.api import Member, Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Training
from academy.web.clips import clip_in

bp = Blueprint("branch_desk", __name__, url_prefix="/desk")
page = functools.partial(http.page, section=menu.DESK)

SHOWN = 200
"""People on a page: more than a branch has."""
SLIPS = 100
"""Slips of one print."""


@bp.get("")
@page(office(*trainings.REMINDING_ROLES), menu=menu.DESK, offered_to=(Role.BRANCH_SECRETARY,))
def index() -> Response:
    """One's own branch."""
    with reading() as tx:
        first = trainings.view_roots(tx, actor())[0]
    return redirect(url_for(".show", organisation=first.public_id, clip=request.args.get("clip")))


@bp.get("/<organisation>")
@page(office(*trainings.REMINDING_ROLES))
@shows_people
def show(organisation: str) -> str:
    """Everybody of a branch, in one of its running trainings."""
    with reading() as tx:
        node = people.access_organisation(tx, actor(), organisation, *trainings.REMINDING_ROLES)
        running = _running(tx, node)
        chosen = next((one for one in running if one.public_id == request.args.get("training")), None)
        plan = chosen or (running[0] if running else None)
        return render_template(
            "members/desk.html",
            node=node,
            running=running,
            plan=plan,
            without=len(accounts.members_without_account(tx, node, SLIPS)),
            most=SLIPS,
            is_running=True,
            clip=_clip(tx),
            **(_people(tx, plan, node) if plan else {}),
        )


def _clip(tx: Tx) -> SentClip | None:
    """The clip that is to go with reminders, if the address names one that can be seen."""
    try:
        return clip_in(tx, request.args.get("clip", ""))
    except Invalid:
        return None


def _running(tx: Tx, node: Organisation) -> list[Training]:
    """Running trainings that the whole node belongs to, the one that ends first before the others."""
    rows = trainings.trainings_overview(tx, actor(), node, 1).rows
    found = [row.training for row in rows if row.training.state == "open"]
    inside = [one for one in found if trainings.shown_node(tx, one, node).id == node.id]
    return sorted(inside, key=lambda one: (one.closes_on, one.id))


def _people(tx: Tx, plan: Training, node: Organisation) -> dict[str, Any]:
    listed = NameFilter(plan, node, sort="progress")
    names = coverage.list_names(tx, listed, number_in(request.args.get("page")), size=SHOWN)
    unseal = runtime().sealer.open
    phones = {
        one.member_id: people.mask_phone(unseal(one.phone_sealed, context=people.PHONE_FIELD))
        for one in names.rows
        if one.phone_sealed
    }
    return {
        "found": coverage.coverage_of(tx, plan, node),
        "names": names,
        "phones": phones,
        "counted": outreach.preview_reminder(tx, plan, node),
        "status": NameStatus,
    }


class SlipsForm(Form):
    """One member; blank: everybody without an account."""

    member = Key()


@dataclasses.dataclass(frozen=True)
class Slip:
    """What is cut out and handed over."""

    member: Member
    code: str
    picture: str


@bp.post("/<organisation>/slips")
@page(office(*people.ROSTER_READERS), form=SlipsForm, rate=30)
@shows_people
def slips(organisation: str) -> str:
    """Issue activation codes and show them as slips for printing; they are shown on this page only."""
    address = url_for("accounts.activate", _external=True)
    with writing() as tx:
        node = people.access_organisation(tx, actor(), organisation)
        made, refused = _issue(tx, _wanted(tx, node, SlipsForm.read().member.data), address)
    return render_template("members/slips.html", node=node, slips=made, refused=refused, address=address, most=SLIPS)


def _wanted(tx: Tx, node: Organisation, member: str) -> list[Member]:
    if member:
        return [people.access_member(tx, actor(), member)]
    return accounts.members_without_account(tx, node, SLIPS)


def _issue(tx: Tx, wanted: list[Member], address: str) -> tuple[list[Slip], list[tuple[Member, Message]]]:
    """Slips of those who may be given a code by this officer, and why the others are not."""
    made: list[Slip] = []
    refused: list[tuple[Member, Message]] = []
    for person in wanted:
        try:
            code = accounts.issue_activation_code(tx, actor(), person)
        except Conflict as error:  # raised before anything is written
            refused.append((person, error.message))
            continue
        link = accounts.activation_link(address, person.number, code)
        picture = segno.make(link, error="m").svg_data_uri(scale=4, border=1)
        made.append(Slip(person, in_fours(code), picture))
    return made, refused
