"""An assignment of a plan for the office: the invitation to send, the answer, and what follows from it."""

import functools
from collections.abc import Callable, Mapping

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.faculty import api as faculty
from academy.faculty.api import AssignmentState, LecturerAnswer
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.forms import Day, Form, Text, Verb
from academy.http.personal_data import shows_people
from academy.web.members import errors_by_field

bp = Blueprint("invitations", __name__, url_prefix="/faculty/plans/<plan_id>/assignments")
page = functools.partial(http.page, section=menu.PLANS)
TONES = {
    "draft": "neutral",
    "proposed": "info",
    "accepted": "good",
    "declined": "bad",
    "other_day": "warn",
    "confirmed": "good",
    "withdrawn": "neutral",
}


@bp.get("/<assignment_id>")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def show(plan_id: str, assignment_id: str) -> str:
    """Why this lecturer, the invitation to send by SMS, mail or on paper, and the answer."""
    return _shown(plan_id, assignment_id, {})


def _shown(plan_id: str, assignment_id: str, errors: Mapping[str, Message]) -> str:
    kept = runtime().settings
    with reading() as tx:
        plan = faculty.access_plan(tx, actor(), plan_id)
        row = faculty.access_assignment(tx, actor(), plan, assignment_id)
        origin = kept.address or request.url_root.rstrip("/")
        link = origin + faculty.answer_path(kept, row) if row.link_is_on else ""
        return render_template(
            "plans/invitation.html",
            plan=plan,
            row=row,
            page=faculty.invitation_page(tx, row),
            address=link,
            picture=segno.make(link, error="m").svg_data_uri(scale=5, border=2, light="white") if link else "",
            states=faculty.ASSIGNMENT_STATE_NAMES,
            tones=TONES,
            errors=errors,
        )


class InvitationStepForm(Form):
    """What the office does about an assignment; `day` with a move, `reason` with a withdrawal."""

    verb = Verb("invite", "link", "revoke", "confirm", "withdraw", "again", "move")
    day = Day()
    reason = Text()


@bp.post("/<assignment_id>")
@page(office(*faculty.PROGRAMME_READERS), form=InvitationStepForm)
@shows_people
def act(plan_id: str, assignment_id: str) -> Response | tuple[str, int]:
    """Invite, make or revoke a link, confirm, ask for another evening, or ask somebody else."""
    try:
        with writing() as tx:
            plan = faculty.access_plan(tx, actor(), plan_id)
            row = faculty.access_assignment(tx, actor(), plan, assignment_id)
            form = InvitationStepForm.read()
            who, kept = actor(), runtime().settings
            acts: dict[str, Callable[[], object]] = {
                "invite": lambda: faculty.invite_lecturers(tx, who, kept, plan, [row.public_id]),
                "link": lambda: faculty.make_link(tx, who, kept, row),
                "revoke": lambda: faculty.revoke_link(tx, who, row),
                "confirm": lambda: faculty.confirm_assignment(tx, who, row),
                "withdraw": lambda: faculty.withdraw_invitation(tx, who, row, form.reason.data),
                "again": lambda: faculty.offer_again(tx, who, kept, row),
                "move": lambda: faculty.move_invitation(tx, who, kept, row, form.day.data),
            }
            acts[form.verb.data]()
    except (Invalid, Conflict) as error:
        return _shown(plan_id, assignment_id, errors_by_field(error)), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".show", plan_id=plan_id, assignment_id=assignment_id), 303)


class TelephonedForm(Form):
    """An answer that was given by telephone."""

    verb = Verb(*(str(state) for state in faculty.ANSWERS))
    day = Day()
    words = Text()


@bp.post("/<assignment_id>/answer")
@page(office(*faculty.PROGRAMME_READERS), form=TelephonedForm)
@shows_people
def answer(plan_id: str, assignment_id: str) -> Response | tuple[str, int]:
    """Enter what a lecturer answered by telephone."""
    try:
        with writing() as tx:
            _enter(tx, plan_id, assignment_id)
    except (Invalid, Conflict) as error:
        return _shown(plan_id, assignment_id, errors_by_field(error)), error.status
    flash(_("已记下，注明是电话答复。"), "good")
    return redirect(url_for(".show", plan_id=plan_id, assignment_id=assignment_id), 303)


def _enter(tx: Tx, plan_id: str, assignment_id: str) -> None:
    plan = faculty.access_plan(tx, actor(), plan_id)
    row = faculty.access_assignment(tx, actor(), plan, assignment_id)
    form = TelephonedForm.read()
    given = LecturerAnswer(AssignmentState(form.verb.data), form.day.data, form.words.data)
    faculty.enter_answer(tx, actor(), row, given)
