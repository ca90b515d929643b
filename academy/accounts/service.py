"""Signing in, passwords, activation, settings of one's own account."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import update

from academy.accounts.authentication import passwords, throttle
from academy.accounts.authentication.reauthentication import own_password
from academy.accounts.creation import account_for_member
from academy.accounts.events import AccountTouched
from academy.accounts.models import NUMBER_LENGTH, Account, ActivationCode, Restriction
from academy.accounts.queries import (
    account_by_number,
    account_of_member,
    find_account,
    holds_by_code,
    offices_of_member,
    read_code,
)
from academy.accounts.sessions import end_sessions, open_session
from academy.core import clock, keyed
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.ids import new_digits
from academy.core.runtime import Runtime
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.api import Member, Unreadable
from academy.people.models import Organisation

CODE_DAYS = 14
CODE_DIGITS = 12
"""As hard to guess as eight letters and digits (40 bits), and typed on a keypad of large keys."""


WRONG_CODE = msg("编号或激活码不对，或激活码已过期。请核对后再试，或请支部重新发一个。")


class WrongPassword(Invalid):
    """The name or the password is wrong; the error does not say which."""

    def __init__(self) -> None:
        super().__init__(msg("账号或密码不对，请再试一次。"))


def sign_in(
    runtime: Runtime,
    username: str,
    password: str,
    network: str = "",
    device: str = "",
    known: Mapping[str, str] | None = None,
) -> str:
    """Sign in with a password; returns the token of a new session. `username` may be a member number or phone.

    `known` are the accounts (public ids) that signed in from this browser before, each with the browser's token: see
    `throttle`.

    Opens its own short transactions: hashing must not hold the write lock, and an attempt is counted before it is
    checked. The same work is done whether or not the account exists.

    Raises:
        WrongPassword: wrong, unknown, frozen or without a password; all alike and equally slow.
        Busy: too many wrong attempts.
    """
    with runtime.db.read() as tx:
        account = find_account(tx, username, phone_index_of(runtime, username))
        counters = _counters("sign-in", account, username, network, known)
        throttle.check(tx, counters)
        kept = account.password_hash if account else None
    with passwords.waiting_slot():
        runtime.db.run_in_transaction(lambda tx: throttle.reserve(tx, counters))
        right = passwords.verify_password(kept, password)

    def write(tx: Tx) -> str | None:
        if account is not None and right:
            throttle.succeeded(tx, counters)
            return open_session(tx, runtime, account, network, device)
        target = f"account:{account.public_id}" if account else "account:unknown"
        record(tx, Actor(network=network), "sign-in.failed", target)
        return None

    opened = runtime.db.run_in_transaction(write)
    if opened is None:
        raise WrongPassword
    return opened


def _counters(
    kind: str, account: Account | None, typed: str, network: str, known: Mapping[str, str] | None
) -> dict[str, throttle.Limit]:
    """The throttle counters of an attempt on this account, or on an unknown name as typed."""
    if account is None:
        return throttle.keys(kind, throttle.unknown(typed), network)
    browser = (known or {}).get(account.public_id, "")
    return throttle.keys(kind, f"account:{account.public_id}", network, browser)


def phone_index_of(runtime: Runtime, text: str) -> str | None:
    """The blind index of the typed text, if it may be a phone."""
    if not people.looks_like_phone(text):
        return None
    try:
        phone = people.read_phone(text)
    except Unreadable:
        return None
    return runtime.sealer.blind_index(phone, context=people.PHONE_FIELD) if phone else None


def set_password(
    tx: Tx, actor: Actor, account: Account, password_hash: str, *, keep_session: int | None = None
) -> None:
    """Set an account's password (its hash, computed beforehand); its other sessions end."""
    account = tx.get_one(Account, account.id)
    account.password_hash = password_hash
    end_sessions(tx, [account.id], but=keep_session)
    tx.flush()
    record(tx, actor, "account.password_set", f"account:{account.public_id}")
    jobs.publish(tx, AccountTouched(account.id, "password"))


def change_password(runtime: Runtime, actor: Actor, old: str, new: str, *, session_id: int) -> None:
    """Change the signed-in person's own password. Opens its own transactions, as `sign_in` does.

    Raises:
        Invalid: the old one is wrong, or the new one is not acceptable.
        Busy: too many wrong attempts.
    """
    with runtime.db.read() as tx:
        account = tx.get_one(Account, actor.account_id)
    passwords.check_new_password(new, names=(account.username, account.display_name))
    with own_password(runtime, actor, old, field="old"):
        made = passwords.hash_password(new)
    runtime.db.run_in_transaction(lambda tx: set_password(tx, actor, account, made, keep_session=session_id))


