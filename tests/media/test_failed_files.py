"""Files that failed: what they left behind is swept away, and whoever tries again later gets them whole."""

import datetime as dt
import os
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import delete, select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobContext, enqueue
from academy.media import cleanup, pipeline, rules, service, tools
from academy.media.models import Asset, AssetState, AssetStep
from academy.media.storage.file_storage import parts_folder, work_folder
from academy.notifications.models import Notification
from tests.conftest import make_settings
from tests.media.encoding import PART_S
from tests.support.shortcuts import adopt_file, drain

pytestmark = pytest.mark.media
STEPS = [("image", "probe"), ("image", "publish"), ("audio", "publish"), ("video", "encode"), ("video", "poster")]
STEPS += [("parts", "join"), ("parts", "publish")]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def given(kind: str, folder: Path) -> Path:
    if kind == "image":
        Image.new("RGB", (320, 200), "red").save(folder / "x.png")
        return folder / "x.png"
    seconds = 2 * PART_S + 2 if kind == "parts" else 3
    sound = ["-f", "lavfi", "-i", f"sine=duration={seconds}"]
    picture = [] if kind == "audio" else ["-f", "lavfi", "-i", f"testsrc2=size=192x108:rate=10:duration={seconds}"]
    made = folder / ("x.mp3" if kind == "audio" else "x.mp4")
    subprocess.run([tools.find("ffmpeg"), "-v", "error", *picture, *sound, str(made)], check=True)
    return made


def fail_at(runtime: Runtime, asset: Asset, step: str) -> None:
    """As when that step's job fails for good."""
    order = rules.STEPS_BY_KIND[asset.kind]
    names = [f"media.{name}" for name in order[: order.index(step)]]
    drain(runtime, only=(*names, "media.part", "media.sound"))
    with runtime.db.begin() as tx:
        tx.execute(delete(Job).where(Job.key == service.step_key(asset, step)))
        pipeline.failed(
            tx, step, msg("存储空间已满，未保存任何改动。请联系系统管理员。"), asset.id, asset.building or ""
        )


@pytest.mark.parametrize("swept", [True, False])
@pytest.mark.parametrize(("kind", "step"), STEPS)
def test_a_failed_file_is_swept_and_can_be_tried_again(
    runtime: Runtime, trainer: Actor, tmp_path: Path, kind: str, step: str, swept: bool
) -> None:
    settings = make_settings(tmp_path, database_url=runtime.settings.database_url, part_s=PART_S)
    brisk = Runtime(settings, runtime.db, runtime.sealer)
    with brisk.db.begin() as tx:
        path = given(kind, tmp_path)
        asset = adopt_file(tx, trainer, path, path.name, "video" if kind == "parts" else kind)
    fail_at(brisk, asset, step)
    folders = [make(settings, asset.building or "") for make in (work_folder, parts_folder)]
    left = [folder for folder in folders if folder.exists()]
    assert bool(left) is (step not in {"probe", "encode"})
    then = time.time() - 3 * 86_400
    for folder in left:
        os.utime(folder, (then, then))
    with brisk.db.begin() as tx:
        job = enqueue(tx, "media.sweep")
        if swept:
            failed = update(AssetStep).where(AssetStep.asset_id == asset.id, AssetStep.state == "failed")
            tx.execute(failed.values(finished_at=clock.now() - dt.timedelta(days=2)))
    cleanup.sweep(JobContext(brisk, job.id))
    assert [folder for folder in left if folder.exists()] == ([] if swept else left), "a day is given to try again"
    with brisk.db.begin() as tx:
        service.retry_asset(tx, trainer, tx.get_one(Asset, asset.id))
    drain(brisk)
    with brisk.db.read() as tx:
        again = tx.get_one(Asset, asset.id)
        assert (again.state, again.error, again.building) == (AssetState.READY, None, None)
        assert again.has_poster is (kind != "audio")
    assert not [folder for folder in folders if folder.exists()], "nothing is left behind"


@pytest.mark.parametrize("part_s", [PART_S, 240])
def test_the_owner_hears_of_damage_in_the_original(
    runtime: Runtime, trainer: Actor, tmp_path: Path, part_s: int
) -> None:
    settings = make_settings(tmp_path, database_url=runtime.settings.database_url, part_s=part_s)
    brisk = Runtime(settings, runtime.db, runtime.sealer)
    path = tmp_path / "x.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=10:duration=26"]
    subprocess.run([tools.find("ffmpeg"), "-v", "error", *picture, "-g", "20", str(path)], check=True)
    whole, names = path.read_bytes(), []
    for hurt in (False, True):
        data = bytearray(whole)
        if hurt:
            at = whole.index(b"mdat") + len(whole) // 2
            data[at : at + 24] = bytes(range(100, 124))
        path.write_bytes(data)
        with brisk.db.begin() as tx:
            asset = adopt_file(tx, trainer, path, "x.mp4", "video")
        drain(brisk)
        with brisk.db.read() as tx:
            assert tx.get_one(Asset, asset.id).state == AssetState.READY
            key = f"asset.damage:{asset.public_id}:%"
            names.append([one.body for one in tx.scalars(select(Notification).where(Notification.key.like(key)))])
    assert names[0] == []
    assert len(names[1]) == 1 and names[1][0]["params"]["name"] == "x.mp4" and names[1][0]["params"]["count"] >= 1
