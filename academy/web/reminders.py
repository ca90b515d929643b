"""Pages for members who have not completed: reminders, call list."""

import dataclasses
import functools
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.core import clock
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.coverage import api as coverage
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.forms import Choice, Form, Key, Onward, Text
from academy.http.languages import count_text, translate
from academy.http.local_paths import local_path
from academy.http.personal_data import shows_people
from academy.outreach import api as outreach
from academy.outreach.api import SentReminder
from academy.people import api as people
from academy.people.api import Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Training
from academy.web.clips import clip_in
from academy.web.members import errors_by_field
from academy.web.trainings import name_filter_in

bp = Blueprint("reminders", __name__)
page = functools.partial(http.page, section=menu.COVERAGE)

CALLS = 200
"""Names on a page of the call list: what a branch prints at once."""

WITH_DONE = ("due", "started", "completed", "exempt")
"""Filters that show people whom nobody has to call."""
CALL_WORDS = {"statuses": [(key, word) for key, word in coverage.NAME_STATUSES.items() if key not in WITH_DONE]}


@bp.get("/coverage/<training>/<organisation>/remind")
@page(office(*trainings.REMINDING_ROLES))
def show(training: str, organisation: str) -> str:
    """Preview of a reminder, and effect of earlier ones."""
    return _page(training, organisation, {})


def _page(training: str, organisation: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        plan, node = trainings.access_coverage(tx, actor(), training, organisation, *trainings.REMINDING_ROLES)
        counted = outreach.preview_reminder(tx, plan, node)
        return render_template(
            "trainings/remind.html",
            training=plan,
            node=node,
            counted=counted,
            asked=outreach.preview_delegation(tx, plan, node),
            sent=[(one, _effect(tx, plan, one)) for one in outreach.sent_reminders(tx, plan, node)],
            today=clock.today(),
            errors=errors,
        )


def _effect(tx: Tx, plan: Training, sent: SentReminder) -> tuple[int, int]:
    """How many of the recipients completed within a week."""
    if sent.reminder.kind == "branches":
        return outreach.delegation_effect(tx, plan, sent.reminder, sent.node), sent.reminder.missing
    return sent.completed, sent.reminder.recipients


class ReminderForm(Form):
    """Recipients, a note, the address of a clip; for one member also who, and the list to return to."""

    to = Choice(("members", "branches", "member"), blank="members")
    note = Text()
    clip = Text()
    member = Key()
    next = Onward()


@bp.post("/coverage/<training>/<organisation>/remind")
@page(office(*trainings.REMINDING_ROLES), form=ReminderForm)
def send(training: str, organisation: str) -> Response | tuple[str, int]:
    """Send a reminder."""
    try:
        with writing() as tx:
            plan, node = trainings.access_coverage(tx, actor(), training, organisation, *trainings.REMINDING_ROLES)
            form = ReminderForm.read()
            if form.to.data == "member":
                return _remind_one(tx, plan, node, form)
            note = form.note.data.strip()
            if form.to.data == "branches":
                made = outreach.delegate(tx, actor(), plan, node, note=note)
            else:
                made = outreach.send_reminder(tx, actor(), plan, node, note=note, clip=clip_in(tx, form.clip.data))
        asked = count_text("已请 %(n)s 个支部的书记提醒。", made.recipients, n=f"{made.recipients:,}")
        flash(
            asked
            if made.kind == "branches"
            else count_text("已提醒 %(n)s 人。", made.recipients, n=f"{made.recipients:,}")
        )
    except Invalid as error:
        return _page(training, organisation, errors_by_field(error)), error.status
    return redirect(form.next.data or url_for(".show", training=training, organisation=organisation))


def _remind_one(tx: Tx, plan: Training, node: Organisation, form: ReminderForm) -> Response:
    person = people.access_member(tx, actor(), form.member.data, *trainings.REMINDING_ROLES)
    try:
        with tx.begin_nested():
            outreach.send_reminder(tx, actor(), plan, node, member=person, clip=clip_in(tx, form.clip.data))
        flash(gettext("已提醒%(name)s。", name=person.name), "good")
    except (Invalid, Conflict) as error:
        flash(translate(error.message), "bad")
    return redirect(form.next.data or url_for(".show", training=plan.public_id, organisation=node.public_id))


@bp.get("/members/<public_id>/phone")
@page(office(*trainings.REMINDING_ROLES))
def phone(public_id: str) -> str:
    """The whole number of one member, to be called. Each look is audited."""
    with writing() as tx:
        person = people.access_member(tx, actor(), public_id, *trainings.REMINDING_ROLES)
        record(tx, actor(), "member.phone_read", f"member:{person.public_id}")
        hidden = accounts.restriction_of(tx, person.id) is not None
        sealed = None if hidden else person.phone_sealed
        number = runtime().sealer.open(sealed, context=people.PHONE_FIELD) if sealed else ""
        return render_template(
            "members/phone.html",
            person=person,
            number=number,
            hidden=hidden,
            back=local_path(request.args.get("back")),
        )


@bp.get("/coverage/<training>/<organisation>/calls")
@page(office(*trainings.REMINDING_ROLES))
@shows_people
def calls(training: str, organisation: str) -> str:
    """Names to call by phone, for printing; phones masked except for their ends."""
    with reading() as tx:
        plan, node = trainings.access_coverage(tx, actor(), training, organisation, *trainings.REMINDING_ROLES)
        name_filter = name_filter_in(plan, node, None)
        if not name_filter.status:
            name_filter = dataclasses.replace(name_filter, status="missing")
        page = coverage.list_names(tx, name_filter, number_in(request.args.get("page")), size=CALLS)
        unseal = runtime().sealer.open
        phones = {
            n.member_id: people.mask_phone(unseal(n.phone_sealed, context=people.PHONE_FIELD))
            for n in page.rows
            if n.phone_sealed
        }
        return render_template(
            "trainings/calls.html", training=plan, node=node, names=page, phones=phones, **CALL_WORDS
        )
