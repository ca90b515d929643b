"""Sign-in, activation, profile and devices."""

import functools
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.core.errors import AcademyError, Busy, Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.http import PUBLIC, SIGNED_IN, actor, menu, reading, runtime, writing
from academy.http.declarations import Landing
from academy.http.forms import Choice, Form, Onward, Secret, Text, typed
from academy.http.known_browsers import known_browser
from academy.http.local_paths import local_path
from academy.http.login import HALF, start_session
from academy.http.request_context import identity
from academy.people import api as people

bp = Blueprint("accounts", __name__)
page = functools.partial(http.page, section=menu.ME)


def device() -> str:
    """Display name of this device for its owner; never the complete user agent."""
    agent = request.user_agent.string
    system = next(
        (
            name
            for mark, name in (
                ("HarmonyOS", "HarmonyOS"),
                ("Android", "Android"),
                ("iPhone", "iPhone"),
                ("iPad", "iPad"),
                ("Windows", "Windows"),
                ("Macintosh", "Mac"),
                ("Linux", "Linux"),
            )
            if mark in agent
        ),
        "",
    )
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    return " · ".join(part for part in (system, browser) if part)


_BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("HuaweiBrowser", "Huawei"),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)


def errors_by_field(error: AcademyError) -> dict[str, Message]:
    """A form's errors by field; an error of the form as a whole has the empty name."""
    return error.fields if isinstance(error, Invalid) and error.fields else {"": error.message}


@bp.get("/sign-in")
@page(PUBLIC, landing=Landing.SIGN_IN, consent=False)
def sign_in() -> str | Response:
    """The sign-in form."""
    if not actor().is_anonymous:
        return redirect(local_path(request.args.get("next")))
    if HALF in session:
        return redirect(url_for("second_step.ask", next=local_path(request.args.get("next"))))
    return _sign_in_page({})


def _sign_in_page(errors: dict[str, Message], *, asks: str = "username") -> str:
    """One question a screen: who it is, then the password."""
    return render_template(
        "accounts/sign_in.html",
        errors=errors,
        asks=asks,
        username=typed().get("username", ""),
        keypad=_keypad(),
        next=local_path(request.args.get("next") or typed().get("next")),
    )


def _keypad() -> str:
    """The keyboard for member numbers on phones: digits, unless this city's numbers have letters."""
    if "letters" in request.args or runtime().settings.demo:  # the demo's accounts have words for names
        return "text"
    with reading() as tx:
        return "numeric" if people.has_digit_numbers(tx) else "text"


class SignInForm(Form):
    """Sign-in name and password; the first of the two screens sends the name alone."""

    username = Text()
    password = Secret()
    next = Onward()


@bp.post("/sign-in")
@page(PUBLIC, form=SignInForm, consent=False, rate=600)  # a hall of three hundred who mistype once
def sign_in_post() -> Any:
    """Sign in, and continue at the requested page."""
    form, asks = SignInForm.read(), "username"
    try:
        if not form.username.data.strip():
            raise Invalid(fields={"username": msg("请填写编号或手机号。")})
        asks = "password"
        if not form.password.raw_data:
            return _sign_in_page({}, asks=asks)
        token = accounts.sign_in(
            runtime(),
            form.username.data,
            form.password.data,
            request.remote_addr or "",
            device(),
            known_browser(),
        )
    except (Invalid, Busy) as error:
        return _sign_in_page(errors_by_field(error), asks=asks), error.status
    start_session(token)
    if HALF in session:
        return redirect(url_for("second_step.ask", next=form.next.data or "/"), 303)
    return redirect(form.next.data or "/", 303)


class SharedDeviceForm(Form):
    """Whether others use this device too."""

    shared = Choice(("0", "1"), blank="0")


@bp.post("/sign-out")
@page(SIGNED_IN, form=SharedDeviceForm, consent=False, screen=True)
def sign_out() -> Response:
    """Sign this device out; a shared one forgets what it kept."""
    is_shared = SharedDeviceForm.read().shared.data == "1"
    with writing() as tx:
        accounts.sign_out(tx, actor(), session.get("_user_id", ""))
    session.clear()
    answer = redirect(url_for("accounts.sign_in"), 303)
    if is_shared:
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


@bp.get("/activate")
@page(PUBLIC)
def activate() -> str:
    """The first question of activation; a slip's link answers it and the second."""
    number = request.args.get("number", "")[:40]
    return _activate_page({}, number, asks="code" if number else "number")


def _activate_page(errors: dict[str, Message], number: str, code: str = "", *, asks: str) -> str:
    """One question a screen: number, code, password. What was answered goes along in the form."""
    return render_template(
        "accounts/activate.html",
        errors=errors,
        asks=asks,
        number=number,
        code=code,
        keypad=_keypad(),
        by_sms=accounts.sms_channel(runtime().settings) is not None,
    )


class CodeByTextForm(Form):
    """Member number and the phone in the register."""

    number = Text()
    phone = Text()


