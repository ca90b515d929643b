"""Lectures kept on a device: the lease that is given beforehand, and what the device is told at each contact."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, NotFound
from academy.core.i18n import msg
from academy.learning import completions, offline_crediting, offline_rules, service
from academy.learning.extents import extent_of
from academy.learning.models import KeptForm, LeaseEnd, OfflinePlayback, PlaybackLease
from academy.learning.service import Opened
from academy.library.models import ItemVersion
from academy.media.api import AssetState
from academy.media.models import Asset

KEPT_DAYS = 30
"""How long what is played of a kept lecture is accepted after the last contact."""
MOST_KEPT = 100
"""KeptLease lectures of one member, over all devices: their clocks are read together."""


@dataclass(frozen=True)
class KeptLease:
    """A kept lecture, and its lease with the clock of the account's ledger."""

    opened: Opened
    form: str

    @property
    def lease(self) -> PlaybackLease:
        return self.opened.lease


def keep_lecture(
    tx: Tx,
    actor: Actor,
    item: ItemVersion,
    form: KeptForm,
    *,
    rate: float,
    device: str = "",
    device_key: str,
    session_id: int | None = None,
) -> KeptLease:
    """Give the lease of a lecture that is being kept on a device; the same one again while it is valid.

    Raises:
        NotFound: the actor is no member.
        Conflict: there is nothing to keep yet, or too much is kept.
    """
    if actor.member_id is None:
        raise NotFound
    asset = tx.get(Asset, item.asset_id) if item.asset_id else None
    extent, _unit = extent_of(asset)
    if asset is None or asset.state != AssetState.READY or not extent:
        raise Conflict(msg("这节课还在准备，请稍后再来。"))
    mine = _kept(tx, actor.member_id)
    for row, lease in mine:
        if lease.device_key != device_key or lease.item_id != item.item_id:
            continue
        if lease.item_version == item.number and clock.now() < lease.expires_at:
            row.form, lease.session_id = form, session_id
            lease.expires_at = _expiry()
            tx.flush()
            return KeptLease(Opened(lease, service.begin_ledger(tx, lease, item, clock.now_ms())), form)
        service.end_lease(tx, lease, LeaseEnd.REPLACED)
    if len(mine) >= MOST_KEPT:
        raise Conflict(msg("手机上存的课太多了，请先删掉一些。"))
    return _begin(tx, actor.member_id, item, form, rate, device=device, device_key=device_key, session_id=session_id)


def _begin(
    tx: Tx,
    member_id: int,
    item: ItemVersion,
    form: KeptForm,
    rate: float,
    *,
    device: str,
    device_key: str,
    session_id: int | None,
) -> KeptLease:
    asset = tx.get(Asset, item.asset_id) if item.asset_id else None
    extent, unit = extent_of(asset)
    now_ms = clock.now_ms()
    lease = PlaybackLease(
        member_id=member_id,
        item_id=item.item_id,
        item_version=item.number,
        course_id=item.course_id,
        extent=extent,
        unit=unit,
        threshold_permille=completions.threshold(item.course_version, item),
        started_at=clock.now(),
        expires_at=_expiry(),
        credited_until_ms=now_ms,
        device=device[:120],
        device_key=device_key[:40],
        session_id=session_id,
        is_kept=True,
    )
    tx.add(lease)
    tx.flush()
    ledger = service.begin_ledger(tx, lease, item, now_ms)
    time = offline_crediting.time_of(tx, member_id, now_ms)
    begun = offline_rules.begin(now_ms, time.earned_ms, time.windows, rate)
    tx.add(
        OfflinePlayback(
            lease_id=lease.id,
            member_id=member_id,
            form=form,
            since_ms=begun.since_ms,
            base_ms=begun.base_ms,
            last_ms=begun.last_ms,
            last_base_ms=begun.last_base_ms,
            lapses_ms=begun.lapses_ms,
        )
    )
    tx.flush()
    return KeptLease(Opened(lease, ledger), form)


def _expiry() -> dt.datetime:
    return clock.now() + dt.timedelta(days=KEPT_DAYS)


def _kept(tx: Tx, member_id: int) -> list[tuple[OfflinePlayback, PlaybackLease]]:
    """A member's kept lectures that have not ended, with their leases, locked."""
    return [
        (row, lease)
        for row, lease in tx.execute(
            select(OfflinePlayback, PlaybackLease)
            .join(PlaybackLease, PlaybackLease.id == OfflinePlayback.lease_id)
            .where(OfflinePlayback.member_id == member_id, PlaybackLease.ended_at.is_(None))
            .order_by(OfflinePlayback.lease_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
    ]


@dataclass(frozen=True)
class Contact:
    """What a device is told of a lecture that it keeps."""

    lease: PlaybackLease
    ended_because: str
    """Empty while it may be kept."""
    opened: Opened | None


def renew_kept(
    tx: Tx, actor: Actor, device_key: str, lease_ids: Sequence[str], session_id: int | None = None
) -> list[Contact]:
    """Renew the leases that a device names, and say which have ended; those of others are left out.

    Raises:
        NotFound: the actor is no member.
    """
    if actor.member_id is None:
        raise NotFound
    rows = tx.scalars(
        select(PlaybackLease)
        .where(
            PlaybackLease.public_id.in_(lease_ids),
            PlaybackLease.member_id == actor.member_id,
            PlaybackLease.is_kept,
            PlaybackLease.device_key == device_key,
        )
        .order_by(PlaybackLease.id)
        .with_for_update()
    ).all()
    found = []
    for lease in rows:
        if lease.ended_at is None and clock.now() >= lease.expires_at:
            service.end_lease(tx, lease, LeaseEnd.EXPIRED)
        if lease.ended_at is not None:
            found.append(Contact(lease, lease.ended_because or LeaseEnd.EXPIRED, None))
            continue
        lease.expires_at, lease.session_id = _expiry(), session_id
        found.append(Contact(lease, "", Opened(lease, service.locked_ledger(tx, lease))))
    tx.flush()
    return found
