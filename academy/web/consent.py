"""The privacy text, and consent to it."""

import functools

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.http import PUBLIC, SIGNED_IN, actor, writing
from academy.http.declarations import Landing
from academy.http.forms import Form, Onward, Verb
from academy.http.local_paths import local_path
from academy.http.request_context import identity

bp = Blueprint("consent", __name__, url_prefix="/consent")
page = functools.partial(http.page, consent=False)


@bp.get("")
@page(PUBLIC, landing=Landing.CONSENT)
def ask() -> str:
    """The privacy text; with a form for people who have not accepted this version yet."""
    me = identity()
    waits = me is not None and me.consent_version != accounts.CONSENT_VERSION
    return render_template(
        "accounts/consent.html",
        text=accounts.CONSENT_TEXT,
        version=accounts.CONSENT_VERSION,
        waits=waits,
        again=waits and me is not None and me.consent_version is not None,
        next=local_path(request.args.get("next")),
    )


class ConsentForm(Form):
    """Consent or refusal, and the address to continue at."""

    verb = Verb("agree", "refuse")
    next = Onward()


@bp.post("")
@page(SIGNED_IN, form=ConsentForm)
def agree() -> Response:
    """Consent and continue; or refuse and be signed out."""
    form = ConsentForm.read()
    with writing() as tx:
        if form.verb.data == "agree":
            accounts.give_consent(tx, actor(), str(get_locale()))
            return redirect(form.next.data or "/", 303)
        accounts.sign_out(tx, actor(), session.get("_user_id", ""))
    session.clear()
    return redirect(url_for("accounts.sign_in"), 303)


@bp.post("/withdraw")
@page(SIGNED_IN)
def withdraw() -> Response:
    """Withdraw consent."""
    with writing() as tx:
        accounts.withdraw_consent(tx, actor())
    return redirect(url_for(".ask"), 303)