@bp.post("/activate/sms")
@page(PUBLIC, form=CodeByTextForm, rate=60)
def activate_by_sms() -> Any:
    """Send a code to the phone in the register; the response does not reveal whether there is one."""
    form = CodeByTextForm.read()
    number = form.number.data
    try:
        accounts.request_sms_code(runtime(), number, form.phone.data, request.remote_addr or "")
    except (Invalid, Busy) as error:
        return _activate_page(errors_by_field(error), number, asks="code"), error.status
    flash(gettext("编号和手机号与登记一致的话，短信马上就到，十分钟内有效。"), "good")
    return redirect(url_for(".activate", number=number[:40]), 303)


class ActivationForm(Form):
    """A one-time code and the new password; each screen sends what was answered so far."""

    number = Text()
    code = Secret()
    password = Secret()
    again = Secret()
    """Only where no script can show what was typed."""


@bp.post("/activate")
@page(PUBLIC, form=ActivationForm, rate=600)
def activate_post() -> Any:
    """Ask the next question, or redeem the code for a password and sign in."""
    form = ActivationForm.read()
    number, code = form.number.data, form.code.data
    asks = "code" if number.strip() else "number"
    try:
        if not number.strip():
            raise Invalid(fields={"number": msg("请填写党员编号。")})
        if not code.strip() and not form.password.raw_data:
            return _activate_page({}, number, asks=asks)
        if not form.password.raw_data:
            accounts.check_activation_code(runtime(), number, code, request.remote_addr or "", known_browser())
            return _activate_page({}, number, code, asks="password")
        if form.again.raw_data and form.password.data != form.again.data:
            raise Invalid(fields={"again": msg("两次填写的密码不一样。")})
        token = accounts.activate_account(
            runtime(), number, code, form.password.data, request.remote_addr or "", device(), known_browser()
        )
    except (Invalid, Busy, Conflict) as error:
        errors = errors_by_field(error)
        if errors.keys() & {"password", "again"}:
            asks = "password"
        elif "number" not in errors:
            errors = {"": error.message}  # of no field of this page
        return _activate_page(errors, number, code, asks=asks), error.status
    start_session(token)
    return redirect("/", 303)


@bp.get("/me")
@page(SIGNED_IN)
def profile() -> str:
    """Profile: name, devices, password."""
    return _profile({})


def _profile(errors: dict[str, Message]) -> str:
    me = identity()
    assert me is not None
    with reading() as tx:
        account = accounts.account_of_id(tx, me.account_id)
        member = people.member_of_id(tx, me.member_id) if me.member_id else None
        home = people.ancestors_of(tx, member.organisation) if member else []
        return render_template(
            "accounts/profile.html",
            account=account,
            member=member,
            home=home,
            phone=people.masked_phone(runtime().sealer, member) if member else "",
            grants=accounts.grants_of(tx, me.account_id),
            errors=errors,
        )


@bp.get("/me/devices")
@page(SIGNED_IN)
def devices() -> str:
    """Devices that are signed in, and how to sign one out."""
    me = identity()
    assert me is not None
    with reading() as tx:
        rows = accounts.live_sessions_of(tx, me.account_id)
    return render_template("accounts/devices.html", devices=rows, session_id=me.session_id)


class PasswordForm(Form):
    """The present password, and the new one twice."""

    old = Secret()
    password = Secret()
    again = Secret()


@bp.post("/me/password")
@page(SIGNED_IN, form=PasswordForm)
def password() -> Any:
    """Change one's own password; other devices are signed out."""
    me, form = identity(), PasswordForm.read()
    assert me is not None
    try:
        if form.password.data != form.again.data:
            raise Invalid(fields={"again": msg("两次填写的密码不一样。")})
        accounts.change_password(runtime(), actor(), form.old.data, form.password.data, session_id=me.session_id)
    except (Invalid, Busy) as error:
        return _profile(errors_by_field(error)), error.status
    flash(gettext("密码已修改，其他设备已退出登录。"), "good")
    return redirect(url_for("accounts.profile"), 303)


class DeviceForm(Form):
    """The password, where it is required."""

    password = Secret()


@bp.post("/me/devices/<public_id>/end")
@page(SIGNED_IN, form=DeviceForm)
def end_session(public_id: str) -> Any:
    """Sign one of one's devices out; needs the password unless the sign-in is recent."""
    me, typed = identity(), DeviceForm.read().password
    assert me is not None
    try:
        accounts.confirm_identity(runtime(), actor(), typed.data, session_id=me.session_id)
    except (Invalid, Busy) as error:
        # Signing out needs no password that the list of devices did not ask for.
        errors = errors_by_field(error) if typed.raw_data or not getattr(error, "fields", None) else {}
        return render_template("accounts/end_device.html", public_id=public_id, errors=errors), error.status
    runtime().db.run_in_transaction(lambda tx: accounts.end_session(tx, actor(), public_id))
    flash(gettext("那台设备已退出登录。"), "good")
    return redirect(url_for("accounts.devices"), 303)
