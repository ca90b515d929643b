"""The second step of signing in, and its set-up."""

import functools
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.core.errors import Busy, Conflict, Invalid
from academy.core.i18n import Message
from academy.http import PUBLIC, SIGNED_IN, actor, menu, reading, runtime, writing
from academy.http.declarations import Landing
from academy.http.forms import Form, Onward, Secret, typed
from academy.http.known_browsers import known_browser
from academy.http.local_paths import local_path
from academy.http.login import HALF, start_session
from academy.http.request_context import identity
from academy.web.members import errors_by_field

bp = Blueprint("second_step", __name__)
page = functools.partial(http.page, section=menu.ME)


@bp.get("/sign-in/code")
@page(PUBLIC)
def ask() -> Any:
    """The page that asks for the code."""
    if HALF not in session:
        return redirect(url_for("accounts.sign_in"))
    return _ask({})


def _ask(errors: dict[str, Message]) -> str:
    return render_template(
        "accounts/code.html", errors=errors, next=local_path(request.args.get("next") or typed().get("next"))
    )


class SignInCodeForm(Form):
    """The code, and the address to continue at."""

    code = Secret()
    next = Onward()


@bp.post("/sign-in/code")
@page(PUBLIC, form=SignInCodeForm)
def answer() -> Any:
    """Check the code: from the phone, or a recovery code."""
    token, form = session.get(HALF, ""), SignInCodeForm.read()
    try:
        accounts.verify_second_step(runtime(), token, form.code.data, request.remote_addr or "", known_browser())
    except (Invalid, Busy) as error:
        return _ask(errors_by_field(error)), error.status
    start_session(token)
    return redirect(form.next.data or "/", 303)


@bp.post("/sign-in/again")
@page(PUBLIC)
def again() -> Response:
    """Cancel the second step and sign in as somebody else."""
    session.pop(HALF, None)
    return redirect(url_for("accounts.sign_in"), 303)


@bp.get("/me/second-step")
@page(SIGNED_IN, landing=Landing.SECOND_STEP)
def setup() -> Any:
    """Set up the second step, or show its state and approval."""
    with reading() as tx:
        state = accounts.second_step_state(tx, actor(), session_id=_session_id())
    return _on({}) if state.is_on and not state.is_replacing else _setup({})


def _session_id() -> int:
    me = identity()
    assert me is not None
    return me.session_id


def _on(errors: dict[str, Message], codes: list[str] | None = None) -> str:
    with reading() as tx:
        state = accounts.second_step_state(tx, actor(), session_id=_session_id())
    return render_template("accounts/second_step_on.html", codes=codes or [], errors=errors, state=state)


def _setup(errors: dict[str, Message]) -> str:
    me = identity()
    assert me is not None
    with writing() as tx:
        secret = accounts.begin_second_step(tx, runtime(), actor(), session_id=me.session_id)
        asks_password = not accounts.is_session_fresh(tx, me.session_id)
    address = accounts.totp_address(secret, me.display_name, runtime().settings.city_name)
    picture = segno.make(address, error="m").svg_data_uri(scale=5, border=2)
    spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return render_template(
        "accounts/second_step.html",
        errors=errors,
        picture=picture,
        address=address,
        secret=spaced,
        asks_password=asks_password,
    )


class EnrolmentForm(Form):
    """A first code, and the password where it is required."""

    password = Secret()
    code = Secret()


@bp.post("/me/second-step")
@page(SIGNED_IN, form=EnrolmentForm)
def confirm() -> Any:
    """Activate it with a first valid code, after re-authentication, or move it to another phone; shows the recovery
    codes."""
    form, session_id = EnrolmentForm.read(), _session_id()
    try:
        accounts.confirm_identity(runtime(), actor(), form.password.data, session_id=session_id)
        codes = runtime().db.run_in_transaction(
            lambda tx: accounts.confirm_second_step(tx, runtime(), actor(), form.code.data, session_id=session_id)
        )
    except (Invalid, Busy) as error:
        return _setup(errors_by_field(error)), error.status
    except Conflict:
        return redirect(url_for("second_step.setup"), 303)
    return _on({}, codes)


class ReplacementForm(Form):
    """A code of the present phone, or a recovery code."""

    old = Secret()


@bp.post("/me/second-step/replace")
@page(SIGNED_IN, form=ReplacementForm)
def replace() -> Any:
    """Start moving to another phone, with a code of the present one or a recovery code."""
    try:
        accounts.replace_second_step(runtime(), actor(), ReplacementForm.read().old.data, session_id=_session_id())
    except (Invalid, Busy) as error:
        wrong = errors_by_field(error)
        return _on({"old" if field == "code" else field: text for field, text in wrong.items()}), error.status
    except Conflict:
        pass  # there is nothing to replace: the page starts the first set-up
    return redirect(url_for("second_step.setup"), 303)


class PaperForm(Form):
    """A code of the phone."""

    code = Secret()


@bp.post("/me/second-step/paper")
@page(SIGNED_IN, form=PaperForm)
def paper() -> Any:
    """Create ten new recovery codes, with a code of the phone."""
    try:
        codes = accounts.renew_recovery_codes(runtime(), actor(), PaperForm.read().code.data)
    except (Invalid, Busy) as error:
        return _on(errors_by_field(error)), error.status
    except Conflict:
        return redirect(url_for("second_step.setup"), 303)
    flash(gettext("旧的备用码已作废。"), "good")
    return _on({}, codes)
