"""What to do when two people insert the same unique key in the same second.

A look before an insert shows a sentence to one who comes later; it cannot see what another transaction
has not committed. On PostgreSQL the second insert then waits and fails, and without these helpers that
failure is a crash page. The insert runs in a savepoint, so the transaction around it goes on.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import inspect, select
from sqlalchemy.exc import IntegrityError

from academy.core import collisions
from academy.core.database import Base, Tx
from academy.core.errors import AcademyError

Row = TypeVar("Row", bound=Base)


@contextmanager
def unique_or(tx: Tx, error: AcademyError) -> Iterator[None]:
    """Rows added in the block are inserted at its end; `error` is raised when one of their keys is taken.

    What was pending before the block is written first, outside the savepoint: its failure is not this one's.
    """
    tx.flush()
    try:
        with tx.begin_nested():
            yield
    except IntegrityError as failure:
        if collisions.is_duplicate(failure):
            raise error from None
        raise


def get_or_create(tx: Tx, model: type[Row], key: Mapping[str, Any], **values: Any) -> tuple[Row, bool]:
    """The row of that unique key, and whether it was made just now.

    With two at once, one makes it and the other gets the same row. `values` fill a new row only.
    """
    query = select(model).filter_by(**key)
    found = tx.scalar(query)
    if found is not None:
        return found, False
    tx.flush()
    made = model(**key, **values)
    try:
        with tx.begin_nested():
            tx.add(made)
    except IntegrityError as failure:
        found = tx.scalar(query) if collisions.is_duplicate(failure) else None
        if found is None:
            raise
        return found, False
    return made, True


def lock_row(tx: Tx, row: Base) -> None:
    """Queue behind whoever holds this row, and see what they left; held until the transaction ends.

    Rows that only point at it may still be inserted meanwhile. On SQLite the write transaction is the queue.
    """
    tx.flush()
    if row in tx:
        tx.refresh(row, with_for_update={"key_share": True, "of": type(row)})
        return
    # Read in another transaction: there is nothing of this one's to bring up to date.
    key = inspect(row).identity
    tx.get_one(type(row), key, with_for_update={"key_share": True, "of": type(row)}, populate_existing=True)
