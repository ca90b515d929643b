"""Settling heartbeats: a batch of claims against ledger rows, inside one transaction.

`settle` is run by the group commit. It works on rows in memory and writes each changed row once. The consequences of
credit (start, completions, hours, coverage) are written before the row, in a savepoint a row: if that fails the row
keeps its mark, `pending_since_ms`, in the same commit as the credit, and the next heartbeat or the repair retries. So
one failing heartbeat never fails the others of its batch, and no consequence of credit is lost. A collision is raised,
and the whole transaction is retried.
"""

import logging
from collections.abc import Callable

from academy.core.database import Tx
from academy.core.settings import Settings
from academy.learning import consequences, ended_leases, ledger_rows, refusals, rules
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.learning.ledger_rows import LedgerRow

log = logging.getLogger(__name__)


def settle(tx: Tx, settings: Settings, beats: list[Heartbeat]) -> list[HeartbeatOutcome]:
    """Credit the heartbeats in the order given; returns one outcome for each."""
    rows = ledger_rows.load(tx, [beat.key for beat in beats])
    given, beats = beats, [beat.in_unit(rows[beat.key].unit) if beat.key in rows else beat for beat in beats]
    outcomes = [_apply(rows.get(beat.key), beat, settings) for beat in beats]
    pairs = list(zip(beats, outcomes, strict=True))
    for beat, outcome in pairs:
        if outcome.ended:
            _guarded(tx, beat, outcome, ended_leases.settle_ended, tx, settings, rows, beat, outcome)
    courses = {beat.key: beat.grant.course_id for beat, outcome in pairs if outcome.error is None}
    # Ordered by member: two processes that complete courses of the same people then cannot deadlock.
    for key in sorted(key for key in courses if key in rows and rows[key].pending_since_ms is not None):
        consequences.write_consequences(tx, key, courses[key], rows[key])
    ledger_rows.save(tx, {key: rows[key] for key in courses if key in rows})
    refused = [pair for pair in pairs if pair[1].refused]
    for beat, outcome in sorted(refused, key=lambda pair: pair[0].key):
        if outcome.reason and outcome.error is None:
            _guarded(
                tx, beat, None, refusals.record_refusal, tx, beat.grant, outcome.reason, outcome.refused, beat.at_ms
            )
    for claim, beat, outcome in zip(given, beats, outcomes, strict=True):
        if claim is not beat:
            outcome.refused = rules.milliseconds_of(outcome.refused)
    return outcomes


def _apply(row: LedgerRow | None, beat: Heartbeat, settings: Settings) -> HeartbeatOutcome:
    """Apply one heartbeat to one row, in memory."""
    if row is None or row.lease_id != beat.grant.lease_id:
        return HeartbeatOutcome(ended="unknown", closed=True)
    try:
        held = rules.unpack_spans(row.packed)
        since = rules.claimable_from(row.until_ms, row.last_heartbeat_ms, row.lapses_ms, beat.at_ms)
        allowed = rules.allowance(beat.at_ms, since, settings.accepted_rate, settings.slack_ms, row.unit)
        credit = rules.credit(held, beat.spans, allowed, beat.grant.extent, row.unit)
        packed = rules.pack_spans(credit.held) if credit.gained else row.packed
    except Exception as error:
        log.exception("heartbeat.failed", extra={"lease": beat.grant.lease_id})
        return HeartbeatOutcome(error=error)
    row.lapses_ms = rules.lapse_after(since, row.last_heartbeat_ms, row.lapses_ms, beat.at_ms)
    row.until_ms = rules.spend(since, credit.gained, settings.accepted_rate, row.unit)
    row.last_heartbeat_ms = max(row.last_heartbeat_ms, beat.at_ms)
    outcome = HeartbeatOutcome(credit.gained, row.unit, row.covered, credit.refused, credit.reason)
    consequences.add_credit(row, packed, outcome, beat.grant.extent, beat.grant.threshold_permille, beat.at_ms)
    row.updated_ms = max(row.updated_ms, beat.at_ms)
    if beat.seq > row.seq:
        row.seq = beat.seq
        if beat.position is not None:
            row.position = min(beat.position, beat.grant.extent)
    return outcome


def _guarded(
    tx: Tx, beat: Heartbeat, outcome: HeartbeatOutcome | None, call: Callable[..., None], *args: object
) -> None:
    """Run a rare part of a heartbeat in a savepoint; a failure there fails this heartbeat only."""
    error = consequences.in_savepoint(tx, lambda: call(*args))
    if error is not None:
        log.error("heartbeat.savepoint_failed", extra={"lease": beat.grant.lease_id})
        if outcome is not None:
            outcome.error = error
