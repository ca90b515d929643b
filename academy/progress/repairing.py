"""Repair: whatever follows from the ledger and was not written is written now.

The credit of a beat and the mark of what follows from it are one commit (`consequences`); whoever's mark
is still there is found by an index that holds nearly nothing. `missing` derives everything anew, from
the ledger alone, for an operator who trusts no mark.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, Select, cast, exists, func, or_, select, tuple_, update
from sqlalchemy.orm import aliased

from academy.core.db import Database, Tx
from academy.library.models import Course, CourseItem
from academy.media.models import Asset
from academy.progress import completing, consequences, rules, store
from academy.progress.models import Completion, Correction, CourseStart, ItemCompletion, Lease, WatchLedger
from academy.progress.store import RowKey

log = logging.getLogger(__name__)

BATCH = 200
SCANNED = 2_000
"""Ledger rows that `missing` reads at once."""

w = WatchLedger
_KEY = (w.member_id, w.item_id, w.item_version)


@dataclass(frozen=True)
class Repaired:
    """How many marked ledgers were put right, and how many failed once more and keep their mark."""

    done: int
    failed: int


def repair(db: Database) -> Repaired:
    """Write what follows from every marked ledger, one a transaction; running it again changes nothing."""
    done = failed = 0
    last = (-1, 0, 0, 0)
    while True:
        with db.read() as tx:
            marked = tx.execute(
                select(w.pending_since_ms, *_KEY)
                .where(w.pending_since_ms.is_not(None), tuple_(w.pending_since_ms, *_KEY) > last)
                .order_by(w.pending_since_ms, *_KEY)
                .limit(BATCH)
            ).all()
        if not marked:
            return Repaired(done, failed)
        last = (marked[-1][0] or 0, marked[-1][1], marked[-1][2], marked[-1][3])
        for _, member_id, item_id, item_version in marked:
            if _repair_one(db, (member_id, item_id, item_version)):
                done += 1
            else:
                failed += 1


def _repair_one(db: Database, key: RowKey) -> bool:
    try:
        return db.run_in_transaction(lambda tx: repair_row(tx, key))
    except Exception:
        # One that cannot be repaired must not keep the others from it.
        log.exception("ledger.repair_failed", extra={"member": key[0], "item": key[1]})
        return False


def repair_row(tx: Tx, key: RowKey) -> bool:
    """Write what follows from one ledger row; False if that failed and its mark stays.

    Raises:
        DBAPIError: another transaction was in the way; run the whole transaction again.
    """
    row = store.load(tx, [key]).get(key)
    if row is None:
        return True
    _, item_id, _ = key
    if row.completed_ms is None:
        duration, permille = _watched_under(tx, key)
        if rules.completes(row.covered_ms, duration, permille):
            # Never earlier than it was earned: the newest beat is the latest that can have earned it.
            row.completed_ms = row.updated_ms
    course_id = tx.get_one(CourseItem, item_id).course_id
    if row.pending_since_ms is None:
        row.pending_since_ms = row.completed_ms or row.updated_ms
    followed = consequences.follow(tx, key, course_id, row) if row.covered_ms > 0 else True
    if followed:
        row.pending_since_ms = None
    store.save(tx, {key: row})
    return followed


def _watched_under(tx: Tx, key: RowKey) -> tuple[int, int]:
    """Duration and threshold of a version: those of the member's last lease, else of anybody's, else of today."""
    member_id, item_id, version = key
    found = tx.execute(
        select(Lease.duration_ms, Lease.threshold_permille)
        .where(Lease.item_id == item_id, Lease.item_version == version, Lease.member_id == member_id)
        .order_by(Lease.id.desc())
        .limit(1)
    ).first()
    if found is not None:
        return found[0], found[1]
    item = tx.get_one(CourseItem, item_id)
    asset = tx.get(Asset, item.asset_id) if item.asset_id and item.version == version else None
    duration = asset.duration_ms if asset is not None else None
    return duration or 0, completing.threshold(tx.get_one(Course, item.course_id), item)


def missing(db: Database) -> Iterator[tuple[RowKey, str]]:
    """Ledger rows that differ from what they imply, each with what is wrong:

    ``sum`` (covered time is not the length of the spans), ``start``, ``item`` or ``course``. Reads every row of the
    ledger, a few thousand a transaction.
    """
    last = (0, 0, 0)
    while True:
        with db.read() as tx:
            keys = tx.execute(
                select(*_KEY, w.spans, w.covered_ms).where(tuple_(*_KEY) > last).order_by(*_KEY).limit(SCANNED)
            ).all()
            if not keys:
                return
            first, last = last, (keys[-1][0], keys[-1][1], keys[-1][2])
            found = [
                ((row[0], row[1], row[2]), "sum")
                for row in keys
                if rules.length(rules.unpack(row.spans)) != row.covered_ms
            ]
            for what, query in (("start", _no_start()), ("item", _no_item()), ("course", _no_course())):
                within = query.where(tuple_(*_KEY) > first, tuple_(*_KEY) <= last)
                found += [((row[0], row[1], row[2]), what) for row in tx.execute(within)]
        yield from found


def mark(db: Database, keys: list[RowKey]) -> None:
    """Mark ledger rows for the repair."""
    for key in keys:
        member_id, item_id, version = key
        db.run_in_transaction(
            lambda tx, m=member_id, i=item_id, v=version: tx.execute(  # type: ignore[misc]
                update(w)
                .where(w.member_id == m, w.item_id == i, w.item_version == v, w.pending_since_ms.is_(None))
                .values(pending_since_ms=func.coalesce(w.completed_ms, w.updated_ms))
            )
        )


def _no_start() -> Select[int, int, int]:
    begun = exists().where(CourseStart.member_id == w.member_id, CourseStart.course_id == CourseItem.course_id)
    return select(*_KEY).join(CourseItem, CourseItem.id == w.item_id).where(w.covered_ms > 0, ~begun)


def _no_item() -> Select[int, int, int]:
    done = exists().where(
        ItemCompletion.member_id == w.member_id,
        ItemCompletion.item_id == w.item_id,
        ItemCompletion.item_version == w.item_version,
    )
    reached = exists().where(
        Lease.member_id == w.member_id,
        Lease.item_id == w.item_id,
        Lease.item_version == w.item_version,
        # Three hours in milliseconds times a thousand: more than PostgreSQL's integer holds.
        cast(w.covered_ms, BigInteger) * 1000 >= cast(Lease.duration_ms, BigInteger) * Lease.threshold_permille,
    )
    return select(*_KEY).where(w.covered_ms > 0, or_(w.completed_ms.is_not(None), reached), ~done)


_other = aliased(CourseItem)


def _no_course() -> Select[int, int, int]:
    """Rows of a course of which nothing is missing, and which the member has not completed in any version.

    Those whose completion was struck since are right as they are.
    """
    finished = exists().where(Completion.member_id == w.member_id, Completion.course_id == Course.id)
    done = (
        exists()
        .where(
            ItemCompletion.member_id == w.member_id,
            ItemCompletion.item_id == _other.id,
            ItemCompletion.item_version == _other.version,
        )
        .correlate(w, _other)
    )
    lacking = exists().where(
        _other.course_id == Course.id,
        _other.required,
        _other.removed_at.is_(None),
        _other.kind.in_(completing.PLAYABLE),
        ~done,
    )
    newest = (
        select(func.max(ItemCompletion.completed_at))
        .where(ItemCompletion.member_id == w.member_id, ItemCompletion.course_id == Course.id)
        .correlate(w, Course)
        .scalar_subquery()
    )
    struck = exists().where(
        Correction.member_id == w.member_id,
        Correction.course_id == Course.id,
        Correction.kind == "strike",
        Correction.decision == "approved",
        Correction.decided_at >= newest,
    )
    return (
        select(*_KEY)
        .join(CourseItem, (CourseItem.id == w.item_id) & (CourseItem.version == w.item_version))
        .join(Course, Course.id == CourseItem.course_id)
        .where(w.completed_ms.is_not(None), CourseItem.removed_at.is_(None), ~finished, ~lacking, ~struck)
    )
