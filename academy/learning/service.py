"""Service functions of the watch ledger: open, take over and end a playback; record what was watched."""

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, NotFound
from academy.core.i18n import msg
from academy.core.unique import unique_or
from academy.learning import carry_over, completions, devices, rules
from academy.learning.extents import extent_of
from academy.learning.models import LeaseEnd, PlaybackLease, WatchLedger
from academy.learning.rules import Unit
from academy.learning.tokens import Grant
from academy.library.models import Course, ItemVersion
from academy.media.api import AssetState
from academy.media.models import Asset

LIFETIME = dt.timedelta(days=7)
"""How long a lease's heartbeats are accepted: those queued through a holiday still count."""
IDLE = dt.timedelta(seconds=90)
"""A playback without heartbeats for so long is taken over without asking: six of them are missing. What it played until
then and could not send is credited when it arrives (`ended_leases`)."""


class OtherDevice(Conflict):
    """Another device is watching; the caller may take over."""

    code = "other-device"

    def __init__(self, lease: PlaybackLease, title: str) -> None:
        name = str(devices.device_label(lease.device))
        super().__init__(msg("您的%(device)s上开着《%(title)s》。要换到这里吗？", device=name, title=title))
        self.device = lease.device
        self.title = title


@dataclass(frozen=True)
class Opened:
    """A lease in use, and its ledger."""

    lease: PlaybackLease
    ledger: WatchLedger

    def grant_for(self, unit: Unit) -> Grant:
        """The content of the token of a player that counts in `unit`; readers from before 0.1.0 count pages in ms."""
        grant = self.grant
        if grant.unit == unit or unit != Unit.MS:
            return grant
        return dataclasses.replace(grant, unit=unit, extent=grant.extent * rules.PAGE_MS)

    @property
    def grant(self) -> Grant:
        """The content of its token."""
        lease = self.lease
        return Grant(
            lease_id=lease.id,
            member_id=lease.member_id,
            item_id=lease.item_id,
            course_id=lease.course_id,
            item_version=lease.item_version,
            extent=lease.extent,
            unit=Unit(lease.unit),
            threshold_permille=lease.threshold_permille,
            expires_s=int(lease.expires_at.timestamp()),
        )


def open_lease(
    tx: Tx,
    actor: Actor,
    item: ItemVersion,
    *,
    device: str = "",
    device_key: str = "",
    session_id: int | None = None,
    take_over: bool = False,
) -> Opened:
    """Open (or resume) a playback of an item that the actor's member may watch.

    Raises:
        OtherDevice: another device is watching and `take_over` is not set.
        Conflict: there is nothing to watch yet.
    """
    if actor.member_id is None:
        raise NotFound
    asset = tx.get(Asset, item.asset_id) if item.asset_id else None
    extent, unit = extent_of(asset)
    if asset is None or asset.state != AssetState.READY or not extent:
        raise Conflict(msg("这节课还在准备，请稍后再来。"))
    now = clock.now()
    current = active_lease(tx, actor.member_id)
    if current is not None:
        same_device = device_key != "" and current.device_key == device_key
        same_thing = (current.item_id, current.item_version) == (item.item_id, item.number)
        if same_device and same_thing and now < current.expires_at - LIFETIME / 2:
            current.session_id = session_id
            return Opened(current, locked_ledger(tx, current))
        end_lease(tx, current, _why_now(tx, current, same_device, take_over, now))
    return _begin(
        tx,
        actor,
        item,
        extent=extent,
        unit=unit,
        device=device[:120],
        device_key=device_key[:40],
        session_id=session_id,
    )


