"""Account changes made inside the transaction that changes people."""

from sqlalchemy import select, update

from academy.accounts.grants import end_grants
from academy.accounts.models import Account, ActivationCode
from academy.accounts.privacy_requests import keep_erased
from academy.accounts.sessions import end_sessions
from academy.core import clock
from academy.core.database import Tx
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.api import MembersChanged
from academy.people.models import Member


@jobs.handles(MembersChanged, in_transaction=True)
def end_grants_of_departed(tx: Tx, event: MembersChanged) -> None:
    """End sessions, roles and codes of members who left or died; nothing is restored should they return."""
    for start in range(0, len(event.member_ids), 5000):
        changed = event.member_ids[start : start + 5000]
        gone = list(
            tx.scalars(
                select(Account.id)
                .join(Member, Member.id == Account.member_id)
                .where(people.among(tx, Member.id, changed), Member.status.not_in(people.PRESENT_STATUSES))
            )
        )
        end_sessions(tx, gone)
        end_grants(tx, gone)
        left = select(Member.id).where(
            people.among(tx, Member.id, changed), Member.status.not_in(people.PRESENT_STATUSES)
        )
        now = clock.now()
        tx.execute(
            update(ActivationCode)
            .where(ActivationCode.member_id.in_(left), ActivationCode.expires_at > now)
            .values(expires_at=now)
            .execution_options(synchronize_session=False)
        )


@jobs.handles(MembersChanged, in_transaction=True)
def reapply_erasures(tx: Tx, event: MembersChanged) -> None:
    """A roster may name a phone that its owner had erased: erase it again."""
    keep_erased(tx, event.member_ids)
