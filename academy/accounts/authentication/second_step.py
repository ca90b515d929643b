"""Second step of signing in: a code from an authenticator app, or one of ten printed recovery codes."""

import dataclasses
import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from typing import TypeVar

from sqlalchemy import delete, select, update

from academy.accounts.authentication import throttle, totp
from academy.accounts.events import AccountTouched
from academy.accounts.models import Account, LoginSession, RecoveryCode, SecondFactor
from academy.accounts.queries import digest, may_sign_in, read_code
from academy.accounts.sessions import end_sessions, expires_at
from academy.core import clock, keyed
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.crypto import Sealer
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.ids import new_code
from academy.core.runtime import Runtime
from academy.core.unique import get_or_create
from academy.jobs import api as jobs

T = TypeVar("T")

CONTEXT = "account.totp"
PAPER = 10
REPLACING = dt.timedelta(minutes=10)
"""How long a replacement phone may be set up after the old code was shown."""
PAPER_LENGTH = 24
"""Letters of a recovery code: 118 bits (OWASP ASVS 6.5.2 asks for 112). Those of earlier releases have 39."""


def begin_second_step(tx: Tx, runtime: Runtime, actor: Actor, *, session_id: int) -> str:
    """Create a secret for an authenticator app; it has no effect before `confirm_second_step`.

    The secret belongs to this session alone: one shown in another session, perhaps to a thief, can never be confirmed.

    Raises:
        Conflict: there is a second step, and no `replace_second_step` of it is under way in this session.
    """
    factor = tx.get(SecondFactor, actor.account_id, with_for_update=True, populate_existing=True)
    if factor is not None and factor.confirmed_at is not None:
        if not _is_replacing(factor, session_id) or factor.next_secret_sealed is None:
            raise Conflict(msg("两步验证已经开启。"))
        return runtime.sealer.open(factor.next_secret_sealed, context=CONTEXT)
    if factor is not None and factor.session_id == session_id:
        return runtime.sealer.open(factor.secret_sealed, context=CONTEXT)
    secret = totp.new_secret()
    sealed = runtime.sealer.seal(secret, context=CONTEXT)
    made = {"secret_sealed": sealed, "session_id": session_id}
    if factor is None:
        factor, is_new = get_or_create(tx, SecondFactor, {"account_id": actor.account_id}, **made)
        if not is_new and factor.session_id == session_id:
            return runtime.sealer.open(factor.secret_sealed, context=CONTEXT)
    factor.secret_sealed, factor.session_id, factor.last_step = sealed, session_id, 0
    return secret


def replace_second_step(runtime: Runtime, actor: Actor, code: str, *, session_id: int) -> None:
    """Start moving the second step to another phone; requires a code of the present one or a recovery code.

    For ten minutes, and in this session alone, `begin_second_step` gives the new secret and `confirm_second_step`
    activates it. Opens its own
    transactions, as `verify_second_step` does.

    Raises:
        Invalid: the code is wrong.
        Busy: too many wrong codes.
        Conflict: there is no second step.
    """

    def write(tx: Tx, factor: SecondFactor, account: Account) -> None:
        factor.next_secret_sealed = runtime.sealer.seal(totp.new_secret(), context=CONTEXT)
        factor.next_until, factor.session_id = clock.now() + REPLACING, session_id
        record(tx, actor, "second-step.replacing", f"account:{account.public_id}")

    _when_shown(runtime, actor, code, write)


