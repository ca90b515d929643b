"""Coming in: a session's token into the cookie, and where to go afterwards."""

from urllib.parse import urlsplit

from flask import current_app, g, session
from flask_login import login_user
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from academy.accounts.authentication.second_step import waiting_session
from academy.accounts.queries import identity_of
from academy.core.errors import SignInRequired
from academy.http.known_browsers import remember_browser
from academy.http.request_context import reading
from academy.http.request_hooks import SignedIn

HOME = "/"
LONGEST = 2000
"""Characters of an address to go on to."""
HALF = "half"
"""Where the cookie keeps the token of a session that waits for its second step."""


def start_session(token: str) -> None:
    """Carry the session from now on, or wait for its second step.

    The cookie is emptied first: nothing set beforehand survives.

    Raises:
        SignInRequired: the token's session has ended meanwhile.
    """
    with reading() as tx:
        found = identity_of(tx, token)
        waiting = found is None and waiting_session(tx, token) is not None
    if waiting:
        # The way on leads through the sign-in page, which asks for the second step.
        session.clear()
        session[HALF] = token
        return
    if found is None:
        raise SignInRequired
    session.clear()
    session.permanent = True
    g.pop("actor", None)
    login_user(SignedIn(token, found))
    remember_browser(found.public_id)


def local_path(target: str | None) -> str:
    r"""The target if it is a path of this site, else the home page; the only such check there is.

    ``//evil``, ``/\evil`` and ``https:/evil`` look like paths to people and like hosts to browsers, which also drop
    tabs and line ends wherever they stand: ``/<tab>/evil``. (tests/faults/test_way_onward.py asks a browser's parser.)
    """
    text = (target or "").strip()
    odd = any(ord(c) < 33 or c == "\x7f" or c == "\\" or 0xD800 <= ord(c) < 0xE000 for c in text)
    if odd or not text.startswith("/") or text.startswith("//") or len(text) > LONGEST:
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    if parts.netloc or parts.scheme or parts.path.startswith("//") or not _is_page(text):
        return HOME
    return text


def _is_page(path: str) -> bool:
    """Whether one can go there by a link: an address that only takes forms answers 405 to a browser."""
    try:
        current_app.url_map.bind("").match(urlsplit(path).path, method="GET")
    except MethodNotAllowed:
        return False
    except HTTPException:
        return True  # gone or never there: the page that says so is a page
    return True
