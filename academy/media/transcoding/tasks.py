"""Jobs of the encoding: one process for a short film, several jobs for a long one, then one set of all renditions.

The parts of a long film are jobs of their own, a few at a time, so that a short film handed in later does not wait for
the end of a long one. The job that finishes the last part starts the next step.
"""

import dataclasses
import shutil
import time
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, update

from academy.core import clock
from academy.core.database import Tx
from academy.core.i18n import Message
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media import pipeline, rules, service
from academy.media.models import Asset, AssetPart, AssetStep
from academy.media.pipeline import Keep, StepContext, WaitForParts, step
from academy.media.storage.file_storage import original_key, parts_folder
from academy.media.storage.selection import storage_of
from academy.media.transcoding import encode, parts

AT_ONCE = 4
"""Parts of one film that are queued or running at a time, whatever the number of workers."""


@step("encode", lane=jobs.HEAVY)
def _encode(work: StepContext) -> Keep | WaitForParts | None:
    """Make the renditions of a short film; for a long one, enqueue its parts."""
    if (work.folder / "master.m3u8").exists():
        return None  # a later step was retried
    numbers = parts.numbers(work.source)
    if not numbers:
        with work.storage.local(original_key(work.asset.public_id)) as path:
            damage = encode.make_ladder(work.settings, work.source, path, work.folder, work.report_progress)
        return pipeline.keep_probe({"damage": damage})
    made = parts_folder(work.settings, work.generation)
    missing = [number for number in numbers if not parts.is_made(made, number)]
    if not missing:
        return None
    return WaitForParts(lambda tx, asset: _start_parts(tx, asset, numbers, missing))


def _start_parts(tx: Tx, asset: Asset, numbers: list[int], missing: list[int]) -> None:
    mine = (AssetPart.asset_id == asset.id, AssetPart.generation == asset.building)
    tx.execute(delete(AssetPart).where(*mine))
    assert asset.building is not None
    for number in numbers:
        state = "waiting" if number in missing else "done"
        permille = 0 if number in missing else 1000
        tx.add(AssetPart(asset_id=asset.id, generation=asset.building, number=number, state=state, permille=permille))
    tx.flush()
    for number in missing[:AT_ONCE]:
        _start(tx, asset, number)


def _start(tx: Tx, asset: Asset, number: int) -> None:
    tx.execute(_row(asset.id, asset.building or "", number).values(state="queued"))
    name = "media.sound" if number == parts.SOUND else "media.part"
    key = service.part_key(asset, number)
    jobs.enqueue(tx, name, key=key, asset_id=asset.id, generation=asset.building, number=number)


def _row(asset_id: int, generation: str, number: int):  # type: ignore[no-untyped-def]
    return update(AssetPart).where(
        AssetPart.asset_id == asset_id, AssetPart.generation == generation, AssetPart.number == number
    )


class _PartProgress:
    """Stores a part's progress, and the film's from all its parts, at most once a second."""

    def __init__(self, context: JobContext, asset: Asset, number: int) -> None:
        self.context, self.asset, self.number = context, asset, number
        self.stored_at = 0.0

    def __call__(self, permille: int) -> None:
        if time.monotonic() - self.stored_at < pipeline.PROGRESS_S:
            return
        self.stored_at = time.monotonic()
        self.context.progress(permille)

        def write(tx: Tx) -> None:
            tx.execute(_row(self.asset.id, self.asset.building or "", self.number).values(permille=permille))
            whole = select(func.avg(AssetPart.permille)).where(
                AssetPart.asset_id == self.asset.id, AssetPart.generation == self.asset.building
            )
            pipeline.mark(tx, self.asset.id, "encode", permille=int(tx.scalar(whole) or 0))

        self.context.db.run_in_transaction(write)


def _make_part(context: JobContext, asset_id: int, generation: str, number: int) -> None:

    def begin(tx: Tx) -> Asset | None:
        asset = tx.get(Asset, asset_id)
        if asset is None or asset.building != generation:
            return None
        tx.execute(_row(asset_id, generation, number).values(state="running"))
        return asset

    def keep(tx: Tx) -> None:
        # Locked, so that of two parts that end at once the second sees the first.
        asset = tx.get_one(Asset, asset_id, with_for_update=True, populate_existing=True)
        if asset.building == generation:
            _part_done(tx, asset, number)

    asset = context.db.run_in_transaction(begin)
    if asset is None:
        return
    source = rules.Source(**(asset.probe or {})["source"])
    folder = parts_folder(context.settings, generation)
    with storage_of(context.settings).local(original_key(asset.public_id)) as path:
        parts.make(context.settings, source, path, folder, number, _PartProgress(context, asset, number))
    context.db.run_in_transaction(keep)


def _part_done(tx: Tx, asset: Asset, number: int) -> None:
    generation = asset.building or ""
    now = clock.now()
    hit = tx.execute(
        _row(asset.id, generation, number)
        .where(AssetPart.state != "done")
        .values(state="done", permille=1000, finished_at=now)
        .returning(AssetPart.id)
    ).scalar()
    if hit is None:
        return  # made twice after a false alarm; the first one continued
    mine = (AssetPart.asset_id == asset.id, AssetPart.generation == generation)
    following = tx.scalar(
        select(AssetPart.number).where(*mine, AssetPart.state == "waiting").order_by(AssetPart.number).limit(1)
    )
    if following is not None:
        _start(tx, asset, following)
    elif not tx.scalar(select(AssetPart.id).where(*mine, AssetPart.state != "done").limit(1)):
        # The step checks which parts exist and continues.
        service.start_step(tx, asset, "encode")


def _part_failed(tx: Tx, message: Message, asset_id: int, generation: str, number: int) -> None:
    asset = tx.get(Asset, asset_id)
    if asset is None or asset.building != generation:
        return
    for other in tx.scalars(select(AssetPart.number).where(AssetPart.asset_id == asset_id)):
        if other != number:
            jobs.cancel_jobs(tx, service.part_key(asset, other))
    already = select(AssetStep.id).where(
        AssetStep.asset_id == asset_id, AssetStep.step == "encode", AssetStep.state == "failed"
    )
    if tx.scalar(already) is None:
        pipeline.failed(tx, "encode", message, asset_id, generation)


@jobs.job("media.part", lane=jobs.HEAVY, on_failure=_part_failed)
def _part(context: JobContext, asset_id: int, generation: str, number: int) -> None:
    """Make one part of a long film's pictures."""
    _make_part(context, asset_id, generation, number)


@jobs.job("media.sound", lane=jobs.BRIEF, on_failure=_part_failed)
def _sound(context: JobContext, asset_id: int, generation: str, number: int) -> None:
    """Make the audio of a long film, in one piece."""
    _make_part(context, asset_id, generation, number)


@step("join", lane=jobs.BRIEF)
def _join(work: StepContext) -> Keep | None:
    """Put parts together, measure, and write the master playlists."""
    made: Path = parts_folder(work.settings, work.generation)
    found: dict[str, Any] = {}
    if parts.numbers(work.source) and not (work.folder / "master.m3u8").exists():
        found["damage"] = parts.damage(work.source, made)
        parts.join(work.settings, work.source, made, work.folder)
    measured = encode.finish(work.source, work.folder)
    shutil.rmtree(made, ignore_errors=True)
    keep = pipeline.keep_probe(found | {"renditions": [dataclasses.asdict(m) for m in measured]})

    def keep_and_clear(tx: Tx, asset: Asset) -> None:
        keep(tx, asset)
        tx.execute(delete(AssetPart).where(AssetPart.asset_id == asset.id))

    return keep_and_clear
