"""Shortcuts through the application's own verbs, for tests and benchmarks: what a worker, an upload, the crediting of
many beats or two officers do, done by one call."""

import datetime as dt
from collections.abc import Collection
from pathlib import Path

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs.api import publish
from academy.jobs.outbox import deliver
from academy.jobs.worker import run_job, runnable
from academy.learning import crediting
from academy.learning.heartbeats import Heartbeat, HeartbeatOutcome
from academy.media import service as media
from academy.media.captions import caption_files
from academy.media.models import Asset
from academy.people.events import ExemptionChanged
from academy.people.models import Exemption, Member
from academy.trainings import coverage_cells


def drain(runtime: Runtime, *, limit: int = 10_000, only: Collection[str] = ()) -> int:
    """Run everything that is due, in this thread, until nothing is left; returns how many jobs.

    With names in `only`, other jobs stay where they are.

    Raises:
        RuntimeError: there is no end of jobs.
    """
    done = 0
    while done < limit:
        while deliver(runtime):
            pass
        ids = runnable(runtime, only=only)
        if not ids:
            return done
        for job_id in ids:
            done += run_job(runtime, job_id)
    raise RuntimeError(f"more than {limit} jobs: does one enqueue itself?")


def adopt_file(tx: Tx, actor: Actor, path: Path, filename: str, kind: str) -> Asset:
    """Make an asset of a local file, as a finished upload does; the file must stay until the asset is ready."""
    assert actor.account_id is not None
    return media.create_asset(tx, actor, actor.account_id, path.absolute(), filename, kind, path.stat().st_size)


def import_captions(tx: Tx, actor: Actor, asset: Asset, filename: str, data: bytes) -> int:
    """Replace the transcript by a caption file that is parsed in this process; returns the number of cues.

    Raises:
        Invalid: lines that cannot be read, or captions of something longer than the asset.
    """
    parsed = caption_files.parse_captions(filename, data, asset.duration_ms)
    media.keep_captions(tx, actor, asset, parsed)
    return len(parsed.cues)


def record_heartbeat(tx: Tx, settings: Settings, beat: Heartbeat) -> HeartbeatOutcome:
    """Credit one beat in the caller's transaction."""
    return crediting.settle(tx, settings, [beat])[0]


def settle_all(tx: Tx) -> int:
    """Settle every change of the coverage counts; returns how many."""
    total = 0
    while moved := coverage_cells.settle_cells(tx):
        total += moved
    return total


def grant_exemption(
    tx: Tx, member: Member, *, reason: str = "年老体弱", valid_from: dt.date, valid_to: dt.date | None = None
) -> Exemption:
    """An exemption that two officers have agreed to."""
    made = Exemption(member_id=member.id, reason=reason, valid_from=valid_from, valid_to=valid_to)
    made.approved_at = clock.now()
    tx.add(made)
    tx.flush()
    publish(tx, ExemptionChanged(member.id))
    return made
