"""Single sign-on: redirect to the provider and back."""

import functools

from flask import Blueprint, redirect, request, session, url_for
from werkzeug.wrappers import Response

from academy import http
from academy.accounts import api as accounts
from academy.accounts.api import PendingSso
from academy.core.errors import NotFound
from academy.http import PUBLIC, runtime
from academy.http.local_paths import local_path
from academy.http.login import start_session
from academy.web.accounts import device

bp = Blueprint("sso", __name__, url_prefix="/sso")
page = functools.partial(http.page, consent=False)
KEPT = "sso"


@bp.get("/begin")
@page(PUBLIC)
def begin() -> Response:
    """Redirect to the provider."""
    if not runtime().settings.oidc_issuer:
        raise NotFound
    url, pending = accounts.begin_sso(runtime(), url_for("sso.callback", _external=True))
    session[KEPT] = pending.to_json() | {"next": local_path(request.args.get("next"))}
    return redirect(url)


@bp.get("/callback")
@page(PUBLIC)
def callback() -> Response:
    """Return from the provider. The stored state is used once, whatever the outcome."""
    kept = dict(session.pop(KEPT, None) or {})
    onward = kept.pop("next", "/")
    pending = PendingSso.from_json(kept)
    here = url_for("sso.callback", _external=True)
    token = accounts.finish_sso(runtime(), pending, request.args.to_dict(), here, request.remote_addr or "", device())
    start_session(token)
    return redirect(onward)
