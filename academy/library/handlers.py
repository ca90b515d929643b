"""Handlers of the library: changes of people, and captions recognised by speech recognition."""

from sqlalchemy import update

from academy.accounts.api import PersonErased
from academy.core.database import Tx
from academy.jobs import api as jobs
from academy.library import proposals
from academy.library.models import Complaint
from academy.media.api import SpeechRecognised
from academy.media.models import Asset, Transcription


@jobs.handles(PersonErased, in_transaction=True)
def blank_complaints(tx: Tx, event: PersonErased) -> None:
    """Erase the text of a person's complaints with their data; the answer and its day stay."""
    tx.execute(update(Complaint).where(Complaint.account_id == event.account_id).values(body="—"))


@jobs.handles(SpeechRecognised, in_transaction=True)
def keep_recognised_captions(tx: Tx, event: SpeechRecognised) -> None:
    """Recognised captions: stored before publication, proposed after it, ignored where people wrote some."""
    asset, row = tx.get_one(Asset, event.asset_id), tx.get(Transcription, event.asset_id)
    if not proposals.keep_recognised(tx, asset, event.cues) and row is not None:
        row.state = "kept"
