"""Deliveries that were given up: the operator's list, and another try."""

from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.core.paging import Page, count_of, page_of
from academy.jobs import api as jobs
from academy.notifications.models import Delivery, DeliveryState

SIZE = 20
_FAILED = select(Delivery).where(Delivery.state == DeliveryState.FAILED)


def list_failed_deliveries(tx: Tx, actor: Actor, number: int = 1) -> Page[Delivery]:
    """Deliveries that were given up, newest first. They show no address and no text.

    Raises:
        Forbidden: not an operator.
    """
    _allow(actor)
    return page_of(tx, _FAILED.order_by(Delivery.id.desc()), number, SIZE)


def count_failed_deliveries(tx: Tx, actor: Actor) -> int:
    """How many deliveries `list_failed_deliveries` lists.

    Raises:
        Forbidden: not an operator.
    """
    _allow(actor)
    return count_of(tx, _FAILED)


def retry_delivery(tx: Tx, actor: Actor, public_id: str) -> None:
    """Send a delivery again that was given up; its attempts begin anew, its id stays.

    Raises:
        NotFound: there is none, or it was retried meanwhile.
        Forbidden: not an operator.
    """
    _allow(actor)
    changed = tx.execute(
        update(Delivery)
        .where(Delivery.public_id == public_id, Delivery.state == DeliveryState.FAILED)
        .values(state=DeliveryState.WAITING, attempts=0, due_at=clock.now(), error="")
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    if changed is None:
        raise NotFound
    record(tx, actor, "delivery.retried", f"delivery:{public_id}")


def _allow(actor: Actor) -> None:
    if not actor.is_system and not actor.has(*jobs.OPERATORS):
        raise Forbidden("deliveries")
