"""The outbox: events that were committed with the rows they speak of become jobs, each exactly once."""

from sqlalchemy import select, update

from academy.core import clock
from academy.core.db import Tx
from academy.core.house import House
from academy.jobs import facts
from academy.jobs.models import Job, OutboxFact

BATCH = 200


def deliver(house: House) -> int:
    """Turn undelivered events into jobs, one a handler; returns how many there were.

    Of several workers each takes events that no other is taking, and marks them in the transaction that
    writes their jobs: a worker that dies in between has delivered nothing.
    """
    with house.db.read() as tx:
        if tx.scalar(select(OutboxFact.id).where(OutboxFact.delivered_at.is_(None)).limit(1)) is None:
            return 0
    return house.db.run_in_transaction(_deliver)


def _deliver(tx: Tx) -> int:
    waiting = (
        select(OutboxFact.id)
        .where(OutboxFact.delivered_at.is_(None))
        .order_by(OutboxFact.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    taken = tx.execute(
        update(OutboxFact)
        .where(OutboxFact.id.in_(tx.scalars(waiting).all()), OutboxFact.delivered_at.is_(None))
        .values(delivered_at=clock.now())
        .returning(OutboxFact.id, OutboxFact.kind, OutboxFact.payload)
        .execution_options(synchronize_session=False)
    ).all()
    for _, kind, payload in sorted(taken, key=lambda row: row.id):
        tx.add_all(Job(name=name, args=payload) for name in facts.subscribers(kind))
    return len(taken)
