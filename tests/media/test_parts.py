"""A long film, encoded in parts by several jobs, is as whole as one that was made in one go."""

import itertools
import re
import subprocess
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs.api import Job
from academy.media import queries, service, tools
from academy.media.models import Asset, AssetPart, AssetState
from academy.media.storage.file_storage import local_storage, parts_folder, set_key
from academy.media.transcoding import parts
from tests.conftest import make_settings
from tests.media.conftest import BUILDS
from tests.media.taking import ffmpeg, sentence
from tests.support.shortcuts import adopt_file, drain

pytestmark = pytest.mark.media
SECONDS = 33


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


@pytest.fixture
def brisk(runtime: Runtime, tmp_path: Path) -> Runtime:
    """The same runtime with parts of twelve seconds."""
    settings = make_settings(tmp_path, database_url=runtime.settings.database_url, part_s=12)
    return Runtime(settings, runtime.db, runtime.sealer)


def film(runtime: Runtime, path: Path, *, rate: str = "25", form: tuple[str, ...] = ()) -> Path:
    """A picture that is different in every frame, with a tone."""
    picture = f"testsrc2=size=640x360:rate={rate}:duration={SECONDS}"
    sound = ("-f", "lavfi", "-i", f"sine=frequency=440:duration={SECONDS}")
    options = ("-preset", "ultrafast", "-g", "70", *form)
    ffmpeg(runtime, "-f", "lavfi", "-i", picture, *sound, *options, str(path))
    return path


