"""Reads of the ledger for pages and for other components."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from academy.core.database import Tx
from academy.learning import rules
from academy.learning.completions import PLAYABLE, instant
from academy.learning.extents import covered_time, extent, study_time
from academy.learning.models import Completion, ItemCompletion, Refusal, WatchLedger
from academy.learning.rules import Span, Unit
from academy.library.models import Course, CourseItem, ItemVersion
from academy.media.models import Asset


@dataclass(frozen=True)
class CourseProgress:
    """How far one member is in one course."""

    permille: int
    completed_at: dt.datetime | None
    last_item_public_id: str | None
    position: int


@dataclass(frozen=True)
class Recent:
    """A course started and not completed: to continue at the last position."""

    item: ItemVersion
    course: Course
    position: int
    extent: int
    """Length and position in the item's unit."""
    permille: int
    updated_at: dt.datetime


@dataclass(frozen=True)
class Explained:
    """A refused stretch that has not been credited since."""

    reason: str
    spans: tuple[Span, ...]
    at: dt.datetime


@dataclass(frozen=True)
class Ledger:
    """A member's credit in the present version of an item."""

    spans: tuple[Span, ...]
    unit: Unit
    covered: int
    position: int
    completed_at: dt.datetime | None
    refused: tuple[Explained, ...]


