"""How the page looks on this device: language, elder mode, text size, light or dark. Kept in cookies."""

import functools

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import service as accounts
from academy.core.errors import NotFound
from academy.core.i18n import msg
from academy.core.paging import Page
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
    """Back to where the person was, with the wish kept."""
    response = redirect(onward or "/", 303)
    for name, value in cookies.items():
        response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=runtime().settings.secure_cookies)
    return response


@bp.get("")
@page(PUBLIC)
def show() -> str:
    """How pages look on this device: print, light, language."""
    return render_template("display/show.html", sizes=navigation.SIZES, back=local_path(request.args.get("next")))


def _is_own() -> bool:
    """Whether somebody is signed in at a device of their own: a hall changes nothing for its screen's owner."""
    me = identity()
    return me is not None and not me.is_screen


def _remember(elder: str) -> str:
    """The account keeps the wish too, for the person's next device."""
    if _is_own():
        with writing() as tx:
            accounts.set_elder_mode(tx, actor(), elder == "1")
    return elder


@bp.post("")
@page(PUBLIC, form=DisplayForm)
def save() -> Response:
    """Keep how this device wants its pages."""
    form = DisplayForm.read()
    return _keep(form.next.data, elder=_remember(form.elder.data), theme=form.theme.data, text=form.text.data)


@bp.post("/elder")
@page(PUBLIC, form=ElderForm)
def elder() -> Response:
    """Large print on or off, in one tap."""
    form = ElderForm.read()
    return _keep(form.next.data, elder=_remember(form.elder.data))


@bp.post("/language")
@page(PUBLIC, form=LanguageForm)
def language() -> Response:
    """The other language."""
    form = LanguageForm.read()
    wanted = form.language.data
    if _is_own():
        with writing() as tx:
            accounts.set_language(tx, actor(), wanted)
    return _keep(form.next.data, **{COOKIE: wanted})


@bp.get("/styleguide")
@page(PUBLIC)
def styleguide() -> str:
    """Everything the pages are made of, on one page: for people who work on them, in the demo only."""
    if not runtime().settings.demo:
        raise NotFound
    page = Page(range(20), 1234, 2, 20)
    return render_template("display/styleguide.html", page=page, wrong={"name": msg("请填写姓名。")})
