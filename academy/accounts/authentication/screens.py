"""Sign-in of a public screen by phone: the screen shows a QR code, the phone confirms it.

Nobody types a password in front of a hall. The screen's session may show lectures but nothing personal, holds no
roles, and ends after a few hours.
"""

import datetime as dt
import secrets

from sqlalchemy import select, update

from academy.accounts.models import Account, LoginSession, ScreenLogin
from academy.accounts.queries import digest, is_usable
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid, NotFound
from academy.core.i18n import msg
from academy.core.runtime import Runtime

WAIT = dt.timedelta(minutes=2)


def offer_screen_code(tx: Tx, device: str, network: str) -> tuple[ScreenLogin, str]:
    """Create a code for a screen and the secret that only the screen keeps."""
    secret = secrets.token_urlsafe(32)
    row = ScreenLogin(
        digest=digest(secret),
        number=10 + secrets.randbelow(90),
        device=device[:120],
        network=network[:64],
        expires_at=clock.now() + WAIT,
    )
    tx.add(row)
    tx.flush()
    return row, secret


def find_waiting_screen(tx: Tx, secret: str) -> ScreenLogin | None:
    """The pending request of the screen with this secret: answered or not, but neither used nor expired."""
    return tx.scalar(
        select(ScreenLogin).where(
            ScreenLogin.digest == digest(secret), ScreenLogin.used_at.is_(None), ScreenLogin.expires_at > clock.now()
        )
    )


def find_scanned_screen(tx: Tx, code: str) -> ScreenLogin:
    """The request whose code was scanned.

    Raises:
        NotFound: expired, answered or unknown.
    """
    row = tx.scalar(
        select(ScreenLogin)
        .where(ScreenLogin.code == code, ScreenLogin.answered_at.is_(None), ScreenLogin.expires_at > clock.now())
        .with_for_update()
    )
    if row is None:
        raise NotFound(msg("这个二维码已经过期。请在大屏上换一个再扫。"))
    return row


def screen_choices(row: ScreenLogin) -> list[int]:
    """Three numbers to choose from, one of them right; the same three each time the page is opened."""
    spread = int(digest(row.digest)[:8], 16)
    others = [10 + (row.number - 10 + 1 + (spread >> (8 * n)) % 44 + 44 * n) % 90 for n in range(2)]
    return sorted([row.number, *others])


def answer_screen(tx: Tx, actor: Actor, code: str, number: int | None) -> None:
    """Confirm by choosing the number that the screen shows, or refuse with None.

    Raises:
        NotFound: expired or already answered.
        Invalid: a wrong number. It also voids the code: otherwise a guess would succeed one time in three.
    """
    row = find_scanned_screen(tx, code)
    account = tx.get_one(Account, actor.account_id)
    row.answered_at = clock.now()
    right = number == row.number
    if right:
        row.account_id = account.id
    tx.flush()
    verb = "screen.let-in" if right else "screen.refused"
    record(tx, actor, verb, f"account:{account.public_id}", device=row.device, screen_network=row.network)


def is_screen_let_in(tx: Tx, code: str, actor: Actor) -> bool:
    """Whether this person confirmed this screen."""
    found = tx.scalar(select(ScreenLogin.account_id).where(ScreenLogin.code == code))
    return found is not None and found == actor.account_id


def claim_screen_session(tx: Tx, runtime: Runtime, secret: str) -> str | None:
    """The token of the screen's session, once, after the phone confirmed; None before."""
    now = clock.now()
    account_id = tx.scalar(
        update(ScreenLogin)
        .where(
            ScreenLogin.digest == digest(secret),
            ScreenLogin.account_id.is_not(None),
            ScreenLogin.used_at.is_(None),
            ScreenLogin.expires_at > now,
        )
        .values(used_at=now)
        .returning(ScreenLogin.account_id)
    )
    account = tx.get(Account, account_id) if account_id is not None else None
    if account is None or not is_usable(tx, account.id):
        return None
    row = tx.scalars(select(ScreenLogin).where(ScreenLogin.digest == digest(secret))).one()
    token = secrets.token_urlsafe(32)
    tx.add(
        LoginSession(
            digest=digest(token),
            account_id=account.id,
            device=row.device,
            screen=True,
            expires_at=now + dt.timedelta(minutes=runtime.settings.screen_minutes),
        )
    )
    tx.flush()
    actor = Actor(account_id=account.id, member_id=account.member_id, network=row.network)
    record(tx, actor, "sign-in.screen", f"account:{account.public_id}")
    return token


def wrong_screen_number() -> Invalid:
    """The error shown on the phone after a wrong number."""
    return Invalid(msg("数字不对，这次登录已取消。如果二维码是别人发来的，请不要理会。"))
