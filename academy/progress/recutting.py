"""A lecture's file was replaced: credit follows what stayed, by a mapping that somebody declares.

Without a mapping, credit stays with the version that was watched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.db import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.library.models import Course, CourseItem
from academy.media.models import Asset
from academy.progress import carrying, completing, rules, service
from academy.progress.models import Lease, WatchLedger

Kept = Sequence[tuple[int, int, int]]
"""(old start, old end, new start) in milliseconds."""
BATCH = 500


@dataclass(frozen=True)
class Preview:
    """Whom a mapping touches: members with credit in the old version, how many of them keep some,
    how many would have completed the new one, and the media time that no range keeps."""

    members: int
    keep_some: int
    complete: int
    dropped_ms: int


# A dash of any kind, or one of the two words for "to", between the times; an arrow or a comma before the third.
_PART = re.compile(
    r"(\d[\d:]*)\s*[-\u2013\u2014~\u81f3\u5230]\s*(\d[\d:]*)\s*(?:->|\u2192|=>|,|\uff0c|\s)\s*(\d[\d:]*)"
)


def read_mapping(text: str) -> list[tuple[int, int, int]]:
    """A mapping as people write it: a line a stretch, ``1:00-9:00 → 0:00``.

    Raises:
        Invalid: a line that says something else.
    """
    kept = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        found = _PART.fullmatch(line.strip())
        if found is None:
            raise Invalid(fields={"kept": msg("第 %(number)s 行看不懂，请写成“1:00-9:00 → 0:00”。", number=number)})
        start, end, target = (_moment(part) for part in found.groups())
        kept.append((start, end, target))
    return kept


def _moment(text: str) -> int:
    """1:02:05 as milliseconds."""
    seconds = 0
    for part in text.split(":")[:3]:
        seconds = seconds * 60 + int(part[:6] or 0)
    return seconds * 1000


def preview(tx: Tx, item: CourseItem, from_version: int, kept: Kept) -> Preview:
    """What a mapping would do; changes nothing.

    Raises:
        Invalid: the mapping overlaps or lies outside the lecture.
    """
    duration = _check(tx, item, from_version, kept)
    threshold = completing.threshold(tx.get_one(Course, item.course_id), item)
    members = keep = complete = dropped = 0
    for row in _rows(tx, item.id, from_version):
        held = rules.unpack(row.spans)
        moved = rules.remap(held, kept)
        members += 1
        keep += bool(moved)
        complete += rules.completes(rules.length(moved), duration, threshold)
        dropped += rules.length(held) - rules.length(moved)
    return Preview(members, keep, complete, dropped)


def carry_over(tx: Tx, actor: Actor, item: CourseItem, from_version: int, kept: Kept) -> Preview:
    """Give everybody's credit of an old version to the present one, as far as it stayed.

    The old ledger rows remain as they are. Running it again changes nothing.

    Raises:
        Invalid: the mapping overlaps or lies outside the lecture.
        Conflict: the old version is the present one.
    """
    duration = _check(tx, item, from_version, kept)
    shown = preview(tx, item, from_version, kept)
    service.end_leases_of(tx, "replaced", item_id=item.id)
    at_ms = clock.now_ms()
    for row in _rows(tx, item.id, from_version):
        moved = rules.remap(rules.unpack(row.spans), kept)
        if moved:
            carrying.give(tx, row.member_id, item, item.version, duration, moved, at_ms)
    record(
        tx,
        actor,
        "ledger.carried_over",
        f"item:{item.public_id}",
        from_version=from_version,
        to_version=item.version,
        kept=[list(part) for part in kept],
        members=shown.members,
    )
    return shown


def _check(tx: Tx, item: CourseItem, from_version: int, kept: Kept) -> int:
    """The duration of the present version, when the mapping makes sense."""
    if from_version >= item.version:
        raise Conflict(msg("只能从旧版本转到现在的版本。"))
    asset = tx.get(Asset, item.asset_id) if item.asset_id else None
    if asset is None or not asset.duration_ms:
        raise Conflict(msg("新版本还没有处理好，请稍后再试。"))
    try:
        rules.check_mapping(kept, _old_duration(tx, item.id, from_version), asset.duration_ms)
    except rules.BadClaim:
        raise Invalid(fields={"kept": msg("保留的时间段有重叠，或者超出了视频长度。")}) from None
    return asset.duration_ms


def _old_duration(tx: Tx, item_id: int, version: int) -> int:
    """How long the old version was, by its leases: whoever has credit had one."""
    longest = select(func.max(Lease.duration_ms)).where(Lease.item_id == item_id, Lease.item_version == version)
    return tx.scalar(longest) or 0


def _rows(tx: Tx, item_id: int, version: int) -> Iterator[WatchLedger]:
    """Ledger rows with credit in a version, a batch at a time."""
    last = 0
    while True:
        rows = tx.scalars(
            select(WatchLedger)
            .where(
                WatchLedger.item_id == item_id,
                WatchLedger.item_version == version,
                WatchLedger.covered_ms > 0,
                WatchLedger.member_id > last,
            )
            .order_by(WatchLedger.member_id)
            .limit(BATCH)
            .execution_options(populate_existing=True)
        ).all()
        if not rows:
            return
        last = rows[-1].member_id
        yield from rows
