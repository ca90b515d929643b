"""Processing steps of a file except the encoding, and other jobs on files."""

import dataclasses
import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import delete, select

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media import cleanup, failed_assets, pictures, queries, rules, service
from academy.media.captions import jailed_parser
from academy.media.captions.caption_files import CueText
from academy.media.documents import pages
from academy.media.events import AssetFailed, AssetReady, TranscriptChanged
from academy.media.keeping import kept_files as _keeping  # noqa: F401 - registers its jobs and handlers
from academy.media.models import Asset, AssetState, AssetStep, Rendition
from academy.media.pipeline import Keep, StepContext, keep_probe, step
from academy.media.probing import probe, streams
from academy.media.storage.file_storage import original_key, parts_folder, set_key, uploads_folder, work_folder
from academy.media.storage.selection import storage_of
from academy.media.transcoding import encode, tasks
from academy.media.transcoding.playlist import MeasuredRendition
from academy.media.transcription import requests as _asking  # noqa: F401 - registers its jobs and handlers
from academy.media.transcripts import chapters
from academy.notifications import api as notifications

__all__ = ["cleanup", "tasks"]
PIECE = 4 << 20
END = 1 << 20
OLD_SET_S = 24 * 3600


@step("hash")
def _hash(work: StepContext) -> Keep:
    """Move the file into storage and keep its SHA-256."""
    key = original_key(work.asset.public_id)
    incoming = Path(work.asset.incoming) if work.asset.incoming else None
    uploads = uploads_folder(work.settings)
    if incoming is not None and incoming.exists():
        work.storage.put_file(key, incoming, move=incoming.parent == uploads)
    if not work.storage.exists(key):
        raise Invalid(msg("没有找到上传的文件，请重新上传。"))
    digest, done = hashlib.sha256(), 0
    with work.storage.open(key) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            done += len(piece)
            work.report_progress(done * 999 // max(1, work.asset.size))
        ends = fingerprint(file, done)

    def keep(tx: Tx, asset: Asset) -> None:
        asset.sha256, asset.fingerprint = digest.hexdigest(), ends
        asset.size, asset.incoming = done, None
        same = queries.twin(tx, asset)
        asset.duplicate_of_id = same.id if same else None

    return keep


def fingerprint(file: BinaryIO, size: int) -> str:
    """SHA-256 of the first megabyte followed by the last one, as the upload page computes it."""
    file.seek(0)
    ends = file.read(END)
    file.seek(max(0, size - END))
    return hashlib.sha256(ends + file.read(END)).hexdigest()


@step("probe")
def _probe(work: StepContext) -> Keep:
    """Check what the file really is; keep what the encoder needs."""
    with work.storage.local(original_key(work.asset.public_id)) as path:
        if path.stat().st_size == 0:
            raise Invalid(msg("文件是空的（0 字节），请检查后重新上传。"))
        if work.asset.kind == "document":
            work.folder.mkdir(parents=True, exist_ok=True)
            return keep_probe({"nature": probe.check_document(work.settings, path, work.folder)})
        if work.asset.kind == "image":
            work.folder.mkdir(parents=True, exist_ok=True)
            width, height = pictures.make_image(path, work.folder / "poster.jpg")
            drawn = {"poster": True, "card": True, "square": True, "storyboard": False}
            return keep_probe({"pictures": drawn, "size": [width, height]})
        source, found = probe.look(work.settings, work.asset.kind, path)
    values = keep_probe({"source": source.to_json(), "found": found})
    start_ms = streams.start_by_file_ms(source, found)

    def keep(tx: Tx, asset: Asset) -> None:
        values(tx, asset)
        # Only on the first run: chapters edited by the trainer meanwhile stay.
        if asset.ready_at is None and not chapters.chapters_of(tx, asset.id):
            chapters.put_chapters(tx, asset, chapters.inside(found, source.duration_ms, start_ms))

    return keep


@step("poster", lane=jobs.BRIEF)
def _poster(work: StepContext) -> Keep:
    """Draw the poster and the storyboard."""
    measured = _measured(work.asset)
    shown = [m.rung for m in measured]
    made = encode.make_pictures(work.settings, work.folder, shown, max(m.duration_ms for m in measured))
    return keep_probe({"pictures": dataclasses.asdict(made)})


def _measured(asset: Asset) -> list[MeasuredRendition]:
    rows = (asset.probe or {}).get("renditions", [])
    return [MeasuredRendition(**(row | {"rung": rules.Rung(**row["rung"])})) for row in rows]


@step("pages", lane=jobs.BRIEF)
def _pages(work: StepContext) -> Keep:
    """Draw the pages of a document."""
    nature = (work.asset.probe or {}).get("nature", "pdf")
    with work.storage.local(original_key(work.asset.public_id)) as path:
        drawn = pages.make_pages(work.settings, nature, path, work.folder)
    return keep_probe({"pages": drawn, "pictures": {"poster": True, "storyboard": False, "small_pages": True}})


@step("captions")
def _captions(work: StepContext) -> Keep | None:
    """Import the captions inside the file, unless people provided some."""
    if work.source.subtitle is None:
        return None
    with work.storage.local(original_key(work.asset.public_id)) as path:
        data = encode.embedded_captions(work.settings, work.source, path, work.folder)
    start_ms = streams.start_by_file_ms(work.source, (work.asset.probe or {}).get("found", {}))
    try:
        cues = _from_start(jailed_parser.parse_captions_jailed("inside.srt", data).cues, start_ms)
    except Invalid:
        return None  # a track of pictures or an empty one: the lecture does not fail because of it

    def keep(tx: Tx, asset: Asset) -> None:
        service.replace_cues(tx, asset, cues, "embedded")

    return keep


def _from_start(cues: list[CueText], start_ms: int) -> list[CueText]:
    """Captions shifted to the lecture's clock, which may begin later than the file's."""
    if not start_ms:
        return cues
    moved = [dataclasses.replace(c, start_ms=c.start_ms - start_ms, end_ms=c.end_ms - start_ms) for c in cues]
    return [dataclasses.replace(c, start_ms=max(0, c.start_ms)) for c in moved if c.end_ms > 0]


@step("publish")
def _publish(work: StepContext) -> Keep:
    """Move the set to its public folder, then point the row at it."""
    prefix = set_key(work.asset.public_id, work.generation)
    work.storage.put_folder(prefix, work.folder)

    def keep(tx: Tx, asset: Asset) -> None:
        if asset.ready_at is not None and asset.generation != work.generation:
            jobs.enqueue(tx, "media.discard", delay_s=OLD_SET_S, asset_id=asset.id, generation=asset.generation)
        _point(tx, asset, work.generation)
        jobs.publish(tx, AssetReady(asset_id=asset.id))
        _warn_of_damage(tx, asset)

    return keep


def _warn_of_damage(tx: Tx, asset: Asset) -> None:
    damage = int((asset.probe or {}).get("damage", 0))
    if damage:
        notifications.notify(
            tx,
            key=f"asset.damage:{asset.public_id}:{asset.generation}",
            body=msg(
                "“%(name)s”处理好了，但原文件有 %(count)s 处画面或声音损坏。发布前请看一遍，或者重新导出后再上传。",
                name=asset.filename,
                count=damage,
            ),
            link=f"/media/{asset.public_id}/chapters",
            account_id=asset.account_id,
            kind="asset",
        )


def _point(tx: Tx, asset: Asset, generation: str) -> None:
    measured = _measured(asset)
    tx.execute(delete(Rendition).where(Rendition.asset_id == asset.id))
    for item in measured:
        tx.add(
            Rendition(
                asset_id=asset.id,
                name=item.rung.name,
                width=item.rung.width,
                height=item.rung.height,
                codecs=item.codecs,
                bandwidth=item.bandwidth,
                average_bandwidth=item.average_bandwidth,
                size=item.size,
            )
        )
    seen = dict(asset.probe or {})
    if measured:
        # The end of audio packets does not match the last picture: where there are pictures, they define the duration.
        asset.duration_ms = max(m.duration_ms for m in [p for p in measured if p.rung.height] or measured)
    drawn = seen.pop("pages", None)
    if drawn is not None:
        # The texts of hundreds of pages are rows of their own: lists of files do not load them.
        pages.keep(tx, asset, drawn)
        asset.probe = seen
    top = max((m.rung for m in measured if m.rung.height), key=lambda r: r.height or 0, default=None)
    size = (top.width, top.height) if top else tuple(seen.get("size", (None, None)))
    asset.width, asset.height = size
    asset.has_poster = bool(seen.get("pictures", {}).get("poster"))
    asset.has_storyboard = bool(seen.get("pictures", {}).get("storyboard"))
    asset.has_audio = any(not m.rung.height for m in measured)
    asset.generation, asset.building = generation, None
    asset.state, asset.error, asset.ready_at = AssetState.READY, None, clock.now()


@jobs.handles(AssetFailed)
def notify_owner_of_failure(context: JobContext, event: AssetFailed) -> None:
    """Notify the owner that the asset has failed."""

    def write(tx: Tx) -> None:
        asset = tx.get_one(Asset, event.asset_id)
        step = tx.scalar(select(AssetStep).where(AssetStep.asset_id == asset.id, AssetStep.state == "failed"))
        if asset.error is None or step is None or step.finished_at is None:
            return  # retried meanwhile
        reason = str(Message.from_json(asset.error))
        notifications.notify(
            tx,
            key=f"asset.failed:{asset.public_id}:{step.finished_at.isoformat()}",
            body=msg(
                "“%(name)s”没有处理成功：%(reason)s",
                name=asset.filename,
                reason=reason,
            ),
            link=failed_assets.INBOX,
            account_id=asset.account_id,
            kind="asset",
        )

    context.db.run_in_transaction(write)


@jobs.job("media.discard")
def _discard(context: JobContext, asset_id: int, generation: str) -> None:
    """Remove a set that no row refers to any more."""
    with context.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
    if generation not in (asset.generation, asset.building):
        storage_of(context.settings).delete_folder(set_key(asset.public_id, generation))


@jobs.job("media.rename")
def _rename(context: JobContext, asset_id: int, old: str) -> None:
    """After a revocation: rename the set's folder."""
    with context.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
    here = storage_of(context.settings)
    here.rename_folder(set_key(asset.public_id, old), set_key(asset.public_id, asset.generation))


@jobs.job("media.remove")
def _remove(context: JobContext, asset_id: int) -> None:
    """Remove a deleted asset's files."""
    with context.db.read() as tx:
        asset = tx.scalars(select(Asset).where(Asset.id == asset_id, Asset.state == AssetState.DELETED)).one()
    service.forget_incoming(asset, uploads_folder(context.settings))
    storage_of(context.settings).delete_folder(f"assets/{asset.public_id}")
    for made in (work_folder, parts_folder):
        shutil.rmtree(made(context.settings, asset.generation), ignore_errors=True)


@jobs.job("media.settle_transcript")
def _settle_transcript(context: JobContext, asset_id: int) -> None:
    """Publish that editing of a transcript has paused."""
    context.db.run_in_transaction(lambda tx: jobs.publish(tx, TranscriptChanged(asset_id=asset_id)))


@jobs.job("media.expire")
def _expire(context: JobContext, upload_id: int) -> None:
    """Remove an upload that was not continued."""
    from academy.media import uploads

    uploads.expire(context.runtime, upload_id)
