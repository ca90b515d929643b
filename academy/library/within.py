"""What happens in the library in the transaction that changes people."""

from sqlalchemy import update

from academy.accounts.facts import PersonErased
from academy.core.db import Tx
from academy.jobs import within
from academy.library.models import Complaint


@within(PersonErased)
def blank_complaints(tx: Tx, fact: PersonErased) -> None:
    """What somebody wrote into the box goes with them; the answer and its day stay."""
    tx.execute(update(Complaint).where(Complaint.account_id == fact.account_id).values(body="—"))
