"""Coming in: a session's token into the cookie, and where to go afterwards."""

from urllib.parse import urlsplit

from flask import g, session
from flask_login import login_user

from academy.accounts.queries import identity_of
from academy.core.errors import SignInRequired
from academy.doors.context import reading
from academy.doors.install import SignedIn

HOME = "/"


def enter(token: str) -> None:
    """Carry the session from now on. The cookie is emptied first: nothing set beforehand survives.

    Raises:
        SignInRequired: the token's session has ended meanwhile.
    """
    with reading() as tx:
        found = identity_of(tx, token)
    if found is None:
        raise SignInRequired
    session.clear()
    session.permanent = True
    g.pop("actor", None)
    login_user(SignedIn(token, found))


def local_path(target: str | None) -> str:
    r"""The target if it is a path of this site, else the home page.

    ``//evil``, ``/\evil`` and ``https:/evil`` look like paths to people and like hosts to browsers.
    """
    text = (target or "").strip()
    plain = text.startswith("/") and not text.startswith(("//", "/\\")) and "\\" not in text
    if not plain or any(ord(c) < 32 for c in text) or urlsplit(text).netloc:
        return HOME
    return text
