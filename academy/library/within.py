"""What happens in the library in the transaction that changes people, or in which a machine has written captions."""

from sqlalchemy import update

from academy.accounts.facts import PersonErased
from academy.core.db import Tx
from academy.jobs import within
from academy.library import proposals
from academy.library.models import Complaint
from academy.media.facts import SpeechRecognised
from academy.media.models import Asset, Hearing


@within(PersonErased)
def blank_complaints(tx: Tx, fact: PersonErased) -> None:
    """What somebody wrote into the box goes with them; the answer and its day stay."""
    tx.execute(update(Complaint).where(Complaint.account_id == fact.account_id).values(body="—"))


@within(SpeechRecognised)
def keep_recognised_captions(tx: Tx, fact: SpeechRecognised) -> None:
    """Captions by a machine: in place before publication, a proposal after it, nothing where people wrote."""
    asset, row = tx.get_one(Asset, fact.asset_id), tx.get(Hearing, fact.asset_id)
    if not proposals.keep_recognised(tx, asset, fact.cues) and row is not None:
        row.state = "kept"
