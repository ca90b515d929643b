"""Handling of two inserts of the same unique key at once.

A query before an insert gives a later user a proper message; it cannot see what another transaction has not
committed. On PostgreSQL the second insert then waits and fails, and without these helpers that failure is an error
page. The insert runs in a savepoint, so the transaction around it goes on.
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

    Pending rows from before the block are flushed first, outside the savepoint: their failure is not mapped to `error`.
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
    """The row with that unique key, and whether it was created now.

    With two at once, one creates it and the other gets the same row. `values` fill a new row only.
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
    """Lock this row until the transaction ends, after waiting for its present holder, and read its current values.

    Rows that refer to it may still be inserted meanwhile. On SQLite the write transaction is the lock.
    """
    tx.flush()
    if row in tx:
        tx.refresh(row, with_for_update={"key_share": True, "of": type(row)})
        return
    # Read in another transaction: this session holds no copy to refresh.
    key = inspect(row).identity
    tx.get_one(type(row), key, with_for_update={"key_share": True, "of": type(row)}, populate_existing=True)
