"""A disk that is full at any step: said in words, nothing half published, tried again with success."""

from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy.core.actor import Role
from academy.core.errors import StorageFull
from academy.core.i18n import Message
from academy.jobs.api import Job
from academy.media import queries, service
from academy.media.models import Asset, AssetState
from academy.media.storage.file_storage import local_storage, set_key
from tests.faults.filling import fill
from tests.media.taking import ffmpeg
from tests.support.running import academy
from tests.support.shortcuts import adopt_file, drain

pytestmark = [pytest.mark.faults, pytest.mark.needs("ffmpeg")]
JOBS = {
    "hash": ("media.hash",),
    "encode": ("media.encode", "media.sound", "media.part"),
    "join": ("media.join",),
    "poster": ("media.poster",),
    "publish": ("media.publish",),
}
ORDER = ("hash", "probe", "encode", "join", "poster", "captions", "publish")


@pytest.mark.parametrize("part_s", [240, 12], ids=["whole", "parts"])
@pytest.mark.parametrize("step", ["hash", "encode", "join", "poster"])
def test_a_full_disk_at_a_step(tmp_path: Path, small_disk: Path, step: str, part_s: int) -> None:
    with academy(tmp_path, media_dir=small_disk / "media", part_s=part_s) as of:
        (small_disk / "media").mkdir()
        film = tmp_path / "film.mp4"
        picture = "testsrc2=size=320x240:rate=15:duration=26"
        sound = ("-f", "lavfi", "-i", "sine=duration=26")
        ffmpeg(of.runtime, "-f", "lavfi", "-i", picture, *sound, "-preset", "ultrafast", str(film))
        who = of.actor(of.account(Role.TRAINER))
        with of.runtime.db.begin() as tx:
            asset_id = adopt_file(tx, who, film, "党课.mp4", "video").id
        before = ORDER[: ORDER.index(step)]
        drain(of.runtime, only=[name for one in before for name in JOBS.get(one, (f"media.{one}",))] or ["none"])
        filler = fill(small_disk)
        drain(of.runtime)
        with of.runtime.db.read() as tx:
            asset = tx.get_one(Asset, asset_id)
            assert asset.state == AssetState.FAILED, [(s.step, s.state) for s in queries.steps_of(tx, asset_id)]
            assert Message.from_json(asset.error or {}).text == StorageFull().message.text
            assert (asset.error or {})["fault"] == "machine"
            assert queries.bytes_held(tx, who.account_id or 0) == 0, "a failed file takes no space"
            assert not tx.scalar(select(func.count()).where(Job.state.in_(("queued", "running"))))
        assert not local_storage(of.settings).path(set_key(asset.public_id, asset.generation)).exists()
        filler.unlink()
        with of.runtime.db.begin() as tx:
            service.retry_asset(tx, who, tx.get_one(Asset, asset_id))
        drain(of.runtime)
        with of.runtime.db.read() as tx:
            asset = tx.get_one(Asset, asset_id, populate_existing=True)
            assert asset.state == AssetState.READY, asset.error
            assert abs((asset.duration_ms or 0) - 26_000) < 200
