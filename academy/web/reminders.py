"""Pages that act on who is missing: remind, call."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.core import clock
from academy.core.errors import Invalid
from academy.core.pages import number_in
from academy.doors import actor, house, office, reading, writing
from academy.members.people import PHONE
from academy.members.rules import masked
from academy.trainings import names, reminders
from academy.trainings.access import REMIND, access_coverage
from academy.web.trainings import wish_in

bp = Blueprint("reminders", __name__)


@bp.get("/coverage/<training>/<organisation>/remind")
@office(*REMIND)
def show(training: str, organisation: str) -> str:
    """Whom a reminder would reach, and what earlier ones achieved."""
    with reading() as tx:
        plan, node = access_coverage(tx, actor(), training, organisation, *REMIND)
        counted = reminders.preview(tx, plan, node)
        sent = reminders.sent(tx, plan, node)
        return render_template(
            "trainings/remind.html", training=plan, node=node, counted=counted, sent=sent, today=clock.today()
        )


@bp.post("/coverage/<training>/<organisation>/remind")
@office(*REMIND)
def send(training: str, organisation: str) -> Response:
    """Send it."""
    try:
        with writing() as tx:
            plan, node = access_coverage(tx, actor(), training, organisation, *REMIND)
            made = reminders.send_reminder(tx, actor(), plan, node, note=request.form.get("note", "").strip())
        flash(gettext("已提醒 %(n)s 人。", n=f"{made.recipients:,}"))
    except Invalid as error:
        flash(gettext(error.message.text, **error.message.params), "warn")
    return redirect(url_for(".show", training=training, organisation=organisation))


@bp.get("/coverage/<training>/<organisation>/calls")
@office(*REMIND)
def calls(training: str, organisation: str) -> str:
    """Names to telephone, to print; phones masked but for their ends."""
    with reading() as tx:
        plan, node = access_coverage(tx, actor(), training, organisation, *REMIND)
        wish = wish_in(plan, node, None)
        if not wish.status:
            wish = names.Wish(plan, node, status="missing")
        page = names.names(tx, wish, number_in(request.args.get("page")))
        unseal = house().sealer.open
        phones = {n.member_id: masked(unseal(n.phone_sealed, context=PHONE)) for n in page.rows if n.phone_sealed}
        return render_template("trainings/calls.html", training=plan, node=node, names=page, phones=phones)
