"""Installs the shared parts of the HTTP layer into a Flask application."""

import datetime as dt
from typing import Any

from flask import Flask, Request, Response, g, request, session
from flask_login import LoginManager, UserMixin
from flask_wtf import CSRFProtect
from werkzeug.routing import BaseConverter

from academy.accounts import api as accounts
from academy.accounts.api import Identity
from academy.core import clock
from academy.core.actor import Role
from academy.core.errors import NotFound
from academy.core.ids import ALPHABET, LENGTH
from academy.core.settings import Settings
from academy.http import (
    body_limits,
    compression,
    edit_conflicts,
    errors,
    filters,
    headers,
    languages,
    navigation,
    offline,
    preconditions,
    rate_limits,
    static_files,
)
from academy.http.declarations import DEFAULT_BODY, declared
from academy.http.request_context import actor, identity, reading, runtime


class Csrf(CSRFProtect):  # type: ignore[misc]
    """CSRF protection of routes whose credential is a cookie."""

    def protect(self, **how: Any) -> None:
        here = declared()
        if here is not None and not here.csrf:
            return
        # Without a cookie the credential is the token in the header, which no other site can send.
        if request.path.startswith("/api/") and "_user_id" not in session:
            return
        super().protect(**how)


csrf = Csrf()


class IdConverter(BaseConverter):
    """A public id in an address; never matches a literal path segment of another route."""

    regex = f"[{ALPHABET}]{{{LENGTH}}}"


class SignedIn(UserMixin):  # type: ignore[misc]
    """The user object of flask-login: the session's token and its owner."""

    def __init__(self, token: str, found: Identity) -> None:
        self.id = token
        self.identity = found


def install(app: Flask, settings: Settings) -> None:
    """Install sessions, languages, errors, CSRF, headers, template globals."""
    accounts.limit_waiting_threads(settings.web_threads)
    app.url_map.converters["id"] = IdConverter
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-academy" if settings.secure_cookies else "academy",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # A video's segments are fetched while a form is answered: if every response set the cookie anew, a
        # segment's would undo a flash message that the form has just set.
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=dt.timedelta(days=settings.session_days),
        MAX_CONTENT_LENGTH=DEFAULT_BODY,
        MAX_FORM_MEMORY_SIZE=body_limits.FORM_TEXT,
        MAX_FORM_PARTS=2000,
        WTF_CSRF_TIME_LIMIT=None,
        TRUSTED_HOSTS=[h.strip() for h in settings.trusted_hosts.split(",") if h.strip()] or None,
    )
    manager = LoginManager(app)
    manager.session_protection = None  # sessions live on the server; a phone's address changes all day

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        with reading() as tx:
            found = accounts.identity_of(tx, token)
        return SignedIn(token, found) if found else None

    @manager.request_loader  # type: ignore[untyped-decorator]
    def load_program(asked: Request) -> SignedIn | None:
        """A program sends its session's token in a header, accepted by the API only."""
        given = asked.authorization
        bearer = given is not None and given.type == "bearer" and asked.path.startswith("/api/")
        return load(given.token or "") if bearer and given is not None else None

    compression.install(app)  # its hook runs last
    body_limits.install(app)  # before anything reads a form
    csrf.init_app(app)
    languages.install(app)
    filters.install(app)
    static_files.install(app)
    navigation.install(app)
    offline.install(app)
    errors.install(app)
    headers.install(app)
    rate_limits.install(app, settings)
    app.before_request(_no_nul)
    preconditions.install(app)
    app.after_request(_keep_alive)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals |= {
        "Role": Role,
        "version_of": edit_conflicts.version_of,
        "edit_conflict": edit_conflicts.conflict,
    }
    app.context_processor(lambda: {"actor": actor(), "me": identity(), "nonce": g.get("nonce", "")})


def _no_nul() -> None:
    """Refuse NUL: no stored text has one, and PostgreSQL rejects it as a parameter.

    Raises:
        NotFound: the address or a form contains one.
    """
    typed: list[str] = []
    if request.mimetype in body_limits.FORMS:
        typed = [word for pair in request.form.items(multi=True) for word in pair]
        typed += [file.filename or "" for _, file in request.files.items(multi=True)]
    if "\0" in request.path or "%00" in request.query_string.decode("latin-1") or any("\0" in text for text in typed):
        raise NotFound


def _keep_alive(response: Response) -> Response:
    """Extend the session on use; written rarely, so that watching needs no write a request."""
    if "_login_user" not in g:  # no session was loaded: a file, a health check
        return response
    found, kept = identity(), runtime()
    rarely = dt.timedelta(minutes=max(10, kept.settings.session_idle_minutes // 50))
    if found is not None and clock.now() - found.seen_at > rarely:
        session_id = found.session_id
        kept.db.run_in_transaction(lambda tx: accounts.keep_alive(tx, kept, session_id))
    return response
