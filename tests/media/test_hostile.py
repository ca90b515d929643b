"""Files made to do harm: each is refused in words or becomes a harmless film, and touches nothing else."""

import contextlib
import os
import random
import re
import shutil
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.jobs.api import Job
from academy.media import tools
from academy.media.models import Asset, AssetState
from academy.media.storage.file_storage import local_storage, set_key
from tests.media import boxes
from tests.media.conftest import DATA
from tests.media.taking import ffmpeg, sentence, taken
from tests.support.shortcuts import adopt_file, drain

pytestmark = pytest.mark.media

SMALL = DATA / "carphone_pristine.mp4"
MUTATIONS = int(os.environ.get("MUTATIONS", "30"))


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


class Listener:
    """A server nobody should ever ask."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked = 0
        self.thread = threading.Thread(target=self._listen)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}/x.ts"

    def _listen(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.socket.accept()[0].close()
                self.asked += 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def neighbour(runtime: Runtime, trainer: Actor) -> Path:
    """Another trainer's lecture, already in storage."""
    asset = taken(runtime, trainer, SMALL)
    assert asset.state == AssetState.READY
    return local_storage(runtime.settings).path(f"assets/{asset.public_id}/original")


def given(
    runtime: Runtime, who: Actor, folder: Path, data: bytes, kind: str = "video", name: str = "党课.mp4"
) -> Asset:
    path = folder / "given.mp4"
    path.write_bytes(data)
    return taken(runtime, who, path, kind, name)


