"""What happens to accounts in the transaction that changes people."""

from sqlalchemy import select, update

from academy.accounts.grants import end_grants
from academy.accounts.models import Account, ActivationCode
from academy.accounts.own_data import keep_erased
from academy.accounts.sessions import end_sessions
from academy.core import clock
from academy.core.db import Tx
from academy.jobs import within
from academy.members.facts import MembersChanged
from academy.members.models import Member
from academy.members.queries import among
from academy.members.rules import HERE


@within(MembersChanged)
def end_what_who_left_may_do(tx: Tx, fact: MembersChanged) -> None:
    """Who has left or died is signed out everywhere at once, holds no office from today on, and their codes open
    nothing: should they come back, nothing of it comes back with them."""
    for start in range(0, len(fact.member_ids), 5000):
        changed = fact.member_ids[start : start + 5000]
        gone = list(
            tx.scalars(
                select(Account.id)
                .join(Member, Member.id == Account.member_id)
                .where(among(tx, Member.id, changed), Member.status.not_in(HERE))
            )
        )
        end_sessions(tx, gone)
        end_grants(tx, gone)
        left = select(Member.id).where(among(tx, Member.id, changed), Member.status.not_in(HERE))
        now = clock.now()
        tx.execute(
            update(ActivationCode)
            .where(ActivationCode.member_id.in_(left), ActivationCode.expires_at > now)
            .values(expires_at=now)
            .execution_options(synchronize_session=False)
        )


@within(MembersChanged)
def keep_erased_what_was_erased(tx: Tx, fact: MembersChanged) -> None:
    """A roster may name a phone that its owner had erased here."""
    keep_erased(tx, fact.member_ids)
