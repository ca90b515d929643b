"""Re-authentication before changes that could lock the owner out of the account.

Source of the rule: OWASP ASVS 5.0, 7.5.1 and 7.5.2.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

from academy.accounts.authentication import passwords, throttle
from academy.accounts.models import Account, LoginSession
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.runtime import Runtime

FRESH = dt.timedelta(minutes=10)
"""No re-authentication is needed for this long after signing in."""


def is_session_fresh(tx: Tx, session_id: int) -> bool:
    """Whether this session was opened recently enough."""
    return clock.now() - tx.get_one(LoginSession, session_id).created_at <= FRESH


def confirm_identity(runtime: Runtime, actor: Actor, password: str, *, session_id: int) -> None:
    """Re-authenticate the signed-in person: by a recent sign-in, or by the password.

    Accounts without a password (single sign-on) have to sign on again. Opens its own transactions, as `service.sign_in`
    does.

    Raises:
        Invalid: no password (under `password`), a wrong one, or a new sign-on is needed (under no field).
        Busy: too many wrong attempts.
    """
    with runtime.db.read() as tx:
        if is_session_fresh(tx, session_id):
            return
        has_password = tx.get_one(Account, actor.account_id).password_hash is not None
    if not has_password:
        raise Invalid(msg("为了安全，请先退出，重新登录以后再做这一步。"))
    if not password:
        raise Invalid(fields={"password": msg("请再填一次密码。")})
    with own_password(runtime, actor, password, field="password"):
        pass


@contextmanager
def own_password(runtime: Runtime, actor: Actor, password: str, *, field: str) -> Iterator[None]:
    """Context manager: verify the signed-in person's password, then run the block.

    Opens its own transactions, as `sign_in` does.

    Raises:
        Invalid: it is wrong; reported under `field`.
        Busy: too many wrong attempts.
    """
    with runtime.db.read() as tx:
        account = tx.get_one(Account, actor.account_id)
        counters = throttle.keys("password", f"account:{account.public_id}", actor.network)
        throttle.check(tx, counters)
    with passwords.waiting_slot():
        runtime.db.run_in_transaction(lambda tx: throttle.reserve(tx, counters))
        if not passwords.verify_password(account.password_hash, password):
            raise Invalid(fields={field: msg("原密码不对。") if field == "old" else msg("密码不对。")})
        runtime.db.run_in_transaction(lambda tx: throttle.succeeded(tx, counters))
        yield