def course_states(tx: Tx, member_id: int, course_ids: Iterable[int]) -> dict[int, CourseProgress]:
    """Progress of a member in each course started or completed; two queries, however many courses."""
    wanted = list(course_ids)
    done = completed(tx, member_id, wanted)
    rows = tx.execute(
        select(
            Course.id,
            CourseItem.public_id,
            study_time(),
            covered_time(),
            WatchLedger.position,
            WatchLedger.updated_ms,
        )
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .join(CourseItem, CourseItem.id == ItemVersion.item_id)
        .join(Asset, Asset.id == ItemVersion.asset_id)
        .outerjoin(
            WatchLedger,
            (WatchLedger.member_id == member_id)
            & (WatchLedger.item_id == ItemVersion.item_id)
            & (WatchLedger.item_version == ItemVersion.number),
        )
        .where(Course.id.in_(wanted), ItemVersion.kind.in_(PLAYABLE), ItemVersion.required)
    )
    parts: dict[int, list[tuple[str, int, int | None, int, int]]] = {}
    for course_id, item, duration, covered, position, updated in rows:
        parts.setdefault(course_id, []).append((item, duration or 0, covered, position or 0, updated or 0))
    states = {}
    for course_id in wanted:
        begun = [part for part in parts.get(course_id, ()) if part[2] is not None]
        if begun or course_id in done:
            total = sum(part[1] for part in parts.get(course_id, ()))
            covered = sum(part[2] or 0 for part in begun)
            last = max(begun, key=lambda part: part[4], default=None)
            states[course_id] = CourseProgress(
                permille=1000 if course_id in done else min(999, covered * 1000 // total) if total else 0,
                completed_at=done.get(course_id),
                last_item_public_id=last[0] if last else None,
                position=last[3] if last else 0,
            )
    return states


def completed(tx: Tx, member_id: int, course_ids: Sequence[int]) -> dict[int, dt.datetime]:
    """When the member completed each course (any version, the earliest)."""
    rows = tx.execute(
        select(Completion.course_id, Completion.completed_at)
        .where(Completion.member_id == member_id, Completion.course_id.in_(course_ids))
        .order_by(Completion.completed_at.desc())
    )
    return {row.course_id: row.completed_at for row in rows}


def recently_begun(tx: Tx, member_id: int, limit: int = 5) -> list[Recent]:
    """Published courses started and not completed, the latest first."""
    rows = tx.execute(
        select(ItemVersion, Course, WatchLedger, extent())
        .select_from(WatchLedger)
        .join(CourseItem, CourseItem.id == WatchLedger.item_id)
        .join(Course, Course.id == CourseItem.course_id)
        .join(
            ItemVersion,
            (ItemVersion.course_version_id == Course.published_version_id)
            & (ItemVersion.item_id == WatchLedger.item_id)
            & (ItemVersion.number == WatchLedger.item_version),
        )
        .join(Asset, Asset.id == ItemVersion.asset_id)
        .where(
            WatchLedger.member_id == member_id,
            WatchLedger.completed_ms.is_(None),
            WatchLedger.covered > 0,
            Course.is_published,
        )
        .order_by(WatchLedger.updated_ms.desc())
        .limit(limit)
    )
    return [
        Recent(
            item=item,
            course=course,
            position=ledger.position,
            extent=length or 0,
            permille=min(999, ledger.covered * 1000 // length) if length else 0,
            updated_at=instant(ledger.updated_ms),
        )
        for item, course, ledger, length in rows
    ]


def ledger_of(tx: Tx, member_id: int, item: ItemVersion) -> Ledger:
    """The member's credit of the item, and refused stretches that are still missing."""
    row = tx.get(WatchLedger, (member_id, item.item_id, item.number))
    held = rules.unpack_spans(row.spans) if row else ()
    refused = []
    for refusal in tx.scalars(
        select(Refusal)
        .where(Refusal.member_id == member_id, Refusal.item_id == item.item_id)
        .order_by(Refusal.last_at.desc())
        .limit(50)
    ):
        missing = rules.subtract(rules.unpack_spans(refusal.spans), held)
        if missing:
            refused.append(Explained(refusal.reason, missing, refusal.last_at))
    return Ledger(
        spans=held,
        unit=Unit(row.unit) if row else _unit_of(item),
        covered=row.covered if row else 0,
        position=row.position if row else 0,
        completed_at=instant(row.completed_ms) if row and row.completed_ms is not None else None,
        refused=tuple(refused),
    )


def watched_shares(tx: Tx, member_id: int, stretches: Sequence[tuple[ItemVersion, rules.Span]]) -> list[float]:
    """How much of each stretch of an item the member has been credited, 0 to 1; in one query."""
    rows = tx.execute(
        select(WatchLedger.item_id, WatchLedger.item_version, WatchLedger.spans).where(
            WatchLedger.member_id == member_id, WatchLedger.item_id.in_({item.item_id for item, _ in stretches})
        )
    )
    held = {(item, version): rules.unpack_spans(spans) for item, version, spans in rows}
    shares = []
    for item, (start, end) in stretches:
        missing = rules.subtract([(start, end)], held.get((item.item_id, item.number), ()))
        shares.append(1 - rules.length(missing) / (end - start))
    return shares


def _unit_of(item: ItemVersion) -> Unit:
    return Unit.PAGE if item.kind == "document" else Unit.MS


def items_completed(tx: Tx, member_id: int, items: Sequence[ItemVersion]) -> dict[int, dt.datetime]:
    """When the member completed each of the items, by the items' ids."""
    wanted = {item.item_id: item.number for item in items}
    rows = tx.execute(
        select(ItemCompletion.item_id, ItemCompletion.item_version, ItemCompletion.completed_at).where(
            ItemCompletion.member_id == member_id, ItemCompletion.item_id.in_(wanted)
        )
    )
    return {item_id: at for item_id, number, at in rows if number == wanted[item_id]}


@dataclass(frozen=True)
class ItemProgress:
    """How far one member is in one item."""

    permille: int
    position: int
    completed_at: dt.datetime | None


def item_states(tx: Tx, member_id: int, items: Sequence[ItemVersion]) -> dict[int, ItemProgress]:
    """Progress of a member in each item started or completed, by the items' ids; two queries, however many items."""
    wanted = {item.item_id: item for item in items}
    done = items_completed(tx, member_id, items)
    rows = tx.execute(
        select(WatchLedger, extent())
        .join(
            ItemVersion,
            (ItemVersion.item_id == WatchLedger.item_id)
            & (ItemVersion.number == WatchLedger.item_version)
            & ItemVersion.course_version_id.in_({item.course_version_id for item in items}),
        )
        .join(Asset, Asset.id == ItemVersion.asset_id)
        .where(WatchLedger.member_id == member_id, WatchLedger.item_id.in_(wanted))
    )
    states = {item_id: ItemProgress(1000, 0, at) for item_id, at in done.items()}
    for row, length in rows:
        share = min(999, row.covered * 1000 // length) if length else 0
        at = done.get(row.item_id)
        states[row.item_id] = ItemProgress(1000 if at else share, row.position, at)
    return states


def completed_versions(tx: Tx, member_id: int) -> dict[int, int]:
    """Course → newest version of it that the member completed; one query."""
    rows = tx.execute(
        select(Completion.course_id, func.max(Completion.course_version))
        .where(Completion.member_id == member_id)
        .group_by(Completion.course_id)
    )
    return dict(rows.all())
