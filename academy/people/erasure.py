"""Erasure of personal data on request; name, number, organisation and dates belong to the register and stay."""

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
