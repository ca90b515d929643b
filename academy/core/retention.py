"""Deletion of expired rows in batches, so that nobody waits for the nightly run."""

import datetime as dt

from sqlalchemy import ColumnElement, delete, inspect, select

from academy.core import clock
from academy.core.database import Base, Database, Tx

BATCH = 2_000


def delete_in_batches(db: Database, model: type[Base], *conditions: ColumnElement[bool]) -> int:
    """Delete the rows of a table that meet every condition, each batch in a transaction of its own."""
    (key,) = inspect(model).primary_key
    total = 0

    def write(tx: Tx) -> int:
        some = tx.scalars(select(key).where(*conditions).limit(BATCH)).all()
        if some:
            tx.execute(delete(model).where(key.in_(some)).execution_options(synchronize_session=False))
        return len(some)

    while True:
        deleted = db.run_in_transaction(write)
        total += deleted
        if deleted < BATCH:
            return total


def days_ago(days: int) -> dt.datetime:
    """The moment before which rows kept for so many days are expired."""
    return clock.now() - dt.timedelta(days=days)
