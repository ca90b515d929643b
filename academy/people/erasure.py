"""What may go when somebody asks for it; name, number, organisation and dates are the register's and stay."""

from collections.abc import Sequence

from sqlalchemy import update

from academy.core.database import Tx
from academy.people.models import Member


def erase_particulars(tx: Tx, member_ids: Sequence[int]) -> None:
    """Delete phone and education of these members."""
    tx.execute(
        update(Member)
        .where(Member.id.in_(member_ids))
        .values(phone_sealed=None, phone_index=None, education=None)
        .execution_options(synchronize_session="fetch")
    )
