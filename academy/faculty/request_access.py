"""Who sees topic requests and who decides on them. Ids from users are resolved only here."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.faculty.access import require_programme_office
from academy.faculty.request_models import TopicRequest


def access_request(tx: Tx, actor: Actor, public_id: str) -> TopicRequest:
    """A request, for everybody who is signed in: topics are public, who asked for them is not.

    Raises:
        NotFound: there is none, or nobody is signed in.
    """
    row = tx.scalar(
        select(TopicRequest)
        .where(TopicRequest.public_id == public_id)
        .options(
            joinedload(TopicRequest.category),
            joinedload(TopicRequest.training_class),
            joinedload(TopicRequest.merged_into),
        )
    )
    if row is None or actor.is_anonymous:
        raise NotFound
    return row


def access_request_to_decide(tx: Tx, actor: Actor, public_id: str) -> TopicRequest:
    """A request, for the programme office.

    Raises:
        NotFound: there is none.
        Forbidden: the actor does not run the programme.
    """
    require_programme_office(actor, f"topic:{public_id}")
    return access_request(tx, actor, public_id)
