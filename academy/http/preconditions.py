"""What stands between being signed in and going on: the consent, and what a public screen may show."""

from flask import Flask, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.accounts import consent
from academy.core.errors import ConsentRequired, NotFound
from academy.http import resubmission
from academy.http.errors import wants_json
from academy.http.rate_limits import FREE
from academy.http.request_context import identity, runtime

ALWAYS_OPEN = frozenset({"consent", "own_data", "display", "sso", "api_health"})
"""Blueprints that are open without having agreed: to read the text, to take or erase one's data, to leave."""
ALWAYS_OPEN_PAGES = frozenset({"accounts.sign_in", "accounts.sign_in_post", "accounts.sign_out"})
ON_SCREENS = frozenset({"library", "learn", "search", "display", "api_progress", "api_health"})
"""Blueprints that a public screen may show; of everything else it may only sign out. Least of all may it let
in a screen: it would let itself in again for ever."""


def install(app: Flask) -> None:
    """Ask before every request of somebody who is signed in."""
    app.before_request(_agreed)
    app.before_request(_fit_for_a_screen)


def _agreed() -> Response | None:
    endpoint, place = request.endpoint, request.blueprint or ""
    if (
        endpoint is None
        or endpoint in FREE
        or place in ALWAYS_OPEN
        or endpoint in ALWAYS_OPEN_PAGES
        or not runtime().settings.consent
    ):
        return None
    me = identity()
    if me is None or me.is_program or me.consent_version == consent.VERSION:
        return None
    if wants_json():
        raise ConsentRequired
    if resubmission.is_form():
        return resubmission.asked_first("consent.ask")
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(url_for("consent.ask", next=back), 302 if request.method == "GET" else 303)


def _fit_for_a_screen() -> Response | None:
    endpoint, place = request.endpoint, request.blueprint or ""
    if endpoint is None or endpoint in FREE or place in ON_SCREENS or endpoint == "accounts.sign_out":
        return None
    me = identity()
    if me is None or not me.is_screen:
        return None
    if wants_json() or request.method != "GET":
        raise NotFound
    if endpoint != "home.home":
        flash(gettext("公共大屏上只能看课。个人的事请在自己的手机上办。"), "info")
    return redirect(url_for("library.index"))
