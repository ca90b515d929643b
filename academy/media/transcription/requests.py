"""Requests for speech recognition, and storing its result. People's captions are never overwritten."""

import time

from sqlalchemy import select, update

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.settings import Settings
from academy.core.unique import get_or_create, lock_row
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media import queries
from academy.media.events import AssetReady, SpeechRecognised
from academy.media.models import Asset, AssetState, Transcription
from academy.media.probing.mended import mended
from academy.media.probing.probe import reading_options
from academy.media.storage.file_storage import original_key, work_folder
from academy.media.storage.selection import storage_of
from academy.media.transcription import models, recognition
from academy.media.transcripts import editing

HEARABLE = ("video", "audio")
PROGRESS_S = 2.0


def transcriptions_of(tx: Tx, asset_ids: list[int]) -> dict[int, Transcription]:
    """Recognition requests, by asset."""
    rows = tx.scalars(select(Transcription).where(Transcription.asset_id.in_(asset_ids)))
    return {row.asset_id: row for row in rows}


def request_transcription(tx: Tx, actor: Actor, settings: Settings, asset: Asset) -> Transcription:
    """Enqueue speech recognition of a lecture.

    Raises:
        Invalid: no model is configured.
        Conflict: people's captions exist, or it is in progress.
    """
    recognition.need_model(settings)
    if asset.state != AssetState.READY or asset.kind not in HEARABLE or _source(asset) is None:
        raise Conflict(msg("文件处理好以后才能识别字幕。"))
    script = queries.transcript_of(tx, asset.id)
    if script is not None and script.origin != "asr":
        raise Conflict(msg("这节课已有人工字幕，自动识别不会覆盖它。"))
    row, is_new = get_or_create(tx, Transcription, {"asset_id": asset.id})
    if not is_new:
        lock_row(tx, row)
        if row.state in {"waiting", "running"}:
            raise Conflict(msg("正在识别，请稍候。"))
    row.state, row.permille, row.error = "waiting", 0, None
    row.asked_at, row.finished_at = clock.now(), None
    tx.flush()
    jobs.enqueue(tx, "media.transcribe", key=f"asset:{asset.id}:transcribe", asset_id=asset.id)
    record(tx, actor, "captions.recognition_asked", f"asset:{asset.public_id}")
    return row


def _source(asset: Asset) -> int | None:
    """The audio stream of the original."""
    found: int | None = (asset.probe or {}).get("source", {}).get("audio")
    return found


@jobs.handles(AssetReady)
def transcribe_new(context: JobContext, event: AssetReady) -> None:
    """Recognise a new lecture without captions, where there is a model."""
    if models.find_speech_model(context.settings) is None:
        return

    def write(tx: Tx) -> None:
        asset = tx.get_one(Asset, event.asset_id)
        fresh = asset.kind in HEARABLE and _source(asset) is not None and queries.transcript_of(tx, asset.id) is None
        if fresh and tx.get(Transcription, asset.id) is None:
            request_transcription(tx, SYSTEM, context.settings, asset)

    context.db.run_in_transaction(write)


def _failed(tx: Tx, message: Message, asset_id: int) -> None:
    row = tx.get(Transcription, asset_id)
    if row is not None:
        row.state, row.error, row.finished_at = "failed", message.to_json(), clock.now()


def _begin(tx: Tx, asset_id: int) -> tuple[Asset, list[str]] | None:
    """The asset and the glossary; None when there is nothing to recognise any more."""
    asset, row = tx.get_one(Asset, asset_id), tx.get(Transcription, asset_id)
    if row is None or asset.state != AssetState.READY:
        return None
    row.state, row.permille = "running", 0
    return asset, [term.right for term in editing.list_glossary(tx)]


@jobs.job("media.transcribe", lane=jobs.HEAVY, on_failure=_failed)
def transcribe(context: JobContext, asset_id: int) -> None:
    """Recognise the words of a lecture."""
    begun = context.db.run_in_transaction(lambda tx: _begin(tx, asset_id))
    if begun is None:
        return
    asset, terms = begun
    stored_at = 0.0

    def on_progress(permille: int) -> None:
        nonlocal stored_at
        context.progress(permille)
        if time.monotonic() - stored_at < PROGRESS_S:
            return
        stored_at = time.monotonic()

        def write(tx: Tx) -> None:
            tx.execute(update(Transcription).where(Transcription.asset_id == asset_id).values(permille=permille))

        context.db.run_in_transaction(write)

    folder = work_folder(context.settings, f"hear-{asset.public_id}")
    with (
        storage_of(context.settings).local(original_key(asset.public_id)) as original,
        mended(context.settings, original) as path,
    ):
        demuxer = (asset.probe or {})["source"]["demuxer"]
        entry = [*reading_options(demuxer), "-i", f"file:{path}", "-map", f"0:{_source(asset)}"]
        recognised = recognition.recognise_speech(
            context.settings, entry, folder, on_progress, terms=list(dict.fromkeys(terms))
        )
    if not recognised.cues:
        raise Invalid(msg("没有听出说话的声音。"))
    context.db.run_in_transaction(lambda tx: _keep(tx, asset_id, recognised))


def _keep(tx: Tx, asset_id: int, recognised: recognition.Recognised) -> None:
    asset, row = tx.get_one(Asset, asset_id, with_for_update=True), tx.get_one(Transcription, asset_id)
    row.state, row.permille, row.model = "done", 1000, recognised.model[:120]
    row.finished_at = clock.now()
    cues = [[cue.start_ms, cue.end_ms, cue.text, cue.confidence] for cue in recognised.cues]
    jobs.publish(tx, SpeechRecognised(asset.id, cues))
    record(
        tx, SYSTEM, "captions.recognised", f"asset:{asset.public_id}", cues=len(recognised.cues), model=recognised.model
    )
