"""The outbox: committed events become jobs, each exactly once."""

from sqlalchemy import select, update

from academy.core import clock
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.jobs import events
from academy.jobs.models import Job, OutboxEvent

BATCH = 200


def deliver(runtime: Runtime) -> int:
    """Turn undelivered events into jobs, one a handler; returns how many there were.

    Workers skip events locked by others, and mark them in the transaction that writes their jobs: a worker that dies in
    between has delivered nothing.
    """
    with runtime.db.read() as tx:
        if tx.scalar(select(OutboxEvent.id).where(OutboxEvent.delivered_at.is_(None)).limit(1)) is None:
            return 0
    return runtime.db.run_in_transaction(_deliver)


def _deliver(tx: Tx) -> int:
    waiting = (
        select(OutboxEvent.id)
        .where(OutboxEvent.delivered_at.is_(None))
        .order_by(OutboxEvent.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    taken = tx.execute(
        update(OutboxEvent)
        .where(OutboxEvent.id.in_(tx.scalars(waiting).all()), OutboxEvent.delivered_at.is_(None))
        .values(delivered_at=clock.now())
        .returning(OutboxEvent.id, OutboxEvent.kind, OutboxEvent.payload)
        .execution_options(synchronize_session=False)
    ).all()
    for _, kind, payload in sorted(taken, key=lambda row: row.id):
        tx.add_all(Job(name=name, args=payload) for name in events.subscribers(kind))
    return len(taken)
