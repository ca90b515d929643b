"""Ledger rows by prepared statements: the hot path of heartbeats does without an ORM."""

from collections.abc import Iterable
from typing import Any

from academy.core.database import Tx
from academy.learning.rules import Unit

RowKey = tuple[int, int, int]
"""member, item, item version"""


class LedgerRow:
    """One row of `watch_ledgers` while a batch of heartbeats works on it."""

    __slots__ = (
        "completed_ms",
        "covered",
        "lapses_ms",
        "last_heartbeat_ms",
        "lease_id",
        "packed",
        "pending_since_ms",
        "position",
        "seq",
        "unit",
        "until_ms",
        "updated_ms",
    )

    def __init__(
        self,
        packed: bytes,
        covered: int,
        position: int,
        updated_ms: int,
        completed_ms: int | None,
        lease_id: int | None,
        until_ms: int,
        seq: int,
        last_heartbeat_ms: int,
        lapses_ms: int,
        pending_since_ms: int | None,
        unit: str = Unit.MS,
    ) -> None:
        self.packed = packed
        self.covered = covered
        self.position = position
        self.updated_ms = updated_ms
        self.completed_ms = completed_ms
        self.lease_id = lease_id
        self.until_ms = until_ms
        self.seq = seq
        self.last_heartbeat_ms = last_heartbeat_ms
        self.lapses_ms = lapses_ms
        self.pending_since_ms = pending_since_ms
        self.unit = Unit(unit)

    def values(self) -> tuple[Any, ...]:
        """The columns that a heartbeat may change, in the order of the statements below."""
        return (
            self.packed,
            self.covered,
            self.position,
            self.updated_ms,
            self.completed_ms,
            self.until_ms,
            self.seq,
            self.last_heartbeat_ms,
            self.lapses_ms,
            self.pending_since_ms,
        )


_COLUMNS = (
    "spans, covered, position, updated_ms, completed_ms, lease_id, credited_until_ms, seq, "
    "last_heartbeat_ms, lapses_ms, pending_since_ms, unit"
)
_SET = (
    "UPDATE watch_ledgers SET spans = {0}, covered = {0}, position = {0}, updated_ms = {0}, "
    "completed_ms = {0}, credited_until_ms = {0}, seq = {0}, last_heartbeat_ms = {0}, lapses_ms = {0}, "
    "pending_since_ms = {0} "
    "WHERE member_id = {0} AND item_id = {0} AND item_version = {0}"
)
# By key, one after the other: for a list of row values SQLite would scan the table.
_SQLITE_LOAD = f"SELECT {_COLUMNS} FROM watch_ledgers WHERE member_id = ? AND item_id = ? AND item_version = ?"  # noqa: S608
_SQLITE_SAVE = _SET.format("?")
# All at once, locked in the order of the key, so that two processes cannot deadlock.
_POSTGRESQL_LOAD = (
    f"SELECT member_id, item_id, item_version, {_COLUMNS} FROM watch_ledgers "  # noqa: S608
    "JOIN unnest(%s::bigint[], %s::bigint[], %s::int[]) AS wanted (m, i, v) "
    "ON member_id = m AND item_id = i AND item_version = v "
    "ORDER BY member_id, item_id, item_version FOR UPDATE OF watch_ledgers"
)
_POSTGRESQL_SAVE = (
    "UPDATE watch_ledgers SET spans = s, covered = c, position = p, updated_ms = u, completed_ms = d, "
    "credited_until_ms = t, seq = q, last_heartbeat_ms = b, lapses_ms = l, pending_since_ms = w "
    "FROM unnest(%s::bytea[], %s::int[], %s::int[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[], "
    "%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::int[]) "
    "AS given (s, c, p, u, d, t, q, b, l, w, m, i, v) "
    "WHERE member_id = m AND item_id = i AND item_version = v"
)


def load(tx: Tx, keys: Iterable[RowKey]) -> dict[RowKey, LedgerRow]:
    """The rows that exist, locked until the transaction ends."""
    wanted = sorted(set(keys))
    connection = tx.connection()
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.name == "sqlite":
            found = {}
            for key in wanted:
                row = cursor.execute(_SQLITE_LOAD, key).fetchone()
                if row is not None:
                    found[key] = LedgerRow(*row)
            return found
        cursor.execute(_POSTGRESQL_LOAD, [list(column) for column in zip(*wanted, strict=True)], prepare=True)
        return {(row[0], row[1], row[2]): LedgerRow(*row[3:]) for row in cursor.fetchall()}
    finally:
        cursor.close()


def save(tx: Tx, rows: dict[RowKey, LedgerRow]) -> None:
    """Save rows that were loaded by `load`."""
    if not rows:
        return
    connection = tx.connection()
    cursor: Any = connection.connection.cursor()
    values = [(*row.values(), *key) for key, row in rows.items()]
    try:
        if connection.dialect.name == "sqlite":
            cursor.executemany(_SQLITE_SAVE, values)
        else:
            cursor.execute(_POSTGRESQL_SAVE, [list(column) for column in zip(*values, strict=True)], prepare=True)
    finally:
        cursor.close()
