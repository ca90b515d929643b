"""What happens to messages in the transaction that changes people."""

from sqlalchemy import delete, or_

from academy.accounts.facts import DataRequestDecided, PersonErased
from academy.core.db import Tx
from academy.core.i18n import msg
from academy.jobs import within
from academy.notices.models import Notice
from academy.notices.service import notify


@within(PersonErased)
def delete_messages(tx: Tx, fact: PersonErased) -> None:
    """The messages of who had their data erased go."""
    mine = or_(Notice.member_id == fact.member_id, Notice.account_id == fact.account_id)
    tx.execute(delete(Notice).where(mine))


@within(DataRequestDecided)
def tell_who_asked(tx: Tx, fact: DataRequestDecided) -> None:
    """The answer is on the page of one's own data."""
    notify(
        tx,
        key=f"data.decided:{fact.request}",
        body=msg("您对个人信息提的要求有结果了。"),
        link="/me/data",
        account_id=fact.account_id,
        kind="data.decided",
    )