def issue_activation_code(tx: Tx, actor: Actor, member: Member) -> str:
    """Create a one-time code to give to a member in person; older unused ones become void. Returned only here.

    The code gives access to the account and to all of its roles. For a member with roles it therefore needs a security
    officer whose scope contains the member's node and the node of each role.

    Raises:
        Forbidden: the member is outside the actor's scope.
        Conflict: the member holds a role outside the scope, has left, or is restricted.
    """
    home = tx.get_one(Organisation, member.organisation_id)
    held = offices_of_member(tx, member.id)
    people.require_access(
        actor,
        home.path,
        f"member:{member.public_id}",
        *people.ROSTER_KEEPERS,
        Role.BRANCH_SECRETARY,
        Role.SECURITY_OFFICER,
    )
    paths = [home.path, *(node.path for _, node in held)]
    if held and not actor.is_system and not all(actor.may(path, Role.SECURITY_OFFICER) for path in paths):
        raise Conflict(msg("此人担任管理或教学岗位，激活码只能由安全管理员发。"))
    if member.status not in people.PRESENT_STATUSES:
        raise Conflict(msg("这位党员已不在册，不能发激活码。"))
    if tx.get(Restriction, member.id) is not None:
        raise Conflict(msg("此人要求停用或删除数据，恢复以后才能发激活码。"))
    lock_row(tx, member)  # two at once: the second's code is the valid one
    now = clock.now()
    tx.execute(
        update(ActivationCode)
        .where(ActivationCode.member_id == member.id, ActivationCode.used_at.is_(None), ActivationCode.expires_at > now)
        .values(expires_at=now)
    )
    code = new_digits(CODE_DIGITS)
    tx.add(
        ActivationCode(
            member_id=member.id,
            digest=keyed.digest(code),
            issued_by=actor.account_id,
            expires_at=now + dt.timedelta(days=CODE_DAYS),
        )
    )
    tx.flush()
    record(tx, actor, "activation.issued", f"member:{member.public_id}")
    account = account_of_member(tx, member.id)
    if account is not None:
        jobs.publish(tx, AccountTouched(account.id, "code"))
    return code


def check_activation_code(
    runtime: Runtime, number: str, code: str, network: str = "", known: Mapping[str, str] | None = None
) -> None:
    """Check a one-time code before its owner thinks of a password; it is not redeemed. Counted as an attempt.

    Opens its own transactions, as `sign_in` does.

    Raises:
        Invalid: the number or the code is wrong, used or expired (all alike).
        Busy: too many wrong attempts.
    """
    number, code = tidy_text(number, NUMBER_LENGTH), read_code(code)
    with runtime.db.read() as tx:
        counters = _counters("activate", account_by_number(tx, number), number, network, known)
        throttle.check(tx, counters)
    runtime.db.run_in_transaction(lambda tx: throttle.reserve(tx, counters))

    def write(tx: Tx) -> bool:
        if holds_by_code(tx, number, code) is None:
            record(tx, Actor(network=network), "activation.failed", "member:unknown")
            return False
        throttle.succeeded(tx, counters)
        return True

    if not runtime.db.run_in_transaction(write):
        raise Invalid(WRONG_CODE)


def activate_account(
    runtime: Runtime,
    number: str,
    code: str,
    password: str,
    network: str = "",
    device: str = "",
    known: Mapping[str, str] | None = None,
) -> str:
    """Redeem a one-time code: create the member's account or reset its password, and sign in.

    Opens its own transactions, as `sign_in` does.

    Raises:
        Invalid: the number or the code is wrong, used or expired (all alike), or the password is not acceptable.
        Busy: too many wrong attempts.
    """
    number, code = tidy_text(number, NUMBER_LENGTH), read_code(code)
    with runtime.db.read() as tx:
        counters = _counters("activate", account_by_number(tx, number), number, network, known)
        throttle.check(tx, counters)
    passwords.check_new_password(password, names=(number, code))
    with passwords.waiting_slot():
        runtime.db.run_in_transaction(lambda tx: throttle.reserve(tx, counters))
        made = passwords.hash_password(password)

    def write(tx: Tx) -> str | None:
        found = holds_by_code(tx, number, code)
        if found is None:
            record(tx, Actor(network=network), "activation.failed", "member:unknown")
            return None
        member, ticket = found
        ticket.used_at = clock.now()
        account = account_for_member(tx, member)
        set_password(tx, Actor(account_id=account.id, member_id=member.id, network=network), account, made)
        throttle.succeeded(tx, counters)
        throttle.succeeded(tx, _counters("sign-in", account, "", network, known))
        return open_session(tx, runtime, account, network, device)

    opened = runtime.db.run_in_transaction(write)
    if opened is None:
        raise Invalid(WRONG_CODE)
    return opened


def set_language(tx: Tx, actor: Actor, language: str) -> None:
    """Store a person's language."""
    if language in ("zh", "en") and actor.account_id is not None:
        tx.get_one(Account, actor.account_id).language = language


def set_elder_mode(tx: Tx, actor: Actor, on: bool) -> None:
    """Store whether a person uses elder mode (large text, one column)."""
    if actor.account_id is not None:
        tx.get_one(Account, actor.account_id).elder_mode = on


def lock_account(tx: Tx, account_id: int) -> None:
    """Lock an account's row until the transaction ends: what is counted for one person is counted one at a time.

    Raises:
        NoResultFound: there is no such account.
    """
    lock_row(tx, tx.get_one(Account, account_id))
