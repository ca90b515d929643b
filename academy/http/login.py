"""Sign-in: storing a session's token in the cookie."""

from flask import g, session
from flask_login import login_user

from academy.accounts import api as accounts
from academy.core.errors import SignInRequired
from academy.http.known_browsers import remember_browser
from academy.http.request_context import reading
from academy.http.request_hooks import SignedIn

HALF = "half"
"""Cookie key of the token of a session that waits for its second step."""


def start_session(token: str) -> None:
    """Use this session from now on, or wait for its second step.

    The cookie is emptied first, which prevents session fixation.

    Raises:
        SignInRequired: the token's session has ended meanwhile.
    """
    with reading() as tx:
        found = accounts.identity_of(tx, token)
        waiting = found is None and accounts.session_awaiting_second_step(tx, token) is not None
    if waiting:
        # Continue at the sign-in page, which asks for the second step.
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
