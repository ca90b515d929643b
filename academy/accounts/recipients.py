"""Accounts that messages may be sent to: an account that may sign in, of a person who is present and not restricted."""

import dataclasses
from collections.abc import Collection

from sqlalchemy import exists, or_, select

from academy.accounts.models import Account, Restriction
from academy.accounts.queries import may_sign_in
from academy.core.database import Tx
from academy.people.models import Member


@dataclasses.dataclass(frozen=True)
class Recipient:
    """Where messages to one account may go. Holds no name."""

    account_id: int
    public_id: str
    member_id: int | None
    number: str | None
    """The register's member number, by which the city's app knows a person."""
    language: str | None
    phone_sealed: bytes | None


def list_recipients(tx: Tx, account_ids: Collection[int] = (), member_ids: Collection[int] = ()) -> list[Recipient]:
    """Recipients among these accounts and the accounts of these members.

    Left out is everybody who must get nothing: accounts that are frozen or closed, members who left or died, and people
    whose data is frozen or erased.
    """
    rows = tx.execute(
        select(Account.id, Account.public_id, Account.member_id, Member.number, Account.language, Member.phone_sealed)
        .outerjoin(Member, Member.id == Account.member_id)
        .where(
            or_(Account.id.in_(account_ids), Account.member_id.in_(member_ids)),
            may_sign_in(),
            ~exists().where(Restriction.member_id == Account.member_id).correlate(Account),
        )
        .order_by(Account.id)
    )
    return [Recipient(*row) for row in rows]


def recipient_of(tx: Tx, public_id: str) -> Recipient | None:
    """The recipient with this public id; None for somebody who must get nothing."""
    account_id = tx.scalar(select(Account.id).where(Account.public_id == public_id))
    found = list_recipients(tx, [account_id]) if account_id is not None else []
    return found[0] if found else None
