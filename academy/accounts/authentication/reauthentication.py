"""Showing once more who one is, before something that could shut the owner out of an account.

Source of the rule: OWASP ASVS 5.0, 7.5.1 and 7.5.2.
"""

import datetime as dt

from academy.accounts.models import Account, LoginSession
from academy.accounts.service import own_password
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.runtime import Runtime

FRESH = dt.timedelta(minutes=10)
"""For so long after signing in nobody is asked again."""


def is_fresh(tx: Tx, session_id: int) -> bool:
    """Whether this session was opened a moment ago."""
    return clock.now() - tx.get_one(LoginSession, session_id).created_at <= FRESH


def confirm_identity(runtime: Runtime, actor: Actor, password: str, *, session_id: int) -> None:
    """Have the signed-in person show who they are: by a sign-in of the last minutes, or by their password.

    Whoever has no password, because the city's app signs them on, signs on again. Opens its own transactions, as
    `service.sign_in` does.

    Raises:
        Invalid: no password (under `password`), a wrong one, or another sign-on is needed (under no field).
        Busy: too many wrong attempts.
    """
    with runtime.db.read() as tx:
        if is_fresh(tx, session_id):
            return
        has_password = tx.get_one(Account, actor.account_id).password_hash is not None
    if not has_password:
        raise Invalid(msg("为了安全，请先退出，重新登录以后再做这一步。"))
    if not password:
        raise Invalid(fields={"password": msg("请再填一次密码。")})
    with own_password(runtime, actor, password, field="password"):
        pass
