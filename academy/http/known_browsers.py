"""A browser in which somebody signed in before is recognised by a signed cookie.

Guesses from elsewhere then never lock the owner out: wrong passwords typed in a known browser are counted for that
browser alone. The cookie grants no access.
"""

import secrets

from flask import Response, after_this_request, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from academy.http.request_context import runtime

DAYS = 400
MOST = 4
"""A family shares a phone; more names than these in one browser are a public place."""


def known_browser() -> dict[str, str]:
    """The accounts (public ids) that signed in here before, each with a random token for this browser."""
    try:
        found = _serializer().loads(request.cookies.get(_name(), ""), max_age=DAYS * 86_400)
    except BadSignature:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def remember_browser(account: str) -> None:
    """Remember this browser as one of the account's (by public id)."""
    kept = known_browser()
    kept[account] = kept.pop(account, "") or secrets.token_urlsafe(9)
    value = _serializer().dumps(dict(list(kept.items())[-MOST:]))

    def carry(response: Response) -> Response:
        secure = runtime().settings.secure_cookies
        response.set_cookie(
            _name(), str(value), max_age=DAYS * 86_400, secure=secure, httponly=True, samesite="Lax", path="/"
        )
        return response

    after_this_request(carry)


def _name() -> str:
    return "__Host-known" if runtime().settings.secure_cookies else "known"


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(runtime().settings.secret_key, salt="known-browser")
