"""The room that is left for the database, whoever writes: uploads announced together, encoders, exports."""

import shutil
import sys
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.disk import reserving
from academy.core.errors import StorageFull, TooLarge
from academy.core.runtime import Runtime
from academy.media import tools, uploads
from academy.media.models import Upload
from academy.reports import jobs as report_jobs
from academy.reports import service as reports
from tests.conftest import make_settings
from tests.support import factories, templates
from tests.support.running import academy
from tests.support.services import postgres
from tests.support.shortcuts import drain

pytestmark = pytest.mark.faults
MIB = 1 << 20
DISK = pytest.mark.parametrize("small_disk", ["96m"], indirect=True)


class Endless:
    """A body of noughts, as long as it was announced."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int, /) -> bytes:
        size = min(size, self.left)
        self.left -= size
        return b"\0" * size


@DISK
def test_what_was_announced_has_its_room(tmp_path: Path, small_disk: Path) -> None:
    with academy(tmp_path / "academy", media_dir=small_disk, disk_reserve_mb=32) as of:
        who = of.actor(of.account(Role.TRAINER))
        accepted = []
        for number in range(5):
            try:
                with of.runtime.db.begin() as tx:
                    made = uploads.begin_upload(
                        tx, of.settings, who, filename=f"{number}.mp4", size=20 * MIB, purpose="video"
                    )
                accepted.append(made.public_id)
            except StorageFull:
                continue
        assert len(accepted) == 3, "64 MiB beside the reserve"
        for public_id in accepted:
            uploads.append_upload(of.runtime, who, public_id, offset=0, body=Endless(20 * MIB), length=20 * MIB)
        assert shutil.disk_usage(small_disk).free >= 32 * MIB


@DISK
def test_five_senders_stop_at_the_reserve_when_others_fill_the_disk(tmp_path: Path, small_disk: Path) -> None:
    with academy(tmp_path / "academy", media_dir=small_disk, disk_reserve_mb=32) as of:
        who = of.actor(of.account(Role.TRAINER))
        with of.runtime.db.begin() as tx:
            announced = [
                uploads.begin_upload(tx, of.settings, who, filename="x.mp4", size=12 * MIB, purpose="video").public_id
                for _ in range(5)
            ]
        (small_disk / "others").write_bytes(b"\0" * (30 * MIB))
        ends: list[str] = []

        def send(public_id: str) -> None:
            try:
                uploads.append_upload(of.runtime, who, public_id, offset=0, body=Endless(12 * MIB), length=12 * MIB)
                ends.append("whole")
            except StorageFull:
                ends.append("full")

        senders = [threading.Thread(target=send, args=(public_id,)) for public_id in announced]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join(60)
        assert "full" in ends and len(ends) == 5
        assert shutil.disk_usage(small_disk).free >= 32 * MIB - 5 * uploads.PIECE
        with of.runtime.db.read() as tx:
            kept = tx.scalar(select(func.sum(Upload.offset)))
        assert kept and kept > 20 * MIB, "what came is kept"


@DISK
def test_a_program_is_ended_at_the_reserve(small_disk: Path) -> None:
    # Most of it at once, then so slowly that a busy machine does not write much between two looks at the disk.
    writes = (
        "import time\nwith open('x', 'wb', 0) as f:\n f.write(bytes(48 << 20))\n"
        " while True:\n  f.write(bytes(1 << 18)); time.sleep(0.02)"
    )
    with reserving(32 * MIB), pytest.raises(StorageFull):
        tools.run(
            [sys.executable, "-c", writes], folder=small_disk, limits=tools.Limits(seconds=60), sees=[Path(sys.prefix)]
        )
    assert 16 * MIB <= shutil.disk_usage(small_disk).free < 32 * MIB


@DISK
def test_an_export_leaves_the_reserve(tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with academy(tmp_path / "academy", data_dir=small_disk / "var", disk_reserve_mb=32) as of:

        def write(_tx: object, _params: object, path: Path, progress: object) -> int:
            with path.open("wb", 0) as file:
                for done in range(1000):
                    file.write(bytes(MIB))
                    progress(done)  # type: ignore[operator]
            return 1000

        monkeypatch.setitem(report_jobs.MAKERS, "table", write)
        who = of.account(Role.NODE_ADMINISTRATOR)
        with of.runtime.db.begin() as tx:
            reports.request_export(tx, of.actor(who), "table", {"format": "csv"}, title="x")
        drain(of.runtime)
        assert shutil.disk_usage(small_disk).free >= 32 * MIB
        assert not list((small_disk / "var" / "exports").glob("*-draft*"))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_two_announcements_at_once_stay_within_the_quota(tmp_path: Path, kind: str) -> None:
    if kind == "sqlite":
        with academy(tmp_path / "academy", trainer_quota_gb=1) as of:
            announce_twice(of.runtime, of.account(Role.TRAINER))
        return
    with postgres(tmp_path / "pg", like=templates.postgres_folder()) as url:
        runtime = Runtime.build(make_settings(tmp_path, database_url=url, trainer_quota_gb=1))
        with runtime.db.begin() as tx:
            who = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        announce_twice(runtime, who)
        runtime.db.dispose()


def announce_twice(runtime: Runtime, who: Account) -> None:
    gate, outcomes = threading.Barrier(2), []

    def announce() -> None:
        gate.wait(10)
        try:
            with runtime.db.begin() as tx:
                actor = Actor(account_id=who.id)
                uploads.begin_upload(tx, runtime.settings, actor, filename="x.mp4", size=600 * MIB, purpose="video")
            outcomes.append("taken")
        except TooLarge:
            outcomes.append("refused")

    for _ in range(5):
        outcomes.clear()
        both = [threading.Thread(target=announce) for _ in range(2)]
        for one in both:
            one.start()
        for one in both:
            one.join(60)
        assert sorted(outcomes) == ["refused", "taken"]
        with runtime.db.begin() as tx:
            tx.query(Upload).delete()
