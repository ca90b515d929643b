"""Files that nobody points at any more."""

import os
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from academy.core import clock
from academy.core.ids import new_id
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobContext, enqueue
from academy.media import cleanup
from academy.media.models import Asset, Upload
from academy.media.storage.file_storage import fetched_folder, local_storage, uploads_folder, work_folder
from academy.media.uploads import LIFETIME
from tests.support import factories
from tests.support.shortcuts import drain


def old(path: Path, days: float = 2) -> Path:
    """A file, or a folder of one where the name has no suffix, that was touched so long ago."""
    target = path if path.suffix in {".part", ".lock"} else path / "720p"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(b"x")
    then = time.time() - days * 86400
    os.utime(target, (then, then))
    os.utime(path, (then, then))
    return path


@pytest.fixture
def asset(runtime: Runtime) -> Asset:
    with runtime.db.begin() as tx:
        who = factories.account(tx)
        return factories.asset(tx, who, state="failed", building=new_id(), incoming="somewhere")


def test_what_belongs_to_nothing_goes_and_the_rest_stays(runtime: Runtime, asset: Asset) -> None:
    settings, late = runtime.settings, clock.now() + LIFETIME
    with runtime.db.begin() as tx:
        rows = {
            "going on": Upload(account_id=asset.account_id, filename="a", size=9, expires_at=late),
            "not taken in yet": Upload(
                account_id=asset.account_id, filename="b", size=9, expires_at=late, asset_id=asset.id, completed_at=late
            ),
        }
        tx.add_all(rows.values())
        tx.flush()
        names = [row.public_id for row in rows.values()]
    folder, trash = uploads_folder(settings), local_storage(settings).root / "trash"
    stays = [old(folder / f"{name}{end}") for name in names for end in (".part", ".lock")]
    stays += [old(work_folder(settings, f"{asset.building}{end}")) for end in ("", "-parts")]
    stays += [old(folder / f"{new_id()}.part", days=0.5), old(work_folder(settings, new_id()), days=0.5)]
    goes = [old(folder / f"{new_id()}{end}") for end in (".part", ".lock")]
    goes += [old(work_folder(settings, f"{new_id()}{end}")) for end in ("", "-parts", ".sent")]
    goes += [old(trash / "assets-something"), old(fetched_folder(settings) / ".draft-x")]
    with runtime.db.begin() as tx:
        job = enqueue(tx, "media.sweep")
    drain(runtime)
    with runtime.db.read() as tx:
        assert tx.scalar(select(Job.state).where(Job.id == job.id)) == "done"
    assert [path.name for path in stays if not path.exists()] == []
    assert [path.name for path in goes if path.exists()] == []


def test_an_empty_house_is_swept_without_complaint(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        job = enqueue(tx, "media.sweep")
    cleanup.sweep(JobContext(runtime, job.id))
