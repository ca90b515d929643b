"""Heartbeats of lectures that are kept on a device: credited by `offline_rules`, on the rare path of `ended_leases`."""

from dataclasses import dataclass

from sqlalchemy import select

from academy.core.database import Tx
from academy.learning import carry_over, completions, consequences, ledger_rows, offline_rules, refusals, rules
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.ledger_rows import LedgerRow, RowKey
from academy.learning.models import LeaseEnd, OfflinePlayback, PlaybackLease, RefusalReason, WatchLedger
from academy.learning.offline_rules import OfflineClock, OnlineTime
from academy.learning.rules import Unit

Rows = dict[RowKey, LedgerRow]
LATE = refusals.LATE | {LeaseEnd.WITHDRAWN}
"""Ends up to which what was played without a network still counts: the phone could not know of them."""


@dataclass
class MemberTime:
    """A member's time: what was earned, and what playbacks with a network may still claim."""

    earned_ms: int
    windows: list[OnlineTime]
    ended: list[PlaybackLease]
    """Leases of the first windows, in their order."""
    active: tuple[RowKey, LedgerRow] | None
    """The ledger row of the last window, if a playback with a network goes on."""


def time_of(tx: Tx, member_id: int, at_ms: int, rows: Rows | None = None) -> MemberTime:
    """A member's time, locked until the transaction ends; `rows` are ledger rows that the caller holds in memory."""
    held = rows or {}
    leases = tx.scalars(
        select(PlaybackLease)
        .where(
            PlaybackLease.member_id == member_id,
            ~PlaybackLease.is_kept,
            PlaybackLease.expires_at > completions.instant(at_ms),
        )
        .order_by(PlaybackLease.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ended = [
        lease
        for lease in leases
        if lease.ended_at is not None
        and lease.ended_because in refusals.LATE
        and lease.credited_until_ms < int(lease.ended_at.timestamp() * 1000)
    ]
    windows = [OnlineTime(one.credited_until_ms, int(one.ended_at.timestamp() * 1000)) for one in ended if one.ended_at]
    active = next((lease for lease in leases if lease.ended_at is None), None)
    playing = _row_of(tx, active, held) if active is not None else None
    if playing is not None:
        row = playing[1]
        start = rules.claimable_from(row.until_ms, row.last_heartbeat_ms, row.lapses_ms, at_ms)
        windows.append(OnlineTime(min(start, at_ms), at_ms))
    return MemberTime(_earned(tx, member_id, held), windows, ended, playing)


def _row_of(tx: Tx, lease: PlaybackLease, held: Rows) -> tuple[RowKey, LedgerRow] | None:
    key = (lease.member_id, lease.item_id, lease.item_version)
    row = held.get(key) or ledger_rows.load(tx, [key]).get(key)
    return (key, row) if row is not None and row.lease_id == lease.id else None


def _earned(tx: Tx, member_id: int, held: Rows) -> int:
    """Time of study in all ledgers of a member."""
    w = WatchLedger
    stored = tx.execute(select(w.item_id, w.item_version, w.unit, w.covered).where(w.member_id == member_id)).all()
    total = sum(
        rules.study_ms(row.covered, Unit(row.unit))
        for row in stored
        if (member_id, row.item_id, row.item_version) not in held
    )
    return total + sum(rules.study_ms(row.covered, row.unit) for key, row in held.items() if key[0] == member_id)


def settle_kept(
    tx: Tx, rate: float, lease: PlaybackLease, rows: Rows, beat: Heartbeat, outcome: HeartbeatOutcome
) -> None:
    """Credit what was played of a kept lecture, as far as the member's clock allows. Changes rows in memory; the caller
    writes that of the heartbeat."""
    ended_ms = int(lease.ended_at.timestamp() * 1000) if lease.ended_at is not None else None
    outcome.closed = ended_ms is not None
    if not outcome.closed:
        outcome.ended = outcome.reason = ""
        outcome.refused = ()
    if not beat.spans or (ended_ms is not None and lease.ended_because not in LATE):
        return
    at_ms = beat.at_ms if ended_ms is None else min(beat.at_ms, ended_ms)
    clocks = {
        one.lease_id: one
        for one in tx.scalars(
            select(OfflinePlayback)
            .where(OfflinePlayback.member_id == lease.member_id)
            .order_by(OfflinePlayback.lease_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    row, mine = rows[beat.key], clocks[lease.id]
    time = time_of(tx, lease.member_id, at_ms, rows)
    clock = offline_rules.begun_anew(clock_of(mine), at_ms)
    allowed = offline_rules.allowance(clock, at_ms, time.earned_ms, time.windows, rate, row.unit)
    credit = rules.credit(rules.unpack_spans(row.packed), beat.spans, allowed, lease.extent, row.unit)
    gained_ms = rules.study_ms(credit.gained, row.unit)
    left = offline_rules.charge(clock, at_ms, time.earned_ms, time.windows, rate, gained_ms)
    for other in clocks.values():
        if other is not mine and gained_ms:
            _keep_clock(other, offline_rules.beside(clock, clock_of(other), gained_ms, rate))
    _keep_clock(mine, offline_rules.reported(clock, at_ms, time.earned_ms + gained_ms, left, rate))
    _charge(tx, time, left, rows)
    tx.flush()
    if credit.gained:
        carry_over.carry_on(tx, lease.member_id, lease.item_id, lease.item_version, credit.held, beat.at_ms, rows)
    asked = min(lease.threshold_permille, completions.asked_now(tx, lease.item_id, lease.item_version))
    # Nothing below may fail: the row is shared with other heartbeats.
    outcome.refused, outcome.gained, outcome.unit = credit.refused, credit.gained, row.unit
    if not credit.refused:
        outcome.ended = outcome.reason = ""
    elif ended_ms is None:
        outcome.reason = RefusalReason.FRAGMENTS if credit.reason == "fragments" else RefusalReason.OFFLINE
    consequences.add_credit(row, rules.pack_spans(credit.held), outcome, lease.extent, asked, at_ms)
    row.updated_ms = max(row.updated_ms, beat.at_ms)
    if row.lease_id is None and beat.position is not None:
        row.position = min(beat.position, lease.extent)


def _charge(tx: Tx, time: MemberTime, left: list[OnlineTime], rows: Rows) -> None:
    """What playbacks with a network may no longer claim."""
    for lease, window in zip(time.ended, left, strict=False):
        lease.credited_until_ms = max(lease.credited_until_ms, window.start_ms)
    if time.active is None:
        return
    key, row = time.active
    if left[-1].start_ms > time.windows[-1].start_ms:
        row.until_ms = max(row.until_ms, left[-1].start_ms)
        if key not in rows:
            ledger_rows.save(tx, {key: row})


def clock_of(row: OfflinePlayback) -> OfflineClock:
    """The clock in a row."""
    return OfflineClock(row.since_ms, row.base_ms, row.last_ms, row.last_base_ms, row.lapses_ms)


def _keep_clock(row: OfflinePlayback, clock: OfflineClock) -> None:
    row.since_ms, row.base_ms = clock.since_ms, clock.base_ms
    row.last_ms, row.last_base_ms, row.lapses_ms = clock.last_ms, clock.last_base_ms, clock.lapses_ms
