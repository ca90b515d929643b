"""Checks between sign-in and any page: consent, and what a public screen may show."""

from flask import Flask, flash, redirect, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from academy.accounts import api as accounts
from academy.core.errors import ConsentRequired, NotFound
from academy.http import menu, resubmission
from academy.http.declarations import Landing, declared, landing_url, section_url
from academy.http.errors import wants_json
from academy.http.request_context import identity, runtime


def install(app: Flask) -> None:
    """Check before every request of a signed-in person."""
    app.before_request(_agreed)
    app.before_request(_fit_for_a_screen)


def _agreed() -> Response | None:
    here = declared()
    if here is None or not here.identified or not here.consent or not runtime().settings.consent:
        return None
    me = identity()
    if me is None or me.is_program or me.consent_version == accounts.CONSENT_VERSION:
        return None
    if wants_json():
        raise ConsentRequired
    if resubmission.is_form():
        return resubmission.asked_first(Landing.CONSENT)
    back = request.full_path.rstrip("?") if request.method == "GET" else "/"
    return redirect(landing_url(Landing.CONSENT, next=back), 302 if request.method == "GET" else 303)


def _fit_for_a_screen() -> Response | None:
    # A screen must not confirm a screen sign-in: its own session could be renewed for ever.
    here = declared()
    if here is None or not here.identified or here.screen:
        return None
    me = identity()
    if me is None or not me.is_screen:
        return None
    if wants_json() or request.method != "GET":
        raise NotFound
    if here.menu is not menu.HOME:
        flash(gettext("公共大屏上只能看课。个人的事请在自己的手机上办。"), "info")
    return redirect(section_url(menu.SCREEN_SECTIONS[0]))
