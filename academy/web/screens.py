"""Signing in a public screen with a phone."""

import segno
from flask import Blueprint, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from academy.accounts import api as accounts
from academy.http import PUBLIC, SIGNED_IN, actor, page, reading, runtime, writing
from academy.http.forms import Form, Number
from academy.http.login import start_session
from academy.web.accounts import device

bp = Blueprint("screens", __name__)

KEPT = "screen"
"""Cookie key of the screen's secret."""
AGAIN_S = 4


@bp.get("/sign-in/screen")
@page(PUBLIC)
def show() -> str | Response:
    """The code to scan; the page reloads itself, without scripts, until the phone has confirmed."""
    if not actor().is_anonymous:
        return redirect("/")
    secret = session.get(KEPT, "")
    with writing() as tx:
        token = accounts.claim_screen_session(tx, runtime(), secret) if secret else None
        row = accounts.find_waiting_screen(tx, secret) if secret and token is None else None
    if token is not None:
        start_session(token)
        return redirect("/")
    if row is None:
        return render_template("accounts/screen.html", picture=None, was=bool(secret), row=None)
    address = url_for(".scanned", code=row.code, _external=True)
    picture = segno.make(address, error="m").svg_data_uri(scale=8, border=2)
    return render_template("accounts/screen.html", picture=picture, row=row, again_s=AGAIN_S, address=address)


@bp.post("/sign-in/screen")
@page(PUBLIC, rate=60)
def offer() -> Response:
    """A new code for this screen."""
    with writing() as tx:
        _, session[KEPT] = accounts.offer_screen_code(tx, device(), request.remote_addr or "")
    return redirect(url_for(".show"), 303)


@bp.get("/screen/<code>")
@page(SIGNED_IN)
def scanned(code: str) -> str | Response:
    """Confirmation on the phone: the requesting screen, and the choice of its number."""
    with reading() as tx:
        if accounts.is_screen_let_in(tx, code, actor()):
            return render_template("accounts/screen_in.html")
        row = accounts.find_scanned_screen(tx, code)
    return render_template("accounts/screen_scanned.html", row=row, choices=accounts.screen_choices(row))


class ScreenForm(Form):
    """The number on the screen; none refuses."""

    number = Number(3)


@bp.post("/screen/<code>")
@page(SIGNED_IN, form=ScreenForm)
def answer(code: str) -> Response:
    """Confirm with the number on the screen, or refuse."""
    number = ScreenForm.read().number.data
    with writing() as tx:
        accounts.answer_screen(tx, actor(), code, number)
        let_in = accounts.is_screen_let_in(tx, code, actor())
    if number is not None and not let_in:
        raise accounts.wrong_screen_number()
    return redirect(url_for(".scanned", code=code) if let_in else "/", 303)