def played(runtime: Runtime, playlist: Path, stream: str, entries: str) -> list[str]:
    """What a player finds: one line for each packet of a stream."""
    told = [tools.ffprobe(runtime.settings), "-v", "error", "-select_streams", stream, "-of", "csv=p=0"]
    told += ["-show_entries", entries, str(playlist)]
    return subprocess.run(told, capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("build", BUILDS, indirect=True)
@pytest.mark.parametrize(
    ("rate", "name", "form"),
    [("25", "x.mp4", ()), ("30000/1001", "x.mkv", ()), ("25", "late.mp4", ("-output_ts_offset", "1.3"))],
)
def test_parts_join_to_the_frame(
    runtime: Runtime,
    build: Callable[..., Settings],
    trainer: Actor,
    tmp_path: Path,
    rate: str,
    name: str,
    form: tuple[str, ...],
) -> None:
    brisk = Runtime(build(database_url=runtime.settings.database_url, part_s=12), runtime.db, runtime.sealer)
    path = film(brisk, tmp_path / name, rate=rate, form=form)
    with brisk.db.begin() as tx:
        asset_id = adopt_file(tx, trainer, path, name, "video").id
    drain(brisk)
    with brisk.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
        assert asset.state == AssetState.READY, asset.error and sentence(asset)
        made = tx.scalar(select(func.count()).where(Job.name == "media.part", Job.state == "done"))
        assert made == 3
        assert tx.scalar(select(func.count()).select_from(AssetPart)) == 0
        assert {s.state for s in queries.steps_of(tx, asset_id)} == {"done"}
    here = local_storage(brisk.settings).path(set_key(asset.public_id, asset.generation))
    assert not parts_folder(brisk.settings, asset.generation).exists()
    frames = round(SECONDS * float(Fraction(rate)))
    for rung in ("240p", "360p"):
        times = sorted(
            float(t.rstrip(",")) for t in played(brisk, here / rung / "index.m3u8", "v:0", "packet=pts_time")
        )
        assert abs(len(times) - frames) <= 1, "no frame is lost at a cut and none is shown twice"
        steps = {round((b - a) * float(Fraction(rate)), 1) for a, b in itertools.pairwise(times)}
        assert steps == {1.0}, steps
    cuts = [re.findall(r"#EXTINF:([\d.]+)", (here / rung / "index.m3u8").read_text()) for rung in ("240p", "360p")]
    assert cuts[0] == cuts[1]
    assert [round(float(c)) for c in cuts[0]] == [6, 6, 6, 6, 6, 3]
    heard = [float(t.rstrip(",")) for t in played(brisk, here / "360p" / "index.m3u8", "a:0", "packet=pts_time")]
    gaps = [b - a for a, b in itertools.pairwise(heard)]
    assert max(gaps) < 0.022 and abs(heard[-1] - heard[0] - SECONDS) < 0.2, "the sound has no hole at a cut"


def test_every_part_shows_what_the_original_shows_then(brisk: Runtime, trainer: Actor, tmp_path: Path) -> None:
    path = film(brisk, tmp_path / "x.mp4")
    with brisk.db.begin() as tx:
        asset_id = adopt_file(tx, trainer, path, "x.mp4", "video").id
    drain(brisk)
    with brisk.db.read() as tx:
        asset = tx.get_one(Asset, asset_id)
    here = local_storage(brisk.settings).path(set_key(asset.public_id, asset.generation))
    graph = "[0:v]setpts=N[o];[1:v]setpts=N[m];[o][m]ssim=stats_file=-"
    told = [tools.ffmpeg_path(brisk.settings), "-nostdin", "-v", "error", "-i", str(path)]
    told += ["-i", str(here / "360p" / "index.m3u8"), "-lavfi", graph, "-f", "null", "-"]
    said = subprocess.run(told, capture_output=True, text=True, check=True).stdout
    likeness = [float(v) for v in re.findall(r"All:([\d.]+)", said)]
    assert len(likeness) == SECONDS * 25
    assert min(likeness) > 0.75, "a frame out of place would look like another"


def test_finished_parts_are_not_made_again(brisk: Runtime, trainer: Actor, tmp_path: Path) -> None:
    path = film(brisk, tmp_path / "x.mp4")
    with brisk.db.begin() as tx:
        asset = adopt_file(tx, trainer, path, "x.mp4", "video")
    drain(brisk, only=("media.hash", "media.probe", "media.encode", "media.sound"))
    with brisk.db.read() as tx:
        generation = tx.get_one(Asset, asset.id).building
        first = tx.scalars(select(Job.id).where(Job.name == "media.part").order_by(Job.id)).first()
    assert generation is not None and first is not None
    from academy.jobs.worker import run_job

    assert run_job(brisk, first)
    kept = parts.folder_of(parts_folder(brisk.settings, generation), 1) / "360p.mp4"
    before = kept.stat()
    # As after a kill: the step begins again and asks for what is missing only.
    with brisk.db.begin() as tx:
        service.start_step(tx, tx.get_one(Asset, asset.id), "encode")
    drain(brisk, only=("media.encode",))
    assert kept.stat().st_mtime_ns == before.st_mtime_ns
    with brisk.db.read() as tx:
        states = dict(tx.execute(select(AssetPart.number, AssetPart.state)).all())
        told = queries.assets_in_progress(tx, [asset.id])[asset.id]
    assert states == {0: "done", 1: "done", 2: "queued", 3: "queued"}
    assert (told.title.text, str(told.part)) == ("转码", "第 2 段，共 3 段")
    drain(brisk)
    with brisk.db.read() as tx:
        assert tx.get_one(Asset, asset.id, populate_existing=True).state == AssetState.READY
        assert tx.scalar(select(func.count()).where(Job.name == "media.part")) == 3


def test_a_part_that_cannot_be_decoded_fails_the_film_once(brisk: Runtime, trainer: Actor, tmp_path: Path) -> None:
    path = film(brisk, tmp_path / "x.mp4")
    with brisk.db.begin() as tx:
        asset = adopt_file(tx, trainer, path, "x.mp4", "video")
    drain(brisk, only=("media.hash", "media.probe", "media.encode"))
    original = local_storage(brisk.settings).path(f"assets/{asset.public_id}/original")
    original.write_bytes(b"\0" * original.stat().st_size)
    drain(brisk)
    with brisk.db.read() as tx:
        failed = tx.get_one(Asset, asset.id, populate_existing=True)
        assert failed.state == AssetState.FAILED and sentence(failed).endswith("。")
        assert [s.state for s in queries.steps_of(tx, asset.id)].count("failed") == 1
        assert tx.scalar(select(func.count()).where(Job.state.in_(("queued", "running")))) == 0
