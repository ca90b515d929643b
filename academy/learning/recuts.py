"""Replaced files: credit is carried over for the stretches that stayed, by a declared mapping.

Without a mapping, credit stays with the version that was watched.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Database, Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.jobs import api as jobs
from academy.jobs.api import Job
from academy.learning import carry_over as carrying
from academy.learning import completions, rules, service
from academy.learning.events import RecutDeclared
from academy.learning.extents import extent_of
from academy.learning.models import LeaseEnd, PlaybackLease, Recut, WatchLedger
from academy.library.api import ItemVersion
from academy.media.models import Asset

Kept = Sequence[tuple[int, int, int]]
"""(old start, old end, new start) in the item's unit."""
BATCH = 5_000
STEP = 25
"""Members a transaction: some hundredths of a second, so that no heartbeat waits for longer."""
CARRY = "learning.carry_over"


@dataclass(frozen=True)
class RecutPreview:
    """Effect of a mapping: members with credit in the old version, how many of them keep some,
    how many would complete the new one, and the milliseconds of media that no range keeps."""

    members: int
    keep_some: int
    complete: int
    dropped_ms: int


# A dash of any kind, or one of the two words for "to", between the times; an arrow or a comma before the third.
_PART = re.compile(
    r"(\d[\d:]{0,15})\s{0,9}[-\u2013\u2014~\u81f3\u5230]\s{0,9}(\d[\d:]{0,15})"
    r"\s{0,9}(?:->|\u2192|=>|,|\uff0c|\s)\s{0,9}(\d[\d:]{0,15})"
)


def read_recut_mapping(text: str) -> list[tuple[int, int, int]]:
    """Parse a typed mapping: one stretch a line, ``1:00-9:00 → 0:00``.

    Raises:
        Invalid: a line that cannot be parsed.
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
    """Milliseconds of 1:02:05."""
    seconds = 0
    for part in text.split(":")[:3]:
        seconds = seconds * 60 + int(part[:6] or 0)
    return seconds * 1000


def preview_recut(tx: Tx, item: ItemVersion, from_version: int, kept: Kept) -> RecutPreview:
    """Compute the effect of a mapping; changes nothing.

    Raises:
        Invalid: the mapping overlaps or lies outside the lecture.
    """
    duration = _check(tx, item, from_version, kept)
    threshold = completions.threshold(item.course_version, item)
    members = keep = complete = dropped = 0
    for held in _spans(tx, item.item_id, from_version):
        moved = rules.remap_spans(held, kept)
        members += 1
        keep += bool(moved)
        complete += rules.completes(rules.length(moved), duration, threshold)
        dropped += rules.length(held) - rules.length(moved)
    return RecutPreview(members, keep, complete, dropped)


def carry_over_credit(tx: Tx, actor: Actor, item: ItemVersion, from_version: int, kept: Kept) -> Recut:
    """Carry everybody's credit of an old version over to the present one, as far as it stayed.

    The first few members are done in this transaction, all others by a job, a few a transaction, so that the ledger is
    not locked for long. A member who opens the lecture meanwhile is carried over at once. The old rows remain
    unchanged. Repeated with the same mapping, it checks everybody again and changes nothing.

    Raises:
        Invalid: the mapping overlaps or lies outside the lecture.
        Conflict: the old version is the present one.
    """
    duration = _check(tx, item, from_version, kept)
    service.end_leases_of(tx, LeaseEnd.REPLACED, item_id=item.item_id, before_version=item.number)
    recut = _declared(tx, actor, item, from_version, kept, duration)
    jobs.publish(tx, RecutDeclared(item.item_id, from_version, item.number))
    carry_some(tx, recut)
    if recut.finished_at is None:
        recut.job_id = jobs.enqueue(tx, CARRY, key=f"{CARRY}:{recut.id}", actor=actor, recut_id=recut.id).id
        tx.flush()
    record(
        tx,
        actor,
        "ledger.carried_over",
        f"item:{item.public_id}",
        from_version=from_version,
        to_version=item.number,
        kept=[list(part) for part in kept],
    )
    return recut


def _declared(tx: Tx, actor: Actor, item: ItemVersion, from_version: int, kept: Kept, extent: int) -> Recut:
    """The mapping's row with progress reset; the existing one if it was declared before."""
    parts = [list(part) for part in kept]
    key = {"item_id": item.item_id, "from_version": from_version, "to_version": item.number}
    for recut in tx.scalars(select(Recut).filter_by(**key).with_for_update()):
        if recut.kept == parts:
            recut.carried_to, recut.finished_at = 0, None
            return recut
    recut = Recut(**key, extent=extent, kept=parts, created_by=actor.account_id)
    tx.add(recut)
    tx.flush()
    return recut


