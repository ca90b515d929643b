"""Handlers of talk inside other components' transactions: erasure."""

from sqlalchemy import delete, update

from academy.accounts.api import PersonErased
from academy.core.database import Tx
from academy.jobs import api as jobs
from academy.talk.kinds import SEEN
from academy.talk.models import Favourite, Note, Question


@jobs.handles(PersonErased, in_transaction=True)
def erase_talk(tx: Tx, event: PersonErased) -> None:
    """Delete notes, favourites and questions that nobody else sees; of those that others see the answer stays, without
    the question's words and without whose it was."""
    mine = Question.account_id == event.account_id
    tx.execute(delete(Note).where(Note.account_id == event.account_id))
    tx.execute(delete(Favourite).where(Favourite.account_id == event.account_id))
    tx.execute(delete(Question).where(mine, Question.state.not_in(SEEN) | (Question.state == "shown")))
    tx.execute(update(Question).where(mine).values(body="—", account_id=None))
