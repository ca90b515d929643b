"""Credit of one member in an old version of an item, carried over to a newer one for the stretches that stayed."""

from sqlalchemy import select, update

from academy.core.database import Tx
from academy.learning import completions, consequences, ledger_rows, rules
from academy.learning.heartbeats import HeartbeatOutcome
from academy.learning.ledger_rows import LedgerRow, RowKey
from academy.learning.models import OfflinePlayback, Recut, WatchLedger
from academy.learning.rules import Span, Unit
from academy.library.models import CourseItem, ItemVersion

Rows = dict[RowKey, LedgerRow]


def carry(tx: Tx, recut: Recut, member_id: int, spans: tuple[Span, ...], at_ms: int, rows: Rows | None = None) -> None:
    """Carry a member's spans of the old version over to the new one, and on to still newer ones.

    `rows` are ledger rows that the caller holds in memory. Carrying the same again changes nothing.
    """
    moved = rules.remap_spans(spans, [(start, end, target) for start, end, target in recut.kept])
    if not moved:
        return
    held = _give(tx, recut, member_id, moved, at_ms, rows or {})
    carry_on(tx, member_id, recut.item_id, recut.to_version, held, at_ms, rows)


def carry_on(
    tx: Tx, member_id: int, item_id: int, version: int, spans: tuple[Span, ...], at_ms: int, rows: Rows | None = None
) -> None:
    """Carry a member's credit of a version to every newer version with a declared mapping."""
    became = select(Recut).where(Recut.item_id == item_id, Recut.from_version == version).order_by(Recut.id)
    for recut in tx.scalars(became).all():
        carry(tx, recut, member_id, spans, at_ms, rows)


def catch_up(tx: Tx, member_id: int, item: ItemVersion, at_ms: int) -> None:
    """Carry one member over before the job reaches them: they are opening the lecture now."""
    running = select(Recut).where(
        Recut.item_id == item.item_id, Recut.from_version < item.number, Recut.finished_at.is_(None)
    )
    for recut in tx.scalars(running.order_by(Recut.id)).all():
        key = (member_id, item.item_id, recut.from_version)
        row = ledger_rows.load(tx, [key]).get(key)
        if row is not None:
            carry(tx, recut, member_id, rules.unpack_spans(row.packed), at_ms)


def _give(tx: Tx, recut: Recut, member_id: int, spans: tuple[Span, ...], at_ms: int, rows: Rows) -> tuple[Span, ...]:
    """Add spans to a member's row of the newer version, with their consequences; returns all spans of the row."""
    key = (member_id, recut.item_id, recut.to_version)
    item = completions.seen_last(tx, recut.item_id)
    completions.insert_once(
        tx,
        WatchLedger,
        member_id=member_id,
        item_id=recut.item_id,
        item_version=recut.to_version,
        spans=b"",
        unit=Unit.PAGE if item is not None and item.kind == "document" else Unit.MS,
        covered=0,
        position=0,
        updated_ms=at_ms,
        credited_until_ms=0,
        seq=0,
    )
    row = rows.get(key) or ledger_rows.load(tx, [key])[key]
    before = rules.unpack_spans(row.packed)
    held = rules.close(before, spans, recut.extent, row.unit)
    asked = completions.threshold(item.course_version, item) if item is not None else completions.NEVER
    course_id = tx.get_one(CourseItem, recut.item_id).course_id
    outcome = HeartbeatOutcome(rules.length(held) - rules.length(before), row.unit)
    consequences.add_credit(row, rules.pack_spans(held), outcome, recut.extent, asked, at_ms)
    if row.pending_since_ms is not None:
        consequences.write_consequences(tx, key, course_id, row)
    ledger_rows.save(tx, {key: row})
    _spare_clocks(tx, member_id, rules.study_ms(outcome.gained, row.unit))
    return held


def _spare_clocks(tx: Tx, member_id: int, carried_ms: int) -> None:
    """What is carried over took no time: the clocks of kept lectures, which sum up what was earned, leave it out."""
    if carried_ms:
        p = OfflinePlayback
        values = {p.base_ms: p.base_ms + carried_ms, p.last_base_ms: p.last_base_ms + carried_ms}
        tx.execute(
            update(p).where(p.member_id == member_id).values(values).execution_options(synchronize_session=False)
        )
