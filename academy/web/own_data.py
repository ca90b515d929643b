"""A person's own data and their requests about it; the same requests for officers."""

import json
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message
from academy.core.paging import number_in
from academy.http import SIGNED_IN, actor, menu, office, page, reading, runtime, writing
from academy.http.forms import Choice, Form, Text, Verb
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.people import api as people
from academy.reports import api as reports
from academy.web.members import errors_by_field

bp = Blueprint("own_data", __name__)


@bp.get("/me/data")
@page(SIGNED_IN, section=menu.ME, consent=False)
def index() -> str:
    """One's stored data, its readers, one's requests."""
    return _page({})


def _page(errors: dict[str, Message]) -> str:
    me = actor()
    with reading() as tx:
        member = people.member_of_id(tx, me.member_id) if me.member_id else None
        return render_template(
            "accounts/own_data.html",
            account=accounts.account_of_id(tx, me.account_id or 0),
            member=member,
            phone=people.masked_phone(runtime().sealer, member) if member else "",
            counts=reports.personal_overview(tx, me),
            looked=reports.who_looked(tx, me),
            requests=accounts.data_requests_of(tx, me.account_id or 0),
            kinds=accounts.DATA_REQUEST_KINDS,
            states=accounts.DATA_REQUEST_STATES,
            consents=accounts.consents_of(tx, me.account_id or 0),
            errors=errors,
        )


@bp.get("/me/data/copy")
@page(SIGNED_IN, section=menu.ME, consent=False, rate=10)
def copy() -> Response:
    """One's data as a file."""
    with writing() as tx:
        found = reports.copy_personal_data(tx, runtime(), actor())
    answer = Response(json.dumps(found, ensure_ascii=False, indent=1), mimetype="application/json")
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{clock.today().isoformat()}.json"'
    return answer


class PrivacyRequestForm(Form):
    """Kind of request, and its description."""

    kind = Choice(accounts.DATA_REQUEST_KINDS)
    body = Text()


@bp.post("/me/data/requests")
@page(SIGNED_IN, form=PrivacyRequestForm, section=menu.ME, consent=False)
def ask() -> Any:
    """Request a correction, freezing, or erasure."""
    try:
        form = PrivacyRequestForm.read()
        with writing() as tx:
            accounts.file_data_request(tx, actor(), form.kind.data, form.body.data)
    except (Invalid, Conflict) as error:
        return _page(errors_by_field(error)), error.status
    flash(gettext("已提交，办好后会在这里告诉您。"), "good")
    return redirect(url_for(".index") + "#requests", 303)


@bp.post("/me/data/requests/<public_id>/cancel")
@page(SIGNED_IN, section=menu.ME, consent=False)
def cancel(public_id: str) -> Response:
    """Cancel one's own request."""
    with writing() as tx:
        accounts.cancel_data_request(tx, actor(), public_id)
    return redirect(url_for(".index") + "#requests", 303)


@bp.get("/data-requests")
@page(office(*people.ROSTER_KEEPERS), menu=menu.PRIVACY_REQUESTS, waiting=accounts.count_waiting_data_requests)
@shows_people
def waiting() -> str:
    """Pending requests of members in one's scope."""
    return _waiting({})


def _waiting(errors: dict[str, Message]) -> str:
    done, own = request.args.get("state") == "done", bool(request.args.get("own"))
    with reading() as tx:
        page = accounts.waiting_data_requests(tx, actor(), number_in(request.args.get("page")), done=done, own=own)
        elsewhere = accounts.count_waiting_data_requests(tx, actor(), own=True)
    return render_template(
        "accounts/data_requests.html",
        page=page,
        done=done,
        own=own,
        elsewhere=elsewhere,
        kinds=accounts.DATA_REQUEST_KINDS,
        states=accounts.DATA_REQUEST_STATES,
        two_pairs=accounts.TWO_OFFICER_KINDS,
        errors=errors,
    )


class DataRequestDecisionForm(Form):
    """The decision and its reason."""

    verb = Verb("agree", "refuse", otherwise="refuse")
    answer = Text()


@bp.post("/data-requests/<public_id>")
@page(office(*people.ROSTER_KEEPERS), form=DataRequestDecisionForm, section=menu.PRIVACY_REQUESTS)
@shows_people
def decide(public_id: str) -> Any:
    """Agree to a request, or refuse it."""
    try:
        form = DataRequestDecisionForm.read()
        agree = form.verb.data == "agree"
        with writing() as tx:
            row = accounts.decide_data_request(tx, actor(), public_id, agree=agree, answer=form.answer.data)
    except (Invalid, Conflict) as error:
        return _waiting(errors_by_field(error)), error.status
    flash(translate(accounts.DATA_REQUEST_STATES[row.state]), "good")
    return redirect(url_for(".waiting"), 303)


@bp.post("/members/<public_id>/lift")
@page(office(*people.ROSTER_KEEPERS))
def lift(public_id: str) -> Response:
    """End a restriction: the account may be used again."""
    try:
        with writing() as tx:
            accounts.lift_restriction(tx, actor(), public_id)
        flash(gettext("已恢复。"), "good")
    except Conflict as error:
        flash(translate(error.message), "bad")
    return redirect(url_for("members.member", public_id=public_id), 303)
