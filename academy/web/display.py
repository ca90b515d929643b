"""Display preferences of this device: language, elder mode, text size, theme. Kept in cookies."""

import functools

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.http import PUBLIC, actor, navigation, runtime, writing
from academy.http.forms import Choice, Form, Onward
from academy.http.languages import COOKIE, LANGUAGES
from academy.http.local_paths import local_path
from academy.http.request_context import identity

bp = Blueprint("display", __name__, url_prefix="/display")
page = functools.partial(http.page, consent=False, screen=True)
YEAR = 365 * 24 * 3600


class ElderForm(Form):
    """Large print or not."""

    elder = Choice(("0", "1"), blank="0")
    next = Onward()


class DisplayForm(ElderForm):
    """How pages look."""

    theme = Choice(navigation.THEMES, blank=navigation.THEMES[0])
    text = Choice(navigation.SIZES, blank=navigation.SIZES[0])


class LanguageForm(Form):
    """The other language."""

    language = Choice(LANGUAGES, blank=LANGUAGES[0])
    next = Onward()


def _keep(onward: str, **cookies: str) -> Response:
    """Redirect back, with the preference stored in a cookie."""
    response = redirect(onward or "/", 303)
    for name, value in cookies.items():
        response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=runtime().settings.secure_cookies)
    return response


@bp.get("")
@page(PUBLIC)
def show() -> str:
    """Display preferences of this device."""
    return render_template("display/show.html", sizes=navigation.SIZES, back=local_path(request.args.get("next")))


def _is_own() -> bool:
    """Whether somebody is signed in on a device of their own: a public screen changes nothing for its owner."""
    me = identity()
    return me is not None and not me.is_screen


def _remember(elder: str) -> str:
    """Store the preference with the account too, for other devices."""
    if _is_own():
        with writing() as tx:
            accounts.set_elder_mode(tx, actor(), elder == "1")
    return elder


@bp.post("")
@page(PUBLIC, form=DisplayForm)
def save() -> Response:
    """Save display preferences."""
    form = DisplayForm.read()
    return _keep(form.next.data, elder=_remember(form.elder.data), theme=form.theme.data, text=form.text.data)


@bp.post("/elder")
@page(PUBLIC, form=ElderForm)
def elder() -> Response:
    """Switch elder mode on or off."""
    form = ElderForm.read()
    return _keep(form.next.data, elder=_remember(form.elder.data))


@bp.post("/language")
@page(PUBLIC, form=LanguageForm)
def language() -> Response:
    """Switch the language."""
    form = LanguageForm.read()
    wanted = form.language.data
    if _is_own():
        with writing() as tx:
            accounts.set_language(tx, actor(), wanted)
    return _keep(form.next.data, **{COOKIE: wanted})
