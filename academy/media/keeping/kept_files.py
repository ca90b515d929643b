"""Jobs that make the files to be kept when a set is published, or by command for older sets; and how they are read."""

import json
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import select

from academy.core.database import Database, Tx
from academy.core.disk import reserving
from academy.core.settings import Settings
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media import queries
from academy.media.events import AssetReady
from academy.media.keeping import make_kept
from academy.media.keeping.make_kept import KeptSet
from academy.media.models import Asset, AssetKind, AssetState
from academy.media.storage.file_storage import set_key, work_folder
from academy.media.storage.selection import storage_of

MANIFEST = f"{make_kept.FOLDER}/manifest.json"
KINDS = (AssetKind.VIDEO, AssetKind.AUDIO, AssetKind.DOCUMENT)


@jobs.handles(AssetReady, lane=jobs.BRIEF)
def make_kept_files(context: JobContext, event: AssetReady) -> None:
    """Make what members keep on their phones; the lecture can be watched meanwhile."""
    make(context.settings, context.db, event.asset_id)


@jobs.job("media.keep", lane=jobs.BRIEF)
def _keep(context: JobContext, asset_id: int) -> None:
    """The same for a set that was published before there were such files."""
    make(context.settings, context.db, asset_id)


def make(settings: Settings, db: Database, asset_id: int) -> None:
    """Make the files of one asset's present set, unless they are there; may be killed and run again."""
    with db.read() as tx:
        asset = tx.get(Asset, asset_id)
        if asset is None or asset.state != AssetState.READY or asset.kind not in KINDS or kept_sizes(asset):
            return
        renditions = {row.name: row.height for row in queries.renditions_of(tx, asset_id)}
    storage, generation = storage_of(settings), asset.generation
    prefix = set_key(asset.public_id, generation)
    work = work_folder(settings, f"{generation}-kept")
    try:
        with reserving(settings.disk_reserve):
            found = _made(settings, asset, prefix, renditions, work)
            work.mkdir(parents=True, exist_ok=True)
            (work / "manifest.json").write_text(json.dumps(found.to_json()), encoding="utf-8")
            for path in sorted(work.iterdir(), key=lambda one: one.name == "manifest.json"):
                storage.put_file(f"{prefix}/{make_kept.FOLDER}/{path.name}", path, move=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    db.run_in_transaction(lambda tx: _note(tx, asset_id, generation, found.sizes()))


def _made(settings: Settings, asset: Asset, prefix: str, renditions: dict[str, int | None], work: Path) -> KeptSet:
    if asset.kind == AssetKind.DOCUMENT:
        return make_kept.list_pages(storage_of(settings), prefix, asset.pages or 0)
    length = asset.duration_ms or 0
    return make_kept.make_media(settings, storage_of(settings), prefix, renditions, length, work)


def _note(tx: Tx, asset_id: int, generation: str, sizes: dict[str, int]) -> None:
    asset = tx.get_one(Asset, asset_id, with_for_update=True, populate_existing=True)
    if asset.generation == generation:
        asset.probe = (asset.probe or {}) | {"kept": {"generation": generation, "sizes": sizes}}


def kept_sizes(asset: Asset) -> dict[str, int]:
    """Bytes of each form in which a lecture can be kept on a phone (sound, film, pages); empty while there is none."""
    kept: dict[str, Any] = (asset.probe or {}).get("kept") or {}
    if asset.state != AssetState.READY or kept.get("generation") != asset.generation:
        return {}
    return dict(kept["sizes"])


def kept_set(settings: Settings, asset: Asset) -> KeptSet:
    """The files to be kept of a lecture that has `kept_sizes`.

    Raises:
        FileNotFoundError: they are gone.
    """
    with storage_of(settings).open(f"{set_key(asset.public_id, asset.generation)}/{MANIFEST}") as file:
        return KeptSet.from_json(json.loads(file.read()))


def enqueue_kept(tx: Tx) -> int:
    """Have the files made for every published set that lacks them; returns how many."""
    rows = tx.scalars(select(Asset).where(Asset.state == AssetState.READY, Asset.kind.in_(KINDS)).order_by(Asset.id))
    missing = [asset.id for asset in rows if not kept_sizes(asset)]
    for asset_id in missing:
        jobs.enqueue(tx, "media.keep", asset_id=asset_id)
    return len(missing)
