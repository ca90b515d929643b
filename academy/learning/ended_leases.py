"""Heartbeats of a lease that is no longer active."""

import datetime as dt

from academy.core.database import Tx
from academy.core.settings import Settings
from academy.learning import carry_over, completions, consequences, offline_crediting, refusals, rules
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.ledger_rows import LedgerRow, RowKey
from academy.learning.models import PlaybackLease


def settle_ended(
    tx: Tx, settings: Settings, rows: dict[RowKey, LedgerRow], beat: Heartbeat, outcome: HeartbeatOutcome
) -> None:
    """Give the reason why nothing can be added; but what was watched before a normal end and was queued on the device
    is still credited, as far as the clock allowed until that end. Changes the row in memory; the caller writes it."""
    lease, reason = refusals.why_ended(tx, beat.grant)
    if lease is not None and lease.is_kept and beat.key in rows:
        outcome.ended, outcome.reason, outcome.refused = reason, reason, beat.spans
        offline_crediting.settle_kept(tx, settings.accepted_rate, lease, rows, beat, outcome)
        return
    outcome.ended, outcome.reason, outcome.refused = reason, reason, beat.spans
    if lease is not None and lease.ended_at is not None and reason in refusals.LATE and beat.spans and beat.key in rows:
        _credit(tx, settings, lease, lease.ended_at, rows, beat, outcome)


def _credit(
    tx: Tx,
    settings: Settings,
    lease: PlaybackLease,
    ended_at: dt.datetime,
    rows: dict[RowKey, LedgerRow],
    beat: Heartbeat,
    outcome: HeartbeatOutcome,
) -> None:
    row = rows[beat.key]
    # Without slack: opening and leaving lectures in turn must not grant it again each time.
    end_ms = int(ended_at.timestamp() * 1000)
    allowed = rules.allowance(end_ms, lease.credited_until_ms, settings.accepted_rate, 0, row.unit)
    credit = rules.credit(rules.unpack_spans(row.packed), beat.spans, allowed, lease.extent, row.unit)
    if credit.gained:
        lease.credited_until_ms = rules.spend(lease.credited_until_ms, credit.gained, settings.accepted_rate, row.unit)
        tx.flush()
        carry_over.carry_on(tx, lease.member_id, lease.item_id, lease.item_version, credit.held, beat.at_ms, rows)
    # Nothing below may fail: the row is shared with other heartbeats.
    outcome.refused, outcome.gained, outcome.unit = credit.refused, credit.gained, row.unit
    if not credit.refused:
        outcome.ended = outcome.reason = ""
    asked = min(lease.threshold_permille, completions.asked_now(tx, lease.item_id, lease.item_version))
    consequences.add_credit(row, rules.pack_spans(credit.held), outcome, lease.extent, asked, end_ms)
    row.updated_ms = max(row.updated_ms, beat.at_ms)
