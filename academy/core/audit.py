"""The audit trail: who did what to what, written and chained in the transaction that did it.

Each row carries a hash of itself and of the row before it, so that altering, removing or inserting a row later breaks
the chain there (`verify`). Removing the newest rows leaves a shorter valid chain: keep the head that
`flask audit verify` prints somewhere else.

It is part of `core` because the components below `accounts` write audit rows too (ADR 0001); reading, searching and
verifying the trail belong to `accounts`.
"""

import contextlib
import dataclasses
import datetime as dt
import hashlib
import json
from typing import Any

from sqlalchemy import JSON, Index, String, delete, event, func, select, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.database import Base, Tx
from academy.core.types import Key


class AuditEntry(Base):
    """One audited act. Append-only: a figure must be defensible a year later.

    `target` is ``kind:public_id``; `detail` holds identifiers and figures, never names or phones.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        # The auditor's two queries: what happened to this object, what did this account do.
        Index(None, "target", "id"),
        Index(None, "account_id", "id"),
        # Entries between two days; and rows past their retention.
        Index(None, "at"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    account_id: Mapped[int | None] = mapped_column(Key)
    label: Mapped[str] = mapped_column(String(40), default="")
    network: Mapped[str] = mapped_column(String(64), default="")
    verb: Mapped[str] = mapped_column(String(80))
    target: Mapped[str] = mapped_column(String(120))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    seq: Mapped[int | None] = mapped_column(Key, unique=True)
    """Place in the chain, from 1 without a gap; assigned at commit, under a lock."""
    chain: Mapped[str | None] = mapped_column(String(80))
    """``algorithm:hex`` over this row and the chain value of the row before it."""


class AuditAnchor(Base):
    """Start of the chain after its oldest rows were deleted: one row, or none while all are there."""

    __tablename__ = "audit_anchors"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    seq: Mapped[int] = mapped_column(Key)
    """The newest deleted row."""
    chain: Mapped[str] = mapped_column(String(80))
    """Its chain value, which the oldest remaining row is chained to."""
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)


ALGORITHMS = ("sha256", "sm3")
_PENDING = "audit.pending"
_LOCK = 0x617564
_algorithm = "sha256"


def use(algorithm: str) -> None:
    """Choose the hash algorithm of new rows; older rows name their own.

    Raises:
        ValueError: this machine's OpenSSL has no such hash.
    """
    global _algorithm
    if algorithm not in ALGORITHMS:
        raise ValueError(f"the audit chain knows {', '.join(ALGORITHMS)}, not {algorithm!r}")
    hashlib.new(algorithm)
    _algorithm = algorithm


def record(tx: Tx, actor: Actor, verb: str, target: str, **detail: Any) -> None:
    """Add an audit row to the transaction: ``record(tx, actor, "course.published", f"course:{id}")``."""
    entry = AuditEntry(
        account_id=actor.account_id,
        label=actor.label,
        network=actor.network,
        verb=verb,
        target=target,
        detail=detail,
    )
    tx.add(entry)
    tx.info.setdefault(_PENDING, []).append(entry)


@event.listens_for(Tx, "before_commit")
def _link(tx: Tx) -> None:
    """Assign chain places to the transaction's audit rows, as late as possible: the lock is held only until the commit,
    not for the duration of a roster import."""
    if tx.in_nested_transaction():
        return
    tx.flush()
    # Rows of a savepoint that was rolled back are no longer in the session.
    pending = [entry for entry in tx.info.pop(_PENDING, []) if entry in tx]
    if not pending:
        return
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    seq, chain = newest(tx)
    for entry in pending:
        seq += 1
        entry.seq = seq
        chain = entry.chain = _hash(_algorithm, entry, chain)


def newest(tx: Tx) -> tuple[int, str]:
    """Place and chain value of the newest row; 0 and an empty value for an empty trail."""
    query = select(AuditEntry.seq, AuditEntry.chain).where(AuditEntry.seq.is_not(None))
    row = tx.execute(query.order_by(AuditEntry.seq.desc()).limit(1)).first()
    return (row[0] or 0, row[1] or "") if row else (0, "")


def _hash(algorithm: str, entry: AuditEntry, before: str) -> str:
    fields = [
        before,
        entry.seq,
        entry.at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        entry.account_id,
        entry.label,
        entry.network,
        entry.verb,
        entry.target,
        entry.detail,
    ]
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"{algorithm}:{hashlib.new(algorithm, canonical.encode()).hexdigest()}"


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Result of a verification. `rows` is the last place reached, counted from the very first row; `broken_at` is the
    first place that does not match, or None; `unchained` counts rows that were inserted without chain values."""

    rows: int
    head: str
    broken_at: int | None
    unchained: int

    @property
    def whole(self) -> bool:
        return self.broken_at is None and self.unchained == 0


def verify(tx: Tx) -> Verdict:
    """Verify the complete chain, oldest first, holding a thousand rows at a time."""
    anchor = tx.scalar(select(AuditAnchor))
    rows, chain = (anchor.seq, anchor.chain) if anchor else (0, "")
    unchained = tx.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.seq.is_(None))) or 0
    query = select(AuditEntry).where(AuditEntry.seq.is_not(None)).order_by(AuditEntry.seq)
    # Closed explicitly: on PostgreSQL a verification that stops early leaves a cursor open on the server.
    with contextlib.closing(tx.scalars(query.execution_options(yield_per=1000))) as entries:
        for entry in entries:
            algorithm = (entry.chain or "").partition(":")[0]
            fits = entry.seq == rows + 1 and algorithm in ALGORITHMS and _hash(algorithm, entry, chain) == entry.chain
            if not fits:
                return Verdict(rows, chain, rows + 1, unchained)
            rows, chain = rows + 1, entry.chain or ""
    return Verdict(rows, chain, None, unchained)


def forget(tx: Tx, before: dt.datetime, most: int = 5_000) -> int:
    """Delete the oldest rows that are older than `before`, and keep the anchor from which the chain continues.

    At most so many at a time; returns how many. The newest row always stays, because the chain continues from it.
    """
    last_row, _ = newest(tx)
    first_kept = tx.scalar(select(func.min(AuditEntry.seq)).where(AuditEntry.at >= before))
    oldest: int | None = tx.scalar(select(func.min(AuditEntry.seq)))
    end = min(first_kept if first_kept is not None else last_row, last_row)
    if oldest is None or oldest >= end:
        return 0
    last = min(end - 1, oldest + most - 1)
    chain = tx.scalars(select(AuditEntry.chain).where(AuditEntry.seq == last)).one()
    tx.execute(delete(AuditEntry).where(AuditEntry.seq <= last).execution_options(synchronize_session=False))
    anchor = tx.scalar(select(AuditAnchor))
    if anchor is None:
        tx.add(AuditAnchor(seq=last, chain=chain or ""))
    else:
        anchor.seq, anchor.chain, anchor.at = last, chain or "", clock.now()
    record(tx, SYSTEM, "audit.forgotten", "audit:trail", first=oldest, last=last, chain=chain)
    return last - oldest + 1
