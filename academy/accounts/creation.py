"""Accounts are created by the operator, or for a member who signs in for the first time."""

from sqlalchemy import select

from academy.accounts.models import NAME_LENGTH, Account
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.people.api import Member


def create_account(
    tx: Tx,
    actor: Actor,
    *,
    username: str,
    display_name: str,
    member: Member | None = None,
    password_hash: str | None = None,
) -> Account:
    """Create an account; `password_hash` comes from `passwords.hash_password`, computed beforehand.

    Raises:
        Invalid: the username is blank, longer than 60 characters, or taken.
    """
    username = tidy_text(username, NAME_LENGTH + 1)
    if not 1 <= len(username) <= NAME_LENGTH or not username.isprintable():
        raise Invalid(fields={"username": msg("账号为 1 到 60 个字。")})
    taken = Invalid(fields={"username": msg("账号“%(username)s”已经有了。", username=username)})
    if tx.scalar(select(Account.id).where(Account.username == username)):
        raise taken
    account = Account(
        username=username,
        display_name=display_name[:60],
        member_id=member.id if member else None,
        password_hash=password_hash,
    )
    with unique_or(tx, taken):
        tx.add(account)
    record(tx, actor, "account.created", f"account:{account.public_id}")
    return account


def account_for_member(tx: Tx, member: Member) -> Account:
    """The member's account, created on first use.

    Raises:
        Conflict: the account is frozen or closed.
    """
    lock_row(tx, member)  # two devices that sign the same member in for the first time
    account = tx.scalar(select(Account).where(Account.member_id == member.id))
    if account is not None:
        if account.state != "active":
            raise Conflict(msg("这个账号已停用，请联系管理员。"))
        return account
    actor = Actor(member_id=member.id)
    return create_account(tx, actor, username=member.number, display_name=member.name, member=member)