def carry_all(db: Database, recut_id: int, progress: Callable[[int], None]) -> None:
    """Carry everybody over, `STEP` members a transaction; a killed run continues where it was."""
    with db.read() as tx:
        recut = tx.get_one(Recut, recut_id)
        mine = _credited(recut.item_id, recut.from_version)
        total = tx.scalar(select(func.count()).where(*mine)) or 0
        done = tx.scalar(select(func.count()).where(*mine, WatchLedger.member_id <= recut.carried_to)) or 0

    def step(tx: Tx) -> int:
        return carry_some(tx, tx.get_one(Recut, recut_id, with_for_update=True))

    while carried := db.run_in_transaction(step):
        done += carried
        progress(min(999, 1000 * done // max(1, total)))


def carry_some(tx: Tx, recut: Recut) -> int:
    """Carry the next few members over; returns how many, 0 when nobody is left.

    The old rows are locked while they are read: a late heartbeat of the old version comes before this or after it, and
    then follows the mapping by itself.
    """
    at_ms = clock.now_ms()
    rows = tx.execute(
        select(WatchLedger.member_id, WatchLedger.spans)
        .where(*_credited(recut.item_id, recut.from_version), WatchLedger.member_id > recut.carried_to)
        .order_by(WatchLedger.member_id)
        .limit(STEP)
        .with_for_update()
    ).all()
    for member_id, spans in rows:
        carrying.carry(tx, recut, member_id, rules.unpack_spans(spans), at_ms)
        recut.carried_to = member_id
    if len(rows) < STEP:
        recut.finished_at = clock.now()
    tx.flush()
    return len(rows) if recut.finished_at is None else 0


def latest_recut(tx: Tx, item: ItemVersion) -> tuple[Recut | None, Job | None]:
    """The latest mapping declared for the present version, and its job."""
    recut = tx.scalar(
        select(Recut)
        .where(Recut.item_id == item.item_id, Recut.to_version == item.number)
        .order_by(Recut.id.desc())
        .limit(1)
    )
    return recut, jobs.find_job(tx, recut.job_id) if recut is not None else None


def declared_mapping(tx: Tx, item_id: int, from_version: int, to_version: int) -> Kept | None:
    """The mapping that was declared last from one version of an item to another; None where there is none."""
    found = tx.scalar(
        select(Recut)
        .where(Recut.item_id == item_id, Recut.from_version == from_version, Recut.to_version == to_version)
        .order_by(Recut.id.desc())
        .limit(1)
    )
    return [(start, end, target) for start, end, target in found.kept] if found is not None else None


def _check(tx: Tx, item: ItemVersion, from_version: int, kept: Kept) -> int:
    """Check the mapping against the present version; returns its length."""
    if from_version >= item.number:
        raise Conflict(msg("只能从旧版本转到现在的版本。"))
    asset = tx.get(Asset, item.asset_id) if item.asset_id else None
    extent, _ = extent_of(asset)
    if not extent:
        raise Conflict(msg("新版本还没有处理好，请稍后再试。"))
    try:
        rules.check_mapping(kept, _old_extent(tx, item.item_id, from_version), extent)
    except rules.BadClaim:
        raise Invalid(fields={"kept": msg("保留的时间段有重叠，或者超出了视频长度。")}) from None
    return extent


def _old_extent(tx: Tx, item_id: int, version: int) -> int:
    """Length of the old version, from its leases: everybody with credit had one."""
    longest = select(func.max(PlaybackLease.extent)).where(
        PlaybackLease.item_id == item_id, PlaybackLease.item_version == version
    )
    return tx.scalar(longest) or 0


def _credited(item_id: int, version: int) -> tuple[ColumnElement[bool], ...]:
    return WatchLedger.item_id == item_id, WatchLedger.item_version == version, WatchLedger.covered > 0


def _spans(tx: Tx, item_id: int, version: int) -> Iterator[tuple[rules.Span, ...]]:
    """Each member's spans of a version, some thousand rows at a time."""
    last = 0
    while True:
        rows = tx.execute(
            select(WatchLedger.member_id, WatchLedger.spans)
            .where(*_credited(item_id, version), WatchLedger.member_id > last)
            .order_by(WatchLedger.member_id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        last = rows[-1].member_id
        for row in rows:
            yield rules.unpack_spans(row.spans)
