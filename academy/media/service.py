"""Writes on files: import, retry, remove, captions."""

import contextlib
import os
from pathlib import Path

from sqlalchemy import delete, select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.ids import new_id
from academy.core.settings import Settings
from academy.core.unique import lock_row
from academy.jobs import api as jobs
from academy.media import queries, rules
from academy.media.access import access_own_asset, access_own_upload
from academy.media.captions import caption_files
from academy.media.captions.caption_files import CueText
from academy.media.events import AssetRemoved, TranscriptChanged
from academy.media.models import Asset, AssetPart, AssetState, AssetStep, Cue, Transcript
from academy.media.storage.file_storage import local_storage, set_key

LANGUAGE = "zh-CN"
REVOKED = "media.revoked"
"""Key in a transaction's info: sets to be renamed after its commit."""
RANKS = {"asr": 0, "embedded": 1, "manual": 2}
"""Priority of origins: people, then the file itself, then speech recognition."""


def create_asset(tx: Tx, actor: Actor, account_id: int, path: Path, filename: str, kind: str, size: int) -> Asset:
    """Create the asset's row and steps and start the first one."""
    if kind not in rules.ASSET_KINDS:
        raise Invalid(msg("不认识的文件种类。"))
    asset = Asset(
        account_id=account_id, kind=kind, filename=title_of(filename), size=size, incoming=os.fspath(path), error=None
    )
    tx.add(asset)
    tx.flush()
    for position, name in enumerate(rules.STEPS_BY_KIND[kind]):
        tx.add(AssetStep(asset_id=asset.id, step=name, position=position))
    asset.building = asset.generation
    start_step(tx, asset, rules.STEPS_BY_KIND[kind][0])
    record(tx, actor, "asset.taken_in", f"asset:{asset.public_id}", size=size, kind=kind)
    return asset


def title_of(filename: str) -> str:
    """The file name without folders and misleading characters."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return caption_files.clean(name.replace("<", "＜")).replace("\n", " ")[:200].strip() or str(msg("未命名"))


def start_step(tx: Tx, asset: Asset, step: str) -> None:
    """Enqueue one step for the current set."""
    jobs.enqueue(tx, f"media.{step}", key=step_key(asset, step), asset_id=asset.id, generation=asset.building)


def step_key(asset: Asset, step: str) -> str:
    """Job key: one open job for a step of a set."""
    return f"asset:{asset.id}:{asset.building}:{step}"


def part_key(asset: Asset, number: int) -> str:
    """Job key: one open job for a part of a long film."""
    return step_key(asset, f"part-{number}")


def retry_asset(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Retry the failed step; results of earlier steps are kept.

    Raises:
        Conflict: nothing failed.
    """
    failed = next((s for s in queries.steps_of(tx, asset.id) if s.state == "failed"), None)
    if failed is None or asset.building is None:
        raise Conflict(msg("这个文件没有需要重试的步骤。"))
    names = rules.STEPS_BY_KIND[asset.kind]
    # The encoder's output may have been removed meanwhile; if it is there, its step ends at once.
    made_by = next(n for n in ("encode", "pages", "probe") if n in names)
    first = failed.step if failed.step in {"hash", "probe"} else made_by
    tx.execute(
        update(AssetStep)
        .where(AssetStep.asset_id == asset.id, AssetStep.position >= names.index(first))
        .values(state="waiting", permille=0, log="", started_at=None, finished_at=None)
    )
    asset.error = None
    if asset.state == AssetState.FAILED:
        asset.state = AssetState.PROCESSING
    start_step(tx, asset, first)
    record(tx, actor, "asset.retried", f"asset:{asset.public_id}", step=first)