def _why_now(tx: Tx, current: PlaybackLease, same_device: bool, take_over: bool, now: dt.datetime) -> LeaseEnd:
    """The reason for which a new lease ends the present one, or None if it must not."""
    if now >= current.expires_at:
        return LeaseEnd.EXPIRED
    if same_device:
        return LeaseEnd.MOVED
    last_ms = locked_ledger(tx, current).updated_ms
    if now - max(current.started_at, completions.instant(last_ms)) > IDLE:
        return LeaseEnd.IDLE
    if take_over:
        return LeaseEnd.TAKEN_OVER
    playing = completions.seen_last(tx, current.item_id)
    raise OtherDevice(current, playing.title if playing is not None else "")


def _begin(tx: Tx, actor: Actor, item: ItemVersion, *, extent: int, unit: Unit, **opened: Any) -> Opened:
    assert actor.member_id is not None
    now, now_ms = clock.now(), clock.now_ms()
    # Slack that an earlier lease borrowed from the future stays borrowed.
    spent = (
        tx.scalar(select(func.max(PlaybackLease.credited_until_ms)).where(PlaybackLease.member_id == actor.member_id))
        or 0
    )
    lease = PlaybackLease(
        member_id=actor.member_id,
        item_id=item.item_id,
        item_version=item.number,
        course_id=item.course_id,
        extent=extent,
        unit=unit,
        threshold_permille=completions.threshold(item.course_version, item),
        started_at=now,
        expires_at=now + LIFETIME,
        credited_until_ms=max(now_ms, spent),
        **opened,
    )
    # Two devices at once: the other one was first.
    with unique_or(tx, Conflict(msg("另一台设备刚刚开始观看，请重试。"))):
        tx.add(lease)
    ledger = begin_ledger(tx, lease, item, now_ms)
    ledger.lease_id, ledger.credited_until_ms, ledger.seq = lease.id, lease.credited_until_ms, 0
    ledger.last_heartbeat_ms, ledger.lapses_ms = now_ms, 0
    tx.flush()
    return Opened(lease, ledger)


def begin_ledger(tx: Tx, lease: PlaybackLease, item: ItemVersion, now_ms: int) -> WatchLedger:
    """The ledger of a lease's item, locked; made if there is none, with what was carried over to this version."""
    key = {"member_id": lease.member_id, "item_id": lease.item_id, "item_version": lease.item_version}
    completions.insert_once(
        tx,
        WatchLedger,
        **key,
        spans=b"",
        unit=lease.unit,
        covered=0,
        position=0,
        updated_ms=now_ms,
        credited_until_ms=0,
        seq=0,
    )
    carry_over.catch_up(tx, lease.member_id, item, now_ms)
    return locked_ledger(tx, lease)


def active_lease(tx: Tx, member_id: int) -> PlaybackLease | None:
    """The member's one active lease, locked."""
    return tx.scalar(
        select(PlaybackLease)
        .where(PlaybackLease.member_id == member_id, PlaybackLease.ended_at.is_(None), ~PlaybackLease.is_kept)
        .with_for_update()
    )


def locked_ledger(tx: Tx, lease: PlaybackLease) -> WatchLedger:
    """The ledger of a lease's item, locked."""
    return tx.get_one(
        WatchLedger,
        (lease.member_id, lease.item_id, lease.item_version),
        populate_existing=True,
        with_for_update=True,
    )


def end_lease(tx: Tx, lease: PlaybackLease, because: LeaseEnd) -> None:
    """End a playback on the server: its next heartbeat is refused, whatever its page still shows."""
    if lease.ended_at is not None:
        return
    ledger = locked_ledger(tx, lease)
    if ledger.lease_id == lease.id:
        lease.credited_until_ms = _clock_at_end(ledger, clock.now_ms())
        ledger.lease_id = None
    lease.ended_at, lease.ended_because = clock.now(), because
    tx.flush()


def _clock_at_end(ledger: Any, now_ms: int) -> int:
    """The clock of a lease at its end: borrowed time stays borrowed, lapsed time stays lapsed."""
    return rules.claimable_from(ledger.credited_until_ms, ledger.last_heartbeat_ms, ledger.lapses_ms, now_ms)


