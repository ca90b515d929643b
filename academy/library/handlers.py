"""What happens in the library in the transaction that changes people, or in which a machine has written captions."""

from sqlalchemy import update

from academy.accounts.events import PersonErased
from academy.core.database import Tx
from academy.jobs import handles
from academy.library import proposals
from academy.library.models import Complaint
from academy.media.events import SpeechRecognised
from academy.media.models import Asset, Transcription


@handles(PersonErased, in_transaction=True)
def blank_complaints(tx: Tx, event: PersonErased) -> None:
    """What somebody wrote into the box goes with them; the answer and its day stay."""
    tx.execute(update(Complaint).where(Complaint.account_id == event.account_id).values(body="—"))


@handles(SpeechRecognised, in_transaction=True)
def keep_recognised_captions(tx: Tx, event: SpeechRecognised) -> None:
    """Captions by a machine: in place before publication, a proposal after it, nothing where people wrote."""
    asset, row = tx.get_one(Asset, event.asset_id), tx.get(Transcription, event.asset_id)
    if not proposals.keep_recognised(tx, asset, event.cues) and row is not None:
        row.state = "kept"
