"""Settling beats: a batch of claims against ledger rows, inside one transaction.

`settle` is what the group commit runs. It works on rows in memory, writes each changed row once,
and does the rare things (first second of a course, completion, refusals) afterwards, each in a
savepoint of its own, so that one poisoned beat never fails its neighbours.
"""

import logging

from academy.core import collisions
from academy.core.db import Tx
from academy.core.settings import Settings
from academy.progress import completing, late, refusing, rules, store
from academy.progress.beats import Beat, Outcome
from academy.progress.store import LedgerRow

log = logging.getLogger(__name__)


def settle(tx: Tx, settings: Settings, beats: list[Beat]) -> list[Outcome]:
    """Credit the beats in the order given; returns one outcome a beat."""
    rows = store.load(tx, [beat.key for beat in beats])
    outcomes = [_apply(rows.get(beat.key), beat, settings) for beat in beats]
    changed = {
        beat.key: rows[beat.key]
        for beat, outcome in zip(beats, outcomes, strict=True)
        if not outcome.ended and outcome.error is None
    }
    store.save(tx, changed)
    # By member: two processes that finish courses of the same people then never wait for each other crosswise.
    for beat, outcome in sorted(zip(beats, outcomes, strict=True), key=lambda pair: pair[0].key[0]):
        if outcome.error is None and (outcome.ended or outcome.reason or outcome.gained_ms):
            _afterwards(tx, settings, rows.get(beat.key), beat, outcome)
    return outcomes


def _apply(row: LedgerRow | None, beat: Beat, settings: Settings) -> Outcome:
    """One beat on one row, in memory."""
    if row is None or row.lease_id != beat.grant.lease_id:
        return Outcome(ended="unknown")
    try:
        held = rules.unpack(row.packed)
        allowed = rules.allowance(beat.at_ms, row.until_ms, settings.accepted_rate, settings.slack_ms)
        credit = rules.credit(held, beat.spans, allowed, beat.grant.duration_ms)
        packed = rules.pack(credit.held) if credit.gained_ms else row.packed
    except Exception as error:
        log.exception("beat.poisoned", extra={"lease": beat.grant.lease_id})
        return Outcome(error=error)
    if credit.gained_ms:
        row.packed = packed
        row.covered_ms += credit.gained_ms
        row.until_ms = rules.spend(row.until_ms, credit.gained_ms, settings.accepted_rate)
    row.updated_ms = max(row.updated_ms, beat.at_ms)
    if beat.seq > row.seq:
        row.seq = beat.seq
        if beat.position_ms is not None:
            row.position_ms = min(beat.position_ms, beat.grant.duration_ms)
    return Outcome(credit.gained_ms, row.covered_ms, credit.refused, credit.reason)


def _afterwards(tx: Tx, settings: Settings, row: LedgerRow | None, beat: Beat, outcome: Outcome) -> None:
    """The rare part of a beat; a failure here is this beat's alone."""
    grant = beat.grant
    due = (
        row is not None
        and not outcome.ended
        and row.completed_ms is None
        and rules.completes(outcome.covered_ms, grant.duration_ms, grant.threshold_permille)
    )
    first = outcome.gained_ms > 0 and outcome.covered_ms == outcome.gained_ms
    if not (due or first or outcome.ended or outcome.reason):
        return
    try:
        with tx.begin_nested():
            if outcome.ended:
                late.settle_ended(tx, settings, beat, outcome)
                return
            if outcome.reason:
                refusing.note(tx, grant, outcome.reason, outcome.refused, beat.at_ms)
            if first:
                completing.reach(tx, grant.member_id, grant.course_id, beat.at_ms)
            if due and row is not None:
                completing.finish_item(
                    tx, grant.member_id, grant.item_id, grant.item_version, grant.course_id, beat.at_ms
                )
                row.completed_ms = beat.at_ms
                outcome.finished = True
    except Exception as error:
        if collisions.is_retryable(error):
            raise  # the whole transaction runs again
        if row is not None and outcome.finished:
            row.completed_ms, outcome.finished = None, False
        log.exception("beat.afterwards_failed", extra={"lease": grant.lease_id})
        outcome.error = error