def end_leases_of(
    tx: Tx,
    because: LeaseEnd,
    *,
    course_id: int | None = None,
    item_id: int | None = None,
    before_version: int | None = None,
    asking_other_than: int | None = None,
) -> int:
    """End every playback of a course or of an item, or only those of earlier versions or with another threshold
    (permille); returns how many."""
    chosen: list[ColumnElement[bool]] = [PlaybackLease.ended_at.is_(None)]
    if course_id is not None:
        chosen.append(PlaybackLease.course_id == course_id)
    if item_id is not None:
        chosen.append(PlaybackLease.item_id == item_id)
    if before_version is not None:
        chosen.append(PlaybackLease.item_version < before_version)
    if asking_other_than is not None:
        chosen.append(PlaybackLease.threshold_permille != asking_other_than)
    ids = list(tx.scalars(select(PlaybackLease.id).where(*chosen).order_by(PlaybackLease.id)))
    for first in range(0, len(ids), 500):
        _end_together(tx, ids[first : first + 500], because)
    return len(ids)


def _end_together(tx: Tx, lease_ids: list[int], because: LeaseEnd) -> None:
    """End several playbacks, each with its own clock, in a fixed number of statements.

    The ledger rows are locked before their clocks are read: time spent by a heartbeat meanwhile is not granted again.
    """
    locked = select(PlaybackLease.id, PlaybackLease.member_id).where(
        PlaybackLease.id.in_(lease_ids), PlaybackLease.ended_at.is_(None)
    )
    members = {row.id: row.member_id for row in tx.execute(locked.order_by(PlaybackLease.id).with_for_update())}
    w = WatchLedger
    playing = (w.member_id.in_(members.values()), w.lease_id.in_(members))
    rows = tx.execute(
        select(w.lease_id, w.credited_until_ms, w.last_heartbeat_ms, w.lapses_ms)
        .where(*playing)
        .order_by(w.member_id)
        .with_for_update()
    ).all()
    now, now_ms = clock.now(), clock.now_ms()
    tx.execute(
        update(PlaybackLease)
        .where(PlaybackLease.id.in_(members))
        .values(ended_at=now, ended_because=because)
        .execution_options(synchronize_session="fetch")
    )
    clocks = [{"lease": row.lease_id, "until": _clock_at_end(row, now_ms)} for row in rows]
    if clocks:
        tx.connection().execute(_KEEP_CLOCK, clocks)
    tx.execute(update(w).where(*playing).values(lease_id=None).execution_options(synchronize_session="fetch"))


_leases: Any = PlaybackLease.__table__
_KEEP_CLOCK = update(_leases).where(_leases.c.id == bindparam("lease")).values(credited_until_ms=bindparam("until"))


def end_leases_of_sessions(tx: Tx, session_ids: list[int], because: LeaseEnd) -> None:
    """End the playbacks that these signed-in sessions opened; those of other devices go on."""
    for first in range(0, len(session_ids), 500):
        some = session_ids[first : first + 500]
        query = (
            select(PlaybackLease)
            .where(PlaybackLease.session_id.in_(some), PlaybackLease.ended_at.is_(None))
            .with_for_update()
        )
        for lease in tx.scalars(query).all():
            end_lease(tx, lease, because)


def record_completion(
    tx: Tx, actor: Actor, member_id: int, course: Course, at: dt.datetime, evidence: str = "imported"
) -> bool:
    """Record a completion by other evidence than watching; False if it exists.

    `evidence` is imported, group_study or corrected.
    """
    at_ms = int(at.timestamp() * 1000)
    completions.record_start(tx, member_id, course.id, at_ms)
    if not completions.finish_course(tx, member_id, course, at_ms, evidence):
        return False
    if not actor.is_system:
        record(tx, actor, "completion.recorded", f"course:{course.public_id}", member=member_id, evidence=evidence)
    return True
