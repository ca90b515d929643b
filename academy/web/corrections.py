"""Manual corrections of completions: proposed by one person, approved by another."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import Day, Form, Key, Text, Verb, typed
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.learning import api as learning
from academy.library import api as library
from academy.people import api as people
from academy.people.api import Member
from academy.web import pickers
from academy.web.members import errors_by_field

bp = Blueprint("corrections", __name__)
page = functools.partial(http.page, section=menu.CORRECTIONS)

EVIDENCE = {
    "watched": msg("观看"),
    "read": msg("阅读"),
    "group_study": msg("集中学习"),
    "imported": msg("导入"),
    "corrected": msg("补登"),
}
DECISIONS: dict[str, tuple[Message, str]] = {
    "approved": (msg("已批准"), "good"),
    "declined": (msg("未批准"), "neutral"),
    "withdrawn": (msg("已撤回"), "neutral"),
}
WORDS = {"kinds": learning.CORRECTION_KINDS, "evidence": EVIDENCE, "decisions": DECISIONS}


def waiting(tx: Tx, who: Actor, *, own: bool = False) -> int:
    """How many proposals wait for this officer, or (`own`) for another one."""
    return learning.count_waiting_corrections(tx, who, who.paths(*learning.CORRECTION_DECIDERS), own=own)


@bp.get("/corrections")
@page(office(*learning.CORRECTION_DECIDERS), menu=menu.CORRECTIONS, waiting=waiting)
@shows_people
def index() -> str:
    """Pending proposals."""
    paths, own = actor().paths(*learning.CORRECTION_DECIDERS), bool(request.args.get("own"))
    with reading() as tx:
        page = learning.waiting_corrections(tx, actor(), paths, number_in(request.args.get("page")), own=own)
        elsewhere = waiting(tx, actor(), own=True)
        return render_template("members/corrections.html", page=page, own=own, elsewhere=elsewhere, **WORDS)


@bp.get("/members/<public_id>/corrections")
@page(office(*learning.CORRECTION_PROPOSERS))
@shows_people
def show(public_id: str) -> str:
    """A member's completions and their corrections."""
    with reading() as tx:
        return _page(tx, people.access_member(tx, actor(), public_id, *learning.CORRECTION_PROPOSERS), {})


def _page(tx: Tx, person: Member, errors: dict[str, Message]) -> str:
    return render_template(
        "members/member_corrections.html",
        person=person,
        completions=learning.completions_of(tx, person.id),
        lines=learning.corrections_of(tx, person.id),
        chosen=pickers.chosen_courses(tx, [typed().get("course", "")]) if typed().get("kind") == "register" else [],
        found=pickers.find_courses(tx, *text) if (text := pickers.looked_for("course")) else None,
        errors=errors,
        **WORDS,
    )


class CorrectionForm(Form):
    """The completion to register or strike, and the reason."""

    kind = Verb(*learning.CORRECTION_KINDS)
    course = Key()
    find = Key()
    course_search = Text()
    reason = Text()
    studied_on = Day()


@bp.post("/members/<public_id>/corrections")
@page(office(*learning.CORRECTION_PROPOSERS), form=CorrectionForm)
@shows_people
def propose(public_id: str) -> Any:
    """Propose that a completion be registered or struck; without script, look for its course first."""
    try:
        with writing() as tx:
            person = people.access_member(tx, actor(), public_id, *learning.CORRECTION_PROPOSERS)
            if CorrectionForm.read().find.data:
                return _page(tx, person, {})
            _propose(tx, person)
    except (Invalid, Conflict) as error:
        with reading() as tx:
            return _page(tx, people.member_of_id(tx, person.id), errors_by_field(error)), error.status
    flash(gettext("已提交，等另一位管理员批准。"), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _propose(tx: Tx, person: Member) -> None:
    form = CorrectionForm.read()
    course = library.find_course(tx, form.course.data)
    if course is None:
        raise Invalid(fields={"course": msg("请从列表里选择。")})
    learning.propose_correction(
        tx,
        actor(),
        person,
        course,
        kind=form.kind.data,
        reason=form.reason.data,
        studied_on=form.studied_on.data,
    )


class CorrectionDecisionForm(Form):
    """The decision, and the page to return to."""

    verb = Verb("approve", "decline")
    member = Key()


@bp.post("/corrections/<public_id>")
@page(office(*learning.CORRECTION_PROPOSERS), form=CorrectionDecisionForm)
def decide(public_id: str) -> Response:
    """Approve or decline a proposal, or withdraw one's own."""
    verbs = {"approve": learning.approve_correction, "decline": learning.decline_correction}
    try:
        with writing() as tx:
            correction = learning.access_correction(tx, actor(), public_id)
            verbs[CorrectionDecisionForm.read().verb.data](tx, actor(), correction)
        flash(gettext("已处理。"), "good")
    except Conflict as error:
        flash(translate(error.message), "bad")
    back = CorrectionDecisionForm.read().member.data
    return redirect(url_for(".show", public_id=back) if back else url_for(".index"), 303)
