"""Consequences of credit: marked as pending in the ledger row with the credit itself, written as soon as possible."""

import logging
from collections.abc import Callable

from academy.core import collisions
from academy.core.database import Tx
from academy.learning import completions, rules
from academy.learning.heartbeats import HeartbeatOutcome
from academy.learning.ledger_rows import LedgerRow, RowKey

log = logging.getLogger(__name__)


def add_credit(
    row: LedgerRow, packed: bytes, outcome: HeartbeatOutcome, extent: int, threshold_permille: int, at_ms: int
) -> None:
    """Add credit to a row, and mark its consequences as pending: first credit, threshold reached."""
    if outcome.gained:
        if row.covered == 0 and row.pending_since_ms is None:
            row.pending_since_ms = at_ms
        row.packed = packed
        row.covered += outcome.gained
        outcome.covered = row.covered
    if row.completed_ms is None and rules.completes(row.covered, extent, threshold_permille):
        row.completed_ms, outcome.finished = at_ms, True
        if row.pending_since_ms is None:
            row.pending_since_ms = at_ms


def in_savepoint(tx: Tx, write: Callable[[], None]) -> Exception | None:
    """Run `write` in a savepoint; returns the exception with which it failed and was rolled back.

    Raises:
        Exception: a collision with another transaction, or the savepoint could not be rolled back. Half of the work
            would be committed, so the whole transaction must fail.
    """
    savepoint = tx.begin_nested()
    try:
        write()
        savepoint.commit()
    except Exception as error:
        if savepoint.is_active:
            savepoint.rollback()
        if collisions.is_retryable(error):
            raise
        log.exception("ledger.savepoint_failed")
        return error
    return None


def write_consequences(tx: Tx, key: RowKey, course_id: int, row: LedgerRow) -> bool:
    """Write the consequences of a row's credit and clear its mark; False if it failed and the mark stays.

    Raises:
        DBAPIError: a collision with another transaction; retry the whole transaction.
    """
    member_id, item_id, item_version = key
    at_ms = row.pending_since_ms or row.updated_ms

    def write() -> None:
        completions.record_start(tx, member_id, course_id, at_ms)
        if row.completed_ms is not None:
            completions.finish_item(tx, member_id, item_id, item_version, course_id, row.completed_ms)

    if in_savepoint(tx, write) is not None:
        log.error("ledger.consequences_pending", extra={"member": member_id, "item": item_id})
        return False
    row.pending_since_ms = None
    return True
