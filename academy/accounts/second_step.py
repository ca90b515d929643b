"""The second step of signing in: a code from a phone, or one of ten codes on paper."""

from collections.abc import Mapping

from sqlalchemy import delete, select, update

from academy.accounts import throttle, totp
from academy.accounts.facts import AccountTouched
from academy.accounts.models import Account, LoginSession, RecoveryCode, SecondFactor
from academy.accounts.queries import digest, may_enter, read_code
from academy.accounts.sessions import end_sessions, until
from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.crypto import Sealer
from academy.core.db import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.house import House
from academy.core.i18n import msg
from academy.core.ids import new_code
from academy.core.unique import get_or_create
from academy.jobs import publish

CONTEXT = "account.totp"
PAPER = 10
PAPER_LENGTH = 24
"""Letters of a paper code: 118 bits, so that a plain hash keeps it (OWASP ASVS 6.5.2 asks for 112)."""


def begin(tx: Tx, house: House, actor: Actor) -> str:
    """A secret to put into an authenticator app; it counts for nothing before `confirm`.

    Raises:
        Conflict: the account has a confirmed one; it must be taken off first.
    """
    factor = tx.get(SecondFactor, actor.account_id)
    if factor is not None and factor.confirmed_at is not None:
        raise Conflict(msg("两步验证已经开启。"))
    if factor is not None:
        return house.sealer.open(factor.secret_sealed, context=CONTEXT)
    secret = totp.new_secret()
    sealed = house.sealer.seal(secret, context=CONTEXT)
    kept, is_new = get_or_create(tx, SecondFactor, {"account_id": actor.account_id}, secret_sealed=sealed)
    return secret if is_new else house.sealer.open(kept.secret_sealed, context=CONTEXT)


def confirm(tx: Tx, house: House, actor: Actor, code: str, *, session_id: int) -> list[str]:
    """The person has shown that the app works: from now on it is asked for. Returns the paper codes.

    Other sessions end: they were opened by a password alone.
    """
    factor = tx.get(SecondFactor, actor.account_id, with_for_update=True)
    if factor is None or factor.confirmed_at is not None:
        raise Conflict(msg("请重新开始设置两步验证。"))
    _use(house, factor, code)
    factor.confirmed_at = clock.now()
    end_sessions(tx, [factor.account_id], but=session_id)
    account = tx.get_one(Account, factor.account_id)
    record(tx, actor, "second-step.enabled", f"account:{account.public_id}")
    publish(tx, AccountTouched(account.id, "second-step"))
    return _new_paper(tx, actor)


def renew_paper(house: House, actor: Actor, code: str) -> list[str]:
    """Ten new codes for the day the phone is lost; older ones stop working. Shown only now.

    Whoever asks shows that they have the phone (or one of the older codes), and it is on record. Opens its own
    transactions, as `pass_step` does.

    Raises:
        Invalid: the code is wrong.
        Busy: too many wrong codes.
        Conflict: there is no second step.
    """
    with house.db.read() as tx:
        account = tx.get_one(Account, actor.account_id)
        counters = throttle.keys("second-step", f"account:{account.public_id}", actor.network)
        throttle.check(tx, counters)
    with house.db.begin() as tx:
        throttle.reserve(tx, counters)
    with house.db.begin() as tx:
        factor = tx.get(SecondFactor, account.id, with_for_update=True)
        if factor is None or factor.confirmed_at is None:
            raise Conflict(msg("请先设置两步验证。"))
        if not _paper(tx, account.id, code):
            _use(house, factor, code)
        throttle.succeeded(tx, counters)
        record(tx, actor, "second-step.paper", f"account:{account.public_id}")
        publish(tx, AccountTouched(account.id, "paper-codes"))
        return _new_paper(tx, actor)


def _new_paper(tx: Tx, actor: Actor) -> list[str]:
    tx.execute(delete(RecoveryCode).where(RecoveryCode.account_id == actor.account_id))
    codes = [new_code(PAPER_LENGTH) for _ in range(PAPER)]
    tx.add_all(RecoveryCode(account_id=actor.account_id, digest=digest(code)) for code in codes)
    tx.flush()
    return codes


def take_off(tx: Tx, actor: Actor, account: Account) -> None:
    """Remove an account's second step (the phone and the paper are lost); its sessions end."""
    tx.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    tx.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    end_sessions(tx, [account.id])
    record(tx, actor, "second-step.removed", f"account:{account.public_id}")


def reseal(tx: Tx, sealer: Sealer) -> int:
    """Seal with the newest key what was sealed otherwise; an office has hundreds of phones, not thousands.

    Raises:
        cryptography.exceptions.InvalidTag: a secret was sealed with a key that is not among ours.
    """
    changed = 0
    for factor in tx.scalars(select(SecondFactor)):
        if not sealer.is_current(factor.secret_sealed):
            secret = sealer.open(factor.secret_sealed, context=CONTEXT)
            factor.secret_sealed = sealer.seal(secret, context=CONTEXT)
            changed += 1
    record(tx, SYSTEM, "privacy.resealed", "second-factors:all", changed=changed)
    return changed


def pass_step(house: House, token: str, code: str, network: str = "", known: Mapping[str, str] | None = None) -> None:
    """Make a waiting session a whole one. Opens its own transactions, so that wrong codes are counted.

    Raises:
        Invalid: the code is wrong, used or too old, or nothing waits any longer.
        Busy: too many wrong codes.
    """
    with house.db.read() as tx:
        row = waiting_session(tx, token)
        if row is None:
            raise Invalid(msg("等得太久了，请重新登录。"))
        public_id = tx.get_one(Account, row.account_id).public_id
        counters = throttle.keys("second-step", f"account:{public_id}", network, (known or {}).get(public_id, ""))
        throttle.check(tx, counters)
    with house.db.begin() as tx:
        throttle.reserve(tx, counters)
    with house.db.begin() as tx:
        _pass(tx, house, row.id, code, network)
        throttle.succeeded(tx, counters)


def waiting_session(tx: Tx, token: str) -> LoginSession | None:
    """The session of this token, if it waits for its second step."""
    return tx.scalar(
        select(LoginSession)
        .join(Account, Account.id == LoginSession.account_id)
        .where(
            LoginSession.digest == digest(token),
            LoginSession.pending.is_(True),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > clock.now(),
            may_enter(),
        )
    )


def _pass(tx: Tx, house: House, session_id: int, code: str, network: str) -> None:
    session = tx.get_one(LoginSession, session_id)
    factor = tx.get(SecondFactor, session.account_id, with_for_update=True, populate_existing=True)
    account = tx.get_one(Account, session.account_id)
    if factor is not None and not _paper(tx, account.id, code):
        _use(house, factor, code)
    session.pending = False
    session.expires_at = until(house, clock.now(), clock.now())
    actor = Actor(account_id=account.id, member_id=account.member_id, network=network)
    record(tx, actor, "second-step.passed", f"account:{account.public_id}")


def _use(house: House, factor: SecondFactor, code: str) -> None:
    secret = house.sealer.open(factor.secret_sealed, context=CONTEXT)
    step = totp.matching_step(secret, read_code(code), clock.now().timestamp(), factor.last_step)
    if step is None:
        raise Invalid(fields={"code": msg("验证码不对，请看手机上最新的六位数字。")})
    # A code that was looked at over a shoulder is worth nothing once it has been used.
    factor.last_step = step


def _paper(tx: Tx, account_id: int, code: str) -> bool:
    hit = tx.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.digest == digest(read_code(code)),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return hit is not None
