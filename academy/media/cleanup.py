"""Removes files without a row, left by a crash between the two."""

import contextlib
import datetime as dt
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import select

from academy.core import clock
from academy.core.database import Tx
from academy.core.ids import LENGTH
from academy.jobs import api as jobs
from academy.jobs.api import JobContext
from academy.media.models import Asset, AssetStep, Upload
from academy.media.storage.file_storage import fetched_folder, local_storage, uploads_folder, work_folder

AGE_S = 24 * 3600.0
"""Younger files may belong to work in progress."""
FAILED_AGE = dt.timedelta(days=1)
"""A failed file's partial set is kept so long for a retry; a later retry makes it anew."""


@jobs.nightly("media.sweep", at=dt.time(3, 10))
def sweep(context: JobContext) -> None:
    """Remove uploads and partial sets without an owner."""
    uploads = list(_old(uploads_folder(context.settings)))
    works = list(_old(work_folder(context.settings, "x").parent))
    with context.db.read() as tx:
        # An upload has two files, the part and its lock, with the same stem.
        wanted = _open_uploads(tx, {path.stem for path in uploads})
        building = _building(tx, {path.name[:LENGTH] for path in works})
    for path in uploads:
        if path.stem not in wanted:
            path.unlink(missing_ok=True)
    for path in works:
        if path.name[:LENGTH] not in building:
            shutil.rmtree(path, ignore_errors=True)
    half = [path for path in _old(fetched_folder(context.settings)) if path.name.startswith(".draft-")]
    for path in (*half, *_old(local_storage(context.settings).root / "trash")):
        shutil.rmtree(path, ignore_errors=True)


def _old(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        for path in folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > AGE_S:
                    yield path


def _open_uploads(tx: Tx, names: set[str]) -> set[str]:
    """Open uploads, and those whose file has not been moved into storage yet."""
    coming = select(Upload.public_id).where(Upload.public_id.in_(names), Upload.completed_at.is_(None))
    arrived = (
        select(Upload.public_id)
        .join(Asset, Asset.id == Upload.asset_id)
        .where(Upload.public_id.in_(names), Asset.incoming.is_not(None))
    )
    return {*tx.scalars(coming), *tx.scalars(arrived)}


def _building(tx: Tx, names: set[str]) -> set[str]:
    """Sets that are being made. A failed one may be gigabytes that nobody retries."""
    given_up = (
        select(AssetStep.id)
        .where(
            AssetStep.asset_id == Asset.id,
            AssetStep.state == "failed",
            AssetStep.finished_at < clock.now() - FAILED_AGE,
        )
        .exists()
    )
    return {name for name in tx.scalars(select(Asset.building).where(Asset.building.in_(names), ~given_up)) if name}
