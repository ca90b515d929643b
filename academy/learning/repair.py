"""Repair: writes consequences of the ledger that are missing.

The credit of a heartbeat and its pending mark are one commit (`consequences`); marked rows are found by a partial index
that holds very few. `ledger_differences` derives everything anew from the ledger alone, for an operator who does not
trust the
marks.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Select, case, cast, exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from academy.core.database import Database, Tx
from academy.learning import completions, consequences, ledger_rows, rules
from academy.learning.extents import extent, extent_of
from academy.learning.ledger_rows import RowKey
from academy.learning.models import Completion, Correction, CourseStart, ItemCompletion, PlaybackLease, WatchLedger
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion
from academy.media.models import Asset

log = logging.getLogger(__name__)

BATCH = 200
SCANNED = 2_000
"""Ledger rows read at once."""
STEP = 25
"""Ledger rows derived in one transaction: some hundredths of a second, so that no heartbeat waits longer."""

w = WatchLedger
_KEY = (w.member_id, w.item_id, w.item_version)


@dataclass(frozen=True)
class Repaired:
    """How many marked ledgers were repaired, and how many failed again and keep their mark."""

    done: int
    failed: int


def repair_ledgers(db: Database) -> Repaired:
    """Write the consequences of every marked ledger, one a transaction; running it again changes nothing."""
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
        # One row that cannot be repaired must not prevent the others.
        log.exception("ledger.repair_failed", extra={"member": key[0], "item": key[1]})
        return False


def repair_row(tx: Tx, key: RowKey) -> bool:
    """Write the consequences of one ledger row; False if that failed and its mark stays.

    Raises:
        DBAPIError: a collision with another transaction; retry the whole transaction.
    """
    row = ledger_rows.load(tx, [key]).get(key)
    if row is None:
        return True
    _, item_id, _ = key
    if row.completed_ms is None:
        row.completed_ms = _completed_ms(tx, key, row)
    course_id = tx.get_one(CourseItem, item_id).course_id
    if row.pending_since_ms is None:
        row.pending_since_ms = row.completed_ms or row.updated_ms
    followed = consequences.write_consequences(tx, key, course_id, row) if row.covered > 0 else True
    if followed:
        row.pending_since_ms = None
    ledger_rows.save(tx, {key: row})
    return followed


def _completed_ms(tx: Tx, key: RowKey, row: ledger_rows.LedgerRow) -> int | None:
    """When the credit reached a threshold, that of one of the member's leases or the present one: at the newest
    heartbeat at the latest, and never earlier than it was earned."""
    member_id, item_id, version = key
    mine = (
        PlaybackLease.item_id == item_id,
        PlaybackLease.item_version == version,
        PlaybackLease.member_id == member_id,
    )
    leases = tx.execute(select(PlaybackLease.extent, PlaybackLease.threshold_permille).where(*mine).distinct()).all()
    if any(rules.completes(row.covered, duration, permille) for duration, permille in leases):
        return row.updated_ms
    item = completions.seen_last(tx, item_id)
    asset = tx.get(Asset, item.asset_id) if item is not None and item.asset_id else None
    extent, _ = extent_of(asset)
    asked = completions.asked_now(tx, item_id, version)
    return row.updated_ms if rules.completes(row.covered, extent, asked) else None


def derive_from_ledgers(
    db: Database, course_id: int | None = None, progress: Callable[[int], None] | None = None
) -> Repaired:
    """Write missing consequences of the ledger: of one course (it was published again, and may require less than
    before) or of all. A few rows a transaction; idempotent. `progress` is called with permille."""
    done = failed = read = 0
    with db.read() as tx:
        query = select(CourseItem.id).where(CourseItem.course_id == course_id)
        items = list(tx.scalars(query)) if course_id is not None else None
        total = tx.scalar(select(func.count()).select_from(w).where(*_of(items))) or 1
    for rows, found in _scan(db, items):
        keys = sorted({key for key, what in found if what != "sum"})
        for start in range(0, len(keys), STEP):
            some = keys[start : start + STEP]
            repaired = _repair_some(db, some)
            done, failed = done + repaired, failed + len(some) - repaired
            if progress is not None:
                progress(min(999, 1000 * read // total))
        read += rows
    return Repaired(done, failed)


def _of(items: list[int] | None) -> tuple[ColumnElement[bool], ...]:
    return () if items is None else (w.item_id.in_(items),)


def _repair_some(db: Database, keys: list[RowKey]) -> int:
    """Repair some rows together, each by itself if that fails; returns how many were repaired."""
    try:
        return db.run_in_transaction(lambda tx: sum(repair_row(tx, key) for key in keys))
    except Exception:
        log.exception("ledger.repair_batch_failed", extra={"rows": len(keys)})
        return sum(_repair_one(db, key) for key in keys)


def ledger_differences(db: Database) -> Iterator[tuple[RowKey, str]]:
    """Ledger rows that differ from what they imply, each with what is wrong:

    ``sum`` (covered time is not the length of the spans), ``start``, ``item`` or ``course``. Reads every row of the
    ledger, a few thousand a transaction.
    """
    for _, found in _scan(db):
        yield from found


def _scan(db: Database, items: list[int] | None = None) -> Iterator[tuple[int, list[tuple[RowKey, str]]]]:
    """Scan the ledger in the order of its key, for these items or all, some thousand rows a transaction: yields how
    many were read, and which differ in what."""
    last = (0, 0, 0)
    mine = _of(items)
    while True:
        with db.read() as tx:
            keys = tx.execute(
                select(*_KEY, w.spans, w.covered).where(tuple_(*_KEY) > last, *mine).order_by(*_KEY).limit(SCANNED)
            ).all()
            if not keys:
                return
            first, last = last, (keys[-1][0], keys[-1][1], keys[-1][2])
            found = [
                ((row[0], row[1], row[2]), "sum")
                for row in keys
                if rules.length(rules.unpack_spans(row.spans)) != row.covered
            ]
            for what, query in (("start", _no_start()), ("item", _no_item()), ("course", _no_course())):
                in_batch = query.where(tuple_(*_KEY) > first, tuple_(*_KEY) <= last, *mine)
                rows: list[RowKey] = [(row[0], row[1], row[2]) for row in tx.execute(in_batch)]
                found += [(key, what) for key in (_not_struck(tx, rows) if what == "course" else rows)]
        yield len(keys), found


def _not_struck(tx: Tx, keys: list[RowKey]) -> list[RowKey]:
    """Without the rows of members whose completion of the course was struck since they studied."""
    if not keys:
        return keys
    members = [member for member, _, _ in keys]
    wanted = (Correction.member_id >= min(members), Correction.member_id <= max(members))
    strikes = select(Correction.member_id, Correction.course_id).where(
        *wanted, Correction.kind == "strike", Correction.decision == "approved"
    )
    still = {
        (who, course) for who, course in tx.execute(strikes.distinct()).all() if completions.is_struck(tx, who, course)
    }
    items = select(CourseItem.id, CourseItem.course_id).where(CourseItem.course_id.in_({course for _, course in still}))
    courses = dict(tx.execute(items).all())
    return [key for key in keys if (key[0], courses.get(key[1])) not in still]


def _no_start() -> Select[int, int, int]:
    begun = exists().where(CourseStart.member_id == w.member_id, CourseStart.course_id == CourseItem.course_id)
    return select(*_KEY).join(CourseItem, CourseItem.id == w.item_id).where(w.covered > 0, ~begun)


def _no_item() -> Select[int, int, int]:
    done = exists().where(
        ItemCompletion.member_id == w.member_id,
        ItemCompletion.item_id == w.item_id,
        ItemCompletion.item_version == w.item_version,
    )
    reached = exists().where(
        PlaybackLease.member_id == w.member_id,
        PlaybackLease.item_id == w.item_id,
        PlaybackLease.item_version == w.item_version,
        # Three hours in milliseconds times a thousand: more than PostgreSQL's integer holds.
        cast(w.covered, BigInteger) * 1000 >= cast(PlaybackLease.extent, BigInteger) * PlaybackLease.threshold_permille,
    )
    asked = case((ItemVersion.kind == "document", completions.ALL), else_=CourseVersion.threshold_permille)
    reached_now = (
        exists()
        .where(
            CourseItem.id == w.item_id,
            Course.id == CourseItem.course_id,
            Course.is_published,
            CourseVersion.id == Course.published_version_id,
            ItemVersion.course_version_id == CourseVersion.id,
            ItemVersion.item_id == CourseItem.id,
            ItemVersion.number == w.item_version,
            Asset.id == ItemVersion.asset_id,
            extent() > 0,
            cast(w.covered, BigInteger) * 1000 >= cast(extent(), BigInteger) * asked,
        )
        .correlate(w)
    )
    return select(*_KEY).where(w.covered > 0, or_(w.completed_ms.is_not(None), reached, reached_now), ~done)


_other = aliased(ItemVersion)


def _no_course() -> Select[int, int, int]:
    """Rows of a course whose items are all complete and whose present version the member has not completed; includes
    those whose completion was struck.
    """
    finished = exists().where(
        Completion.member_id == w.member_id,
        Completion.course_id == Course.id,
        Completion.course_version == CourseVersion.content_number,
    )
    done = (
        exists()
        .where(
            ItemCompletion.member_id == w.member_id,
            ItemCompletion.item_id == _other.item_id,
            ItemCompletion.item_version == _other.number,
        )
        .correlate(w, _other)
    )
    lacking = exists().where(
        _other.course_version_id == CourseVersion.id,
        _other.required,
        _other.kind.in_(completions.PLAYABLE),
        ~done,
    )
    return (
        select(*_KEY)
        .join(CourseItem, CourseItem.id == w.item_id)
        .join(Course, Course.id == CourseItem.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(
            ItemVersion,
            (ItemVersion.course_version_id == CourseVersion.id)
            & (ItemVersion.item_id == w.item_id)
            & (ItemVersion.number == w.item_version),
        )
        .where(w.completed_ms.is_not(None))
        .where(~finished, ~lacking)
    )