def delete_asset(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Delete a file and all its derived sets; links to it become invalid at once.

    Raises:
        Conflict: something above the media uses it.
    """
    jobs.publish(tx, AssetRemoved(asset_id=asset.id))
    stop(tx, asset)
    asset.state, asset.error = AssetState.DELETED, None
    jobs.enqueue(tx, "media.remove", key=f"asset:{asset.id}:remove", asset_id=asset.id)
    record(tx, actor, "asset.deleted", f"asset:{asset.public_id}")


def stop(tx: Tx, asset: Asset) -> None:
    """Cancel open processing jobs."""
    for name in rules.STEPS_BY_KIND[asset.kind]:
        jobs.cancel_jobs(tx, step_key(asset, name))
    for number in tx.scalars(select(AssetPart.number).where(AssetPart.asset_id == asset.id)):
        jobs.cancel_jobs(tx, part_key(asset, number))
    asset.building = None


def revoke_links(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Invalidate every existing link, as when a course is withdrawn: the set gets a new name."""
    if asset.state != AssetState.READY:
        return
    old, asset.generation = asset.generation, new_id()
    kept = (asset.probe or {}).get("kept")
    if kept and kept["generation"] == old:  # they are in the folder that is renamed
        asset.probe = (asset.probe or {}) | {"kept": kept | {"generation": asset.generation}}
    jobs.enqueue(tx, "media.rename", asset_id=asset.id, old=old)
    tx.info.setdefault(REVOKED, []).append((asset.public_id, old, asset.generation))
    record(tx, actor, "asset.links_revoked", f"asset:{asset.public_id}")


def follow_revocations(tx: Tx, settings: Settings) -> None:
    """After the commit: rename the sets whose links were revoked, so that nginx finds nothing there at once.

    The job does the same for renames that fail here, and for object storage, where a rename is a long copy and
    nginx asks the academy for every file.
    """
    for public_id, old, new in tx.info.pop(REVOKED, ()):
        if not settings.s3_bucket:
            with contextlib.suppress(OSError):
                local_storage(settings).rename_folder(set_key(public_id, old), set_key(public_id, new))


def asset_of_upload(tx: Tx, actor: Actor, upload_public_id: str) -> Asset:
    """The asset of a complete upload of the actor's.

    Raises:
        NotFound: no such upload of the actor's.
        Conflict: it is not complete.
    """
    upload = access_own_upload(tx, actor, upload_public_id)
    if upload.asset_id is None:
        raise Conflict(msg("文件还没有传完。"))
    asset = tx.get(Asset, upload.asset_id)
    if asset is None or asset.state == AssetState.DELETED:
        raise NotFound
    return asset


def chosen_asset(tx: Tx, actor: Actor, *, upload: str = "", asset: str = "") -> Asset:
    """The file named by a form: a new upload, or an earlier file of the actor's.

    Raises:
        NotFound: it is not the actor's, or no longer usable.
        Conflict: the upload is not complete.
    """
    if not asset:
        return asset_of_upload(tx, actor, upload)
    found = access_own_asset(tx, actor, asset)
    if found.account_id != actor.account_id or found.state == AssetState.FAILED:
        raise NotFound
    return found


def keep_duplicate(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Record that the owner keeps both copies of a file."""
    asset.duplicate_of_id = None
    record(tx, actor, "asset.kept_twice", f"asset:{asset.public_id}")


def keep_captions(tx: Tx, actor: Actor, asset: Asset, parsed: caption_files.ParsedCaptions) -> None:
    """Replace the transcript by parsed captions.

    Raises:
        Invalid: captions beyond the end of the asset.
    """
    check_caption_length(asset, parsed)
    replace_cues(tx, asset, parsed.cues, "manual", estimated=parsed.estimated)
    record(tx, actor, "captions.imported", f"asset:{asset.public_id}", cues=len(parsed.cues), trimmed=parsed.trimmed)


def check_caption_length(asset: Asset, parsed: caption_files.ParsedCaptions) -> None:
    """Check that captions fit the asset's duration.

    Raises:
        Invalid: they extend beyond it.
    """
    last = parsed.cues[-1]
    if asset.duration_ms is not None and last.start_ms > asset.duration_ms + 5000:
        raise Invalid(
            fields={
                "captions": msg(
                    "字幕到 %(last)s 才结束，而视频只有 %(length)s，请确认是否选错了文件。",
                    last=caption_files.stamp(last.end_ms)[:8],
                    length=caption_files.stamp(asset.duration_ms)[:8],
                )
            }
        )


def replace_cues(
    tx: Tx,
    asset: Asset,
    cues: list[CueText],
    origin: str,
    language: str = LANGUAGE,
    *,
    publish_event: bool = True,
    estimated: bool = False,
) -> bool:
    """Replace the transcript's lines. Speech recognition never overwrites people's captions: then nothing changes and
    the result is False. With `publish_event` off, the caller publishes the event later."""
    lock_row(tx, asset)  # while there is no transcript, two writers queue on this row
    script = tx.scalar(
        select(Transcript).where(Transcript.asset_id == asset.id, Transcript.language == language).with_for_update()
    )
    if script is None:
        script = Transcript(asset_id=asset.id, language=language, origin=origin, estimated=estimated)
        tx.add(script)
        tx.flush()
    elif RANKS[origin] < RANKS[script.origin]:
        return False
    else:
        tx.execute(delete(Cue).where(Cue.transcript_id == script.id))
        script.origin, script.version, script.updated_at = origin, script.version + 1, clock.now()
        script.estimated = estimated
    tx.add_all(
        Cue(
            transcript_id=script.id,
            seq=number,
            start_ms=cue.start_ms,
            end_ms=cue.end_ms,
            text=cue.text,
            confidence=cue.confidence,
        )
        for number, cue in enumerate(cues)
    )
    tx.flush()
    if publish_event:
        jobs.publish(tx, TranscriptChanged(asset_id=asset.id))
    return True


def forget_incoming(asset: Asset, uploads: Path) -> None:
    """After storing: remove the incoming file, if it was an upload."""
    if asset.incoming and Path(asset.incoming).parent == uploads:
        with contextlib.suppress(OSError):
            Path(asset.incoming).unlink()
