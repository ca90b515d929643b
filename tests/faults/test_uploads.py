"""Uploads over lines that break, into servers that die, onto disks that fill."""

import contextlib
import hashlib
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from academy.core.actor import Role
from academy.media import uploads
from academy.media.models import Upload
from academy.media.storage.file_storage import uploads_folder
from tests.faults.tus_sender import SIZE, TUS, Sender
from tests.support.running import Academy, academy, kill

pytestmark = pytest.mark.faults

DATA = random.Random(7).randbytes(SIZE)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Academy]:
    with academy(tmp_path) as made:
        made.web()
        yield made


def test_a_server_killed_in_mid_chunk_loses_nothing_it_acknowledged(running: Academy) -> None:
    sender = Sender(running)
    line = sender.start(0, SIZE)
    line.sendall(DATA[: 40 << 20])
    end = time.monotonic() + 20
    while sender.offset() < uploads.SYNC_BYTES and time.monotonic() < end:
        time.sleep(0.1)
    acknowledged = sender.offset()
    assert acknowledged >= uploads.SYNC_BYTES
    kill(running.processes[0])
    line.close()
    running.web()
    at = sender.offset()
    assert acknowledged <= at <= 40 << 20
    assert sender.send(at, DATA[at:]) == 204
    assert sender.offset() == SIZE
    assert hashlib.sha256(sender.file().read_bytes()).digest() == hashlib.sha256(DATA).digest()


def test_a_line_that_breaks_again_and_again(running: Academy) -> None:
    sender = Sender(running)
    at = 0
    for share in (5 << 20, 3 << 20, 9 << 20):
        line = sender.start(at, SIZE - at)
        line.sendall(DATA[at : at + share])
        time.sleep(0.5)
        line.close()
        end = time.monotonic() + 20
        while sender.offset() == at and time.monotonic() < end:
            time.sleep(0.1)
        assert at < sender.offset() <= at + share
        at = sender.offset()
    # The last time nobody hangs up: the old request is still waiting when the client comes back.
    hanging = sender.start(at, SIZE - at)
    hanging.sendall(DATA[at : at + 1000])
    time.sleep(0.3)
    at = sender.offset()
    assert sender.send(at, DATA[at:]) == 204
    hanging.close()
    assert hashlib.sha256(sender.file().read_bytes()).digest() == hashlib.sha256(DATA).digest()
    with running.runtime.db.read() as tx:
        assert tx.query(Upload).one().completed_at is not None
    assert _left_behind(running) == {sender.file().name}


@pytest.mark.parametrize("end", ["completed", "given up"])
def test_a_request_that_hangs_leaves_nothing_behind(running: Academy, end: str) -> None:
    """It finds out that the upload has ended when its line brings something, or breaks."""
    for brings in (b"", DATA[1000:2000]):
        sender = Sender(running)
        hanging = sender.start(0, SIZE)
        hanging.sendall(DATA[:1000])
        time.sleep(0.3)
        if end == "completed":
            assert sender.send(sender.offset(), DATA[sender.offset() :]) == 204
            (file := sender.file()).unlink()  # as the first step takes it into the library
        else:
            assert sender.ask("DELETE", sender.url).status == 204
            file = sender.file()
        with contextlib.suppress(OSError):
            hanging.sendall(brings)
            time.sleep(0.3)
        hanging.close()
        time.sleep(0.5)
        assert not file.exists() and _left_behind(running) == set()
        assert running.answers()


def _left_behind(of: Academy) -> set[str]:
    return {path.name for path in uploads_folder(of.settings).iterdir()}


def test_a_large_chunk_is_never_in_memory(running: Academy) -> None:
    size = 256 << 20
    sender = Sender(running, size)
    piece = DATA[: 4 << 20]
    sender.send(0, piece)
    before = _resident(running)
    line = sender.start(len(piece), size - len(piece))
    most = 0
    for _ in range(size // len(piece) - 1):
        line.sendall(piece)
        most = max(most, _resident(running))
    assert line.recv(15).startswith(b"HTTP/1.1 204")
    line.close()
    assert most - before < 48 << 20, f"{(most - before) >> 20} MiB more while {size >> 20} MiB passed"


def _resident(of: Academy) -> int:
    """Bytes of the web server's processes."""
    found = subprocess.run(
        ["ps", "-o", "rss=", "-g", str(of.processes[0].pid)], capture_output=True, text=True, check=False
    )
    return sum(int(line) for line in found.stdout.split()) * 1024


def test_a_full_disk_keeps_what_came_and_says_so(tmp_path: Path, small_disk: Path) -> None:
    with academy(tmp_path / "academy", media_dir=small_disk) as running:
        # The check beforehand would refuse; the disk fills up only afterwards, as disks do.
        filler = small_disk / "filler"
        who = running.account(Role.TRAINER)
        with running.runtime.db.begin() as tx:
            public_id = uploads.begin_upload(
                tx, running.settings, running.actor(who), filename="x.mp4", size=20 << 20, purpose="video"
            ).public_id
        filler.write_bytes(b"\0" * (14 << 20))
        running.web()
        sender = Sender.__new__(Sender)
        sender.of, sender.url = running, f"/api/v1/uploads/{public_id}"
        sender.headers = TUS | {"Cookie": running.cookie(who)}
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            assert sender.send(0, DATA[: 20 << 20]) == 507
        at = sender.offset()
        assert 0 < at <= 10 << 20
        filler.unlink()
        assert sender.send(at, DATA[at : 20 << 20]) == 204
        assert sender.file().read_bytes() == DATA[: 20 << 20]
        assert sender.file().stat().st_size == 20 << 20
