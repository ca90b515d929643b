"""What happens to accounts in the transaction that changes people."""

from sqlalchemy import select

from academy.accounts.models import Account
from academy.accounts.own_data import keep_erased
from academy.accounts.sessions import end_sessions
from academy.core.db import Tx
from academy.jobs import within
from academy.members.facts import MembersChanged
from academy.members.models import Member
from academy.members.rules import HERE


@within(MembersChanged)
def end_sessions_of_who_left(tx: Tx, fact: MembersChanged) -> None:
    """Who has left or died is signed out everywhere at once."""
    for start in range(0, len(fact.member_ids), 5000):
        gone = tx.scalars(
            select(Account.id)
            .join(Member, Member.id == Account.member_id)
            .where(Member.id.in_(fact.member_ids[start : start + 5000]), Member.status.not_in(HERE))
        ).all()
        end_sessions(tx, list(gone))


@within(MembersChanged)
def keep_erased_what_was_erased(tx: Tx, fact: MembersChanged) -> None:
    """A roster may name a phone that its owner had erased here."""
    keep_erased(tx, fact.member_ids)
