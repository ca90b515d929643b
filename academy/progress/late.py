"""Beats of a lease that is no longer active."""

import datetime as dt

from academy.core.db import Tx
from academy.core.settings import Settings
from academy.progress import completing, refusing, rules
from academy.progress.beats import Beat, Outcome
from academy.progress.models import Lease, WatchLedger


def settle_ended(tx: Tx, settings: Settings, beat: Beat, outcome: Outcome) -> None:
    """Say why nothing can be added; but what was watched before a quiet end and waited on the device
    for the network is still credited, as far as the clock allowed until that end."""
    lease, reason = refusing.why_ended(tx, beat.grant)
    outcome.ended, outcome.reason, outcome.refused = reason, reason, beat.spans
    if lease is None or not beat.spans:
        return
    if reason in refusing.LATE and lease.ended_at is not None:
        _credit(tx, settings, lease, lease.ended_at, beat, outcome)
    if outcome.refused:
        refusing.note(tx, beat.grant, reason, outcome.refused, beat.at_ms)


def _credit(tx: Tx, settings: Settings, lease: Lease, ended_at: dt.datetime, beat: Beat, outcome: Outcome) -> None:
    row = tx.get(WatchLedger, beat.key, populate_existing=True, with_for_update=True)
    if row is None:
        return
    # Without slack: opening and leaving lectures in turn must not lend it again each time.
    end_ms = int(ended_at.timestamp() * 1000)
    allowed = rules.allowance(end_ms, lease.credited_until_ms, settings.accepted_rate, 0)
    credit = rules.credit(rules.unpack(row.spans), beat.spans, allowed, lease.duration_ms)
    outcome.refused, outcome.gained_ms = credit.refused, credit.gained_ms
    if not credit.refused:
        outcome.ended = outcome.reason = ""
    if not credit.gained_ms:
        return
    first = row.covered_ms == 0
    row.spans = rules.pack(credit.held)
    row.covered_ms += credit.gained_ms
    row.updated_ms = max(row.updated_ms, beat.at_ms)
    lease.credited_until_ms = rules.spend(lease.credited_until_ms, credit.gained_ms, settings.accepted_rate)
    outcome.covered_ms = row.covered_ms
    tx.flush()
    if first:
        completing.reach(tx, lease.member_id, lease.course_id, end_ms)
    if row.completed_ms is None and rules.completes(row.covered_ms, lease.duration_ms, lease.threshold_permille):
        completing.finish_item(tx, lease.member_id, lease.item_id, lease.item_version, lease.course_id, end_ms)
        outcome.finished = True
