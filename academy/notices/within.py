"""What happens to messages in the transaction that changes people."""

from sqlalchemy import delete, or_

from academy.accounts.facts import PersonErased
from academy.core.db import Tx
from academy.jobs import within
from academy.notices.models import Notice


@within(PersonErased)
def delete_messages(tx: Tx, fact: PersonErased) -> None:
    """The messages of who had their data erased go."""
    mine = or_(Notice.member_id == fact.member_id, Notice.account_id == fact.account_id)
    tx.execute(delete(Notice).where(mine))