def confirm_second_step(tx: Tx, runtime: Runtime, actor: Actor, code: str, *, session_id: int) -> list[str]:
    """Activate the secret once the app has produced a valid code; returns the recovery codes.

    Other sessions end: they were opened by a password alone, or on the phone that is replaced. For holders of roles the
    first second step waits for approval; a replacement inherits the approval of the one before.

    Raises:
        Invalid: the code is wrong.
        Conflict: nothing was begun in this session.
    """
    factor = tx.get(SecondFactor, actor.account_id, with_for_update=True, populate_existing=True)
    if factor is None or factor.session_id != session_id:
        raise Conflict(msg("请重新开始设置两步验证。"))
    again = factor.confirmed_at is not None
    if again:
        if not _is_replacing(factor, session_id) or factor.next_secret_sealed is None:
            raise Conflict(msg("请重新开始设置两步验证。"))
        # The last used time step belongs to the old secret and says nothing about the new one's codes.
        factor.last_step = _step(runtime, factor.next_secret_sealed, code, 0)
        factor.secret_sealed, factor.next_secret_sealed, factor.next_until = factor.next_secret_sealed, None, None
    else:
        _use(runtime, factor, code)
        factor.confirmed_at = clock.now()
    if factor.approved_at is None:
        factor.check_number = f"{secrets.randbelow(10**6):06}"
    end_sessions(tx, [factor.account_id], but=session_id)
    account = tx.get_one(Account, factor.account_id)
    record(tx, actor, "second-step.replaced" if again else "second-step.enabled", f"account:{account.public_id}")
    jobs.publish(tx, AccountTouched(account.id, "second-step-replaced" if again else "second-step"))
    return _new_paper(tx, actor)


def _is_replacing(factor: SecondFactor, session_id: int) -> bool:
    return factor.session_id == session_id and factor.next_until is not None and factor.next_until > clock.now()


@dataclasses.dataclass(frozen=True)
class State:
    """State of an account's second step."""

    is_on: bool = False
    is_replacing: bool = False
    """Another phone is being set up in this session."""
    check_number: str = ""
    """Check number for the security officer; empty once approved."""


def second_step_state(tx: Tx, actor: Actor, *, session_id: int) -> State:
    """The state shown on the owner's page."""
    factor = tx.get(SecondFactor, actor.account_id)
    if factor is None or factor.confirmed_at is None:
        return State()
    number = "" if factor.approved_at is not None else factor.check_number
    return State(is_on=True, is_replacing=_is_replacing(factor, session_id), check_number=number)


def _when_shown(runtime: Runtime, actor: Actor, code: str, work: Callable[[Tx, SecondFactor, Account], T]) -> T:
    """`work` in a transaction for who has shown the phone, or a code on paper; wrong codes are counted.

    Raises:
        Invalid: the code is wrong.
        Busy: too many wrong codes.
        Conflict: there is no second step.
    """
    with runtime.db.read() as tx:
        account = tx.get_one(Account, actor.account_id)
        counters = throttle.keys("second-step", f"account:{account.public_id}", actor.network)
        throttle.check(tx, counters)
    runtime.db.run_in_transaction(lambda tx: throttle.reserve(tx, counters))

    def write(tx: Tx) -> T:
        factor = tx.get(SecondFactor, account.id, with_for_update=True, populate_existing=True)
        if factor is None or factor.confirmed_at is None:
            raise Conflict(msg("请先设置两步验证。"))
        if not _paper(tx, account.id, code):
            _use(runtime, factor, code)
        throttle.succeeded(tx, counters)
        return work(tx, factor, account)

    return runtime.db.run_in_transaction(write)


def renew_recovery_codes(runtime: Runtime, actor: Actor, code: str) -> list[str]:
    """Ten new codes for the day the phone is lost; older ones stop working. Shown only now.

    Requires a code of the phone (or one of the older codes), and it is on record. Opens its own
    transactions, as `verify_second_step` does.

    Raises:
        Invalid: the code is wrong.
        Busy: too many wrong codes.
        Conflict: there is no second step.
    """

    def write(tx: Tx, _: SecondFactor, account: Account) -> list[str]:
        record(tx, actor, "second-step.paper", f"account:{account.public_id}")
        jobs.publish(tx, AccountTouched(account.id, "paper-codes"))
        return _new_paper(tx, actor)

    return _when_shown(runtime, actor, code, write)


def _new_paper(tx: Tx, actor: Actor) -> list[str]:
    tx.execute(delete(RecoveryCode).where(RecoveryCode.account_id == actor.account_id))
    codes = [new_code(PAPER_LENGTH) for _ in range(PAPER)]
    tx.add_all(RecoveryCode(account_id=actor.account_id, digest=keyed.digest(code)) for code in codes)
    tx.flush()
    return codes