def gab2(payload: bytes) -> bytes:
    """An AVI whose subtitle chunk holds a playlist."""
    chunk = (
        b"GAB2\0"
        + struct.pack("<H", 2)
        + struct.pack("<I", 2)
        + b"\0\0"
        + struct.pack("<HI", 4, len(payload))
        + payload
    )

    def part(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    header = struct.pack("<14I", 40000, 0, 0, 16, 1, 0, 1, 0, 64, 64, 0, 0, 0, 0)
    stream = b"txts" + struct.pack("<IIHHIIIIIIIhhhh", 0, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0)
    strl = part(b"LIST", b"strl" + part(b"strh", stream) + part(b"strf", b""))
    body = (
        b"AVI " + part(b"LIST", b"hdrl" + part(b"avih", header) + strl) + part(b"LIST", b"movi" + part(b"00sb", chunk))
    )
    return part(b"RIFF", body)


def playlist(target: str) -> bytes:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{target}\n#EXT-X-ENDLIST\n".encode()


@pytest.mark.parametrize("shape", ["hls", "hls-key", "ffconcat", "concat", "gab2", "dash", "m3u-in-mov"])
@pytest.mark.parametrize("reach", ["http", "file"])
def test_a_file_that_names_another_opens_nothing(
    runtime: Runtime, trainer: Actor, tmp_path: Path, listener: Listener, neighbour: Path, shape: str, reach: str
) -> None:
    target = listener.url if reach == "http" else f"file://{neighbour}"
    shapes = {
        "hls": playlist(target),
        "hls-key": playlist(target).replace(
            b"#EXTINF", f'#EXT-X-KEY:METHOD=AES-128,URI="{target}"\n#EXTINF'.encode(), 1
        ),
        "ffconcat": f"ffconcat version 1.0\nfile '{target}'\n".encode(),
        "concat": f"file '{target}'\n".encode() * 50,
        "gab2": gab2(playlist(target)),
        "dash": f'<?xml version="1.0"?><MPD><Period><BaseURL>{target}</BaseURL></Period></MPD>'.encode(),
        "m3u-in-mov": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + playlist(target) * 100,
    }
    asset = given(runtime, trainer, tmp_path, shapes[shape])
    assert asset.state == AssetState.FAILED
    assert sentence(asset).endswith("。")
    assert listener.asked == 0


@pytest.mark.parametrize("reach", ["http", "file", "path"])
def test_a_film_whose_media_is_elsewhere_is_not_followed(
    runtime: Runtime, trainer: Actor, tmp_path: Path, listener: Listener, neighbour: Path, reach: str
) -> None:
    target = {"http": listener.url, "file": f"file://{neighbour}", "path": str(neighbour)}[reach]
    plain = tmp_path / "plain.mp4"
    ffmpeg(runtime, "-i", str(SMALL), "-c", "copy", str(plain))
    data = boxes.change(plain.read_bytes(), b"dref", lambda _body: boxes.reference(target))
    assert target.encode() in data
    neighbour.write_bytes(b"other bytes, of which nothing may appear")
    asset = given(runtime, trainer, tmp_path, data)
    assert asset.state == AssetState.READY, "its own pictures are shown, whatever the reference says"
    assert abs((asset.duration_ms or 0) - 4000) < 100
    assert listener.asked == 0


def test_ffmpeg_reaches_neither_the_network_nor_a_neighbour(
    runtime: Runtime, tmp_path: Path, listener: Listener, neighbour: Path
) -> None:
    """Not by its own good will: without any whitelist, it is told in so many words what to open."""
    mine = tmp_path / "mine"
    mine.mkdir()
    allowed = mine / "film.mp4"
    shutil.copyfile(SMALL, allowed)
    program = tools.ffmpeg_path(runtime.settings)

    def read(source: str) -> str:
        told = [program, "-nostdin", "-v", "error", "-i", source, "-f", "null", "-"]
        return tools.run(told, folder=mine, limits=tools.Limits(), sees=tools.needs(told, allowed))

    read(str(allowed))
    for source in (listener.url, f"tcp://127.0.0.1:{listener.socket.getsockname()[1]}", str(neighbour)):
        with pytest.raises(tools.ToolFailed):
            read(source)
    assert listener.asked == 0


@pytest.mark.parametrize("name", ["-i", "concat:a|b", "%d.mp4", "$(id)", "a\r\nb.mp4", "\u202e4pm.党课", "x" * 150])
def test_odd_names_are_titles_and_nothing_more(runtime: Runtime, trainer: Actor, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    shutil.copyfile(SMALL, path)
    asset = taken(runtime, trainer, path, name=name)
    assert asset.state == AssetState.READY
    assert not re.search(r"[\r\n\u202e]", asset.filename)


def test_dimensions_nobody_can_watch(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    wide = tmp_path / "wide.mp4"
    ffmpeg(runtime, "-f", "lavfi", "-i", "color=size=12000x64:rate=5:duration=2", "-preset", "ultrafast", str(wide))
    asset = taken(runtime, trainer, wide)
    assert "12000×64" in sentence(asset)


def test_ten_thousand_tracks(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    plain = tmp_path / "plain.mp4"
    ffmpeg(runtime, "-i", str(SMALL), "-c", "copy", str(plain))
    asset = given(runtime, trainer, tmp_path, boxes.many_tracks(plain.read_bytes(), 10_000))
    assert asset.state == AssetState.FAILED
    assert sentence(asset).endswith("。")


def test_a_false_length_of_many_hours(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    film = tmp_path / "long.mp4"
    sparse = "color=size=320x240:rate=1:duration=3,setpts=N*54000/TB"
    ffmpeg(runtime, "-f", "lavfi", "-i", sparse, "-vsync", "passthrough", "-c:v", "mjpeg", str(film))
    assert "小时的上限" in sentence(taken(runtime, trainer, film))


def test_a_page_inside_a_film_is_never_served(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    page = b"<html><script>alert(document.domain)</script></html>" * 20
    plain = tmp_path / "plain.mp4"
    ffmpeg(runtime, "-i", str(SMALL), "-c", "copy", str(plain))
    asset = given(runtime, trainer, tmp_path, boxes.polyglot(plain.read_bytes(), page))
    assert asset.state == AssetState.READY
    made = local_storage(runtime.settings).path(set_key(asset.public_id, asset.generation))
    assert all(b"alert(" not in file.read_bytes() for file in made.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("image", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
        ("image", b"<html><script>alert(1)</script></html>"),
        ("image", b"\x89PNG\r\n\x1a\n" + b"\0" * 100),
        ("document", b"<html><script>alert(1)</script></html>"),
        ("document", b"PK\x03\x04" + b"\0" * 100),
        ("document", b""),
    ],
)
def test_pictures_and_documents_that_are_none(
    runtime: Runtime, trainer: Actor, tmp_path: Path, kind: str, data: bytes
) -> None:
    asset = given(runtime, trainer, tmp_path, data, kind)
    assert asset.state == AssetState.FAILED
    assert sentence(asset).endswith("。")


def test_mutated_films_never_crash_the_worker_nor_leave_a_job(runtime: Runtime, trainer: Actor, tmp_path: Path) -> None:
    draw = random.Random(11)
    whole = SMALL.read_bytes()[:120_000] + SMALL.read_bytes()[-20_000:]
    sources = [SMALL.read_bytes(), (DATA / "carphone_distorted.mp4").read_bytes(), whole]
    ids = []
    for number in range(MUTATIONS):
        data = bytearray(draw.choice(sources))
        for _ in range(draw.choice([1, 4, 32, 400])):
            data[draw.randrange(len(data))] = draw.randrange(256)
        if draw.random() < 0.3:
            cut = draw.randrange(len(data))
            del data[cut : cut + draw.randrange(1, 4000)]
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(data)
        with runtime.db.begin() as tx:
            ids.append(adopt_file(tx, trainer, path, path.name, "video").id)
    drain(runtime)
    with runtime.db.read() as tx:
        states = dict(
            tx.execute(select(Asset.state, func.count()).where(Asset.id.in_(ids)).group_by(Asset.state)).all()
        )
        traces = tx.scalars(select(Job.trace).where(Job.state.in_(("queued", "running")), Job.trace != "")).all()
    assert set(states) <= {AssetState.READY, AssetState.FAILED}, f"{states} {traces[:1]}"
    assert sum(states.values()) == MUTATIONS
