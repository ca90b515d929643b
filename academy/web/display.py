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
from academy.http.languages import COOKIE, LANGUAGES
from academy.http.login import local_path
from academy.http.request_context import identity

bp = Blueprint("display", __name__, url_prefix="/display")
page = functools.partial(http.page, consent=False, screen=True)
YEAR = 365 * 24 * 3600


def _keep(**cookies: str) -> Response:
    """Back to where the person was, with the wish kept."""
    response = redirect(local_path(request.values.get("next", "").rstrip("?")), 303)
    for name, value in cookies.items():
        response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=runtime().settings.secure_cookies)
    return response


def _one_of(name: str, allowed: tuple[str, ...]) -> str:
    value = request.form.get(name, "")
    return value if value in allowed else allowed[0]


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
@page(PUBLIC)
def save() -> Response:
    """Keep how this device wants its pages."""
    return _keep(
        elder=_remember(_one_of("elder", ("0", "1"))),
        theme=_one_of("theme", navigation.THEMES),
        text=_one_of("text", navigation.SIZES),
    )


@bp.post("/elder")
@page(PUBLIC)
def elder() -> Response:
    """Large print on or off, in one tap."""
    return _keep(elder=_remember(_one_of("elder", ("0", "1"))))


@bp.post("/language")
@page(PUBLIC)
def language() -> Response:
    """The other language."""
    wanted = _one_of("language", LANGUAGES)
    if _is_own():
        with writing() as tx:
            accounts.set_language(tx, actor(), wanted)
    return _keep(**{COOKIE: wanted})


@bp.get("/styleguide")
@page(PUBLIC)
def styleguide() -> str:
    """Everything the pages are made of, on one page: for people who work on them, in the demo only."""
    if not runtime().settings.demo:
        raise NotFound
    page = Page(range(20), 1234, 2, 20)
    return render_template("display/styleguide.html", page=page, wrong={"name": msg("请填写姓名。")})