def remove_second_factor(tx: Tx, actor: Actor, account: Account) -> None:
    """Remove an account's second step (the phone and the paper are lost); its sessions end."""
    tx.execute(delete(SecondFactor).where(SecondFactor.account_id == account.id))
    tx.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account.id))
    end_sessions(tx, [account.id])
    record(tx, actor, "second-step.removed", f"account:{account.public_id}")
    jobs.publish(tx, AccountTouched(account.id, "second-step-removed"))


def reseal_second_steps(tx: Tx, sealer: Sealer) -> int:
    """Re-encrypt with the newest key what was sealed with another; there are hundreds of rows, not thousands.

    Raises:
        cryptography.exceptions.InvalidTag: a secret was sealed with a key that is not configured.
    """
    changed = 0
    for factor in tx.scalars(select(SecondFactor)):
        old = [factor.secret_sealed, factor.next_secret_sealed]
        new = [
            sealer.seal(sealer.open(sealed, context=CONTEXT), context=CONTEXT)
            if sealed is not None and not sealer.is_current(sealed)
            else sealed
            for sealed in old
        ]
        if new != old and new[0] is not None:
            factor.secret_sealed, factor.next_secret_sealed = new[0], new[1]
            changed += 1
    record(tx, SYSTEM, "privacy.resealed", "second-factors:all", changed=changed)
    return changed


def verify_second_step(
    runtime: Runtime, token: str, code: str, network: str = "", known: Mapping[str, str] | None = None
) -> None:
    """Complete a session that waits for its second step. Opens its own transactions, so that wrong codes are counted.

    Raises:
        Invalid: the code is wrong, used or expired, or no session waits.
        Busy: too many wrong codes.
    """
    with runtime.db.read() as tx:
        row = session_awaiting_second_step(tx, token)
        if row is None:
            raise Invalid(msg("等得太久了，请重新登录。"))
        public_id = tx.get_one(Account, row.account_id).public_id
        counters = throttle.keys("second-step", f"account:{public_id}", network, (known or {}).get(public_id, ""))
        throttle.check(tx, counters)
    runtime.db.run_in_transaction(lambda tx: throttle.reserve(tx, counters))

    def write(tx: Tx) -> None:
        _pass(tx, runtime, row.id, code, network)
        throttle.succeeded(tx, counters)

    runtime.db.run_in_transaction(write)


def session_awaiting_second_step(tx: Tx, token: str) -> LoginSession | None:
    """The session of this token, if it waits for its second step."""
    return tx.scalar(
        select(LoginSession)
        .join(Account, Account.id == LoginSession.account_id)
        .where(
            LoginSession.digest == digest(token),
            LoginSession.pending.is_(True),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > clock.now(),
            may_sign_in(),
        )
    )


def _pass(tx: Tx, runtime: Runtime, session_id: int, code: str, network: str) -> None:
    session = tx.get_one(LoginSession, session_id)
    factor = tx.get(SecondFactor, session.account_id, with_for_update=True, populate_existing=True)
    account = tx.get_one(Account, session.account_id)
    if factor is not None and not _paper(tx, account.id, code):
        _use(runtime, factor, code)
    session.pending = False
    session.expires_at = expires_at(runtime, clock.now(), clock.now())
    actor = Actor(account_id=account.id, member_id=account.member_id, network=network)
    record(tx, actor, "second-step.passed", f"account:{account.public_id}")


def _use(runtime: Runtime, factor: SecondFactor, code: str) -> None:
    # A code that somebody read over a shoulder is useless once it has been used.
    factor.last_step = _step(runtime, factor.secret_sealed, code, factor.last_step)


def _step(runtime: Runtime, sealed: bytes, code: str, last_step: int) -> int:
    secret = runtime.sealer.open(sealed, context=CONTEXT)
    step = totp.matching_step(secret, read_code(code), clock.now().timestamp(), last_step)
    if step is None:
        raise Invalid(fields={"code": msg("验证码不对，请看手机上最新的六位数字。")})
    return step


def _paper(tx: Tx, account_id: int, code: str) -> bool:
    hit = tx.scalar(
        update(RecoveryCode)
        .where(
            RecoveryCode.account_id == account_id,
            RecoveryCode.digest.in_(keyed.digests(read_code(code))),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return hit is not None
