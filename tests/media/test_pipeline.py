"""A file's way from the trainer to a playable set, with real ffmpeg."""

import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.media import delivery, queries, service
from academy.media.models import Asset, AssetState, Rendition
from academy.media.storage.file_storage import local_storage, set_key
from academy.media.transcripts import chapters
from tests.conftest import sign_in
from tests.media.taking import ffmpeg, sentence, taken
from tests.support import factories
from tests.support.shortcuts import adopt_file, drain

pytestmark = pytest.mark.media


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def test_a_lecture_becomes_a_ladder_with_true_figures(
    runtime: Runtime, app: Flask, trainer: Actor, bunny: Path
) -> None:
    asset = taken(runtime, trainer, bunny)
    assert (asset.state, asset.error, asset.filename) == (AssetState.READY, None, "党课.mp4")
    assert asset.has_poster and asset.has_storyboard and asset.has_audio
    assert abs((asset.duration_ms or 0) - 5312) < 100
    with runtime.db.read() as tx:
        assert {s.state for s in queries.steps_of(tx, asset.id)} == {"done"}
        rows = {r.name: r for r in tx.scalars(select(Rendition).where(Rendition.asset_id == asset.id))}
    assert list(rows) == ["240p", "360p", "720p", "audio"]
    assert re.fullmatch(r"avc1\.64[0-9a-f]{4},mp4a\.40\.2", rows["720p"].codecs)
    client = app.test_client()
    url = delivery.playlist_url(runtime.settings, asset)
    assert url is not None
    master = client.get(url, buffered=True)
    assert master.mimetype == "application/vnd.apple.mpegurl"
    for name in re.findall(r"^[^#].+", master.text, re.M):
        base = url.rsplit("/", 1)[0]
        playlist = client.get(f"{base}/{name}", buffered=True)
        assert playlist.status_code == 200
        parts = re.findall(r'^[^#].+|(?<=URI=")[^"]+', playlist.text, re.M)
        total = 0
        for part in parts:
            answer = client.get(f"{base}/{name.rsplit('/', 1)[0]}/{part}", buffered=True)
            assert answer.status_code == 200 and answer.headers["X-Content-Type-Options"] == "nosniff"
            total += len(answer.data) if part.endswith(".m4s") else 0
        row = rows[name.split("/")[0]]
        assert total == row.size
        assert f"BANDWIDTH={row.bandwidth},AVERAGE-BANDWIDTH={row.average_bandwidth}" in master.text


def test_links_are_checked_ranged_and_die_with_the_set(
    runtime: Runtime, app: Flask, trainer: Actor, bikes: Path
) -> None:
    asset = taken(runtime, trainer, bikes)
    client = app.test_client()
    url = delivery.poster_url(runtime.settings, asset)
    assert url is not None
    whole = client.get(url, buffered=True)
    assert whole.status_code == 200 and whole.mimetype == "image/jpeg"
    part = client.get(url, buffered=True, headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, whole.data[2:6])
    _, _, digest, expires, *rest = url.split("/")
    other = ["/m", digest, str(int(expires) + 1), *rest]
    assert client.get("/".join(other)).status_code == 404
    assert client.get("/".join(["/m", "A" * 22, expires, *rest])).status_code == 404
    for name in ("../original", "..%2foriginal", "nothing.jpg", "master.m3u8%00.jpg", "240p"):
        assert client.get("/".join(["/m", digest, expires, *rest[:2], name])).status_code == 404
    with runtime.db.begin() as tx:
        service.revoke_links(tx, trainer, tx.get_one(Asset, asset.id))
    assert client.get(url, buffered=True).status_code == 404
    drain(runtime)
    with runtime.db.read() as tx:
        fresh = tx.get_one(Asset, asset.id, populate_existing=True)
    again = delivery.poster_url(runtime.settings, fresh)
    assert again is not None and client.get(again, buffered=True).data == whole.data
    with runtime.db.begin() as tx:
        service.delete_asset(tx, trainer, tx.get_one(Asset, asset.id))
    assert client.get(again, buffered=True).status_code == 404
    drain(runtime)
    assert not local_storage(runtime.settings).exists(f"{set_key(asset.public_id, fresh.generation)}/poster.jpg")


def test_segments_are_cut_at_the_same_instants_in_every_rendition(
    runtime: Runtime, trainer: Actor, tmp_path: Path
) -> None:
    film = tmp_path / "film.mp4"
    picture = "testsrc2=size=1280x720:rate=30:duration=20"
    ffmpeg(runtime, "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", "sine=duration=20", "-shortest", str(film))
    asset = taken(runtime, trainer, film)
    here = local_storage(runtime.settings).path(set_key(asset.public_id, asset.generation))
    cuts = {
        name: re.findall(r"#EXTINF:([\d.]+)", (here / name / "index.m3u8").read_text())
        for name in ("240p", "360p", "720p")
    }
    assert cuts["240p"] == cuts["360p"] == cuts["720p"]
    assert [round(float(c)) for c in cuts["240p"]] == [6, 6, 6, 2]
    assert (here / "storyboard.vtt").read_text().count("storyboard.jpg#xywh=") == 4


def test_sound_alone_and_captions_inside(runtime: Runtime, trainer: Actor, tmp_path: Path, bunny: Path) -> None:
    sound = tmp_path / "x.mp3"
    ffmpeg(runtime, "-f", "lavfi", "-i", "sine=duration=8", str(sound))
    heard = taken(runtime, trainer, sound, "audio")
    assert (heard.state, heard.has_audio, heard.has_poster, heard.width) == (AssetState.READY, True, False, None)
    refused = taken(runtime, trainer, sound, "video")
    assert "只有声音" in sentence(refused)
    srt, film = tmp_path / "x.srt", tmp_path / "x.mkv"
    srt.write_text("1\n00:00:01,000 --> 00:00:02,000\n同志们好\n", encoding="utf-8")
    ffmpeg(runtime, "-i", str(bunny), "-i", str(srt), "-c", "copy", "-c:s", "srt", str(film))
    asset = taken(runtime, trainer, film)
    with runtime.db.read() as tx:
        assert [c.text for c in queries.cues_of(tx, asset.id)] == ["同志们好"]


HOSTILE = {
    "text.mp4": "党课讲稿".encode() * 500,
    "hls.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat.mp4": b"ffconcat version 1.0\nfile 'neighbour.mp4'\n",
    "page.mp4": b"<!DOCTYPE html><script>alert(1)</script>" * 100,
    "empty-box.mp4": b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\x00" * 4000,
    "zero.mp4": b"",
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_what_is_no_film_is_refused_in_words(
    runtime: Runtime, trainer: Actor, tmp_path: Path, bikes: Path, name: str
) -> None:
    (tmp_path / "neighbour.mp4").write_bytes(bikes.read_bytes())
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    asset = taken(runtime, trainer, path)
    assert asset.state == AssetState.FAILED
    assert re.search("[。]", sentence(asset))
    assert not local_storage(runtime.settings).path(set_key(asset.public_id, asset.generation)).exists()


@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
@pytest.mark.parametrize("index_first", [False, True])
def test_a_film_that_stops_short_is_refused(
    runtime: Runtime, trainer: Actor, tmp_path: Path, share: float, index_first: bool
) -> None:
    film = tmp_path / "whole.mp4"
    flags = ["-movflags", "+faststart"] if index_first else []
    ffmpeg(runtime, "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15:duration=60", *flags, str(film))
    data = film.read_bytes()
    short = tmp_path / "short.mp4"
    short.write_bytes(data[: int(len(data) * share)])
    asset = taken(runtime, trainer, short)
    if index_first and share > 0.9:
        assert asset.state == AssetState.READY, "a lost last second is no reason to refuse an hour"
    else:
        assert asset.state == AssetState.FAILED and "不完整" in sentence(asset)


def test_a_failed_file_is_tried_again_from_where_it_failed(runtime: Runtime, trainer: Actor, bikes: Path) -> None:
    """The first attempt finds no folder to work in; the job waits to try again by itself."""
    with runtime.db.begin() as tx:
        asset = adopt_file(tx, trainer, bikes, "x.mp4", "video")
    local_storage(runtime.settings).root.mkdir(parents=True, exist_ok=True)
    (local_storage(runtime.settings).root / "work").write_text("in the way")
    drain(runtime)
    with runtime.db.read() as tx:
        states = {s.step: s.state for s in queries.steps_of(tx, asset.id)}
    assert states["probe"] == "done" and states["encode"] == "running"


def test_the_chapters_of_a_file_are_shown_and_the_trainers_stay(
    runtime: Runtime, app: Flask, trainer: Actor, bunny: Path, tmp_path: Path
) -> None:
    told = tmp_path / "chapters.txt"
    parts = "".join(f"[CHAPTER]\nTIMEBASE=1/1000\nSTART={a}\nEND={b}\ntitle={t}\n" for a, b, t in CHAPTERS)
    told.write_text(";FFMETADATA1\n" + parts, encoding="utf-8")
    film = tmp_path / "chapters.mp4"
    ffmpeg(
        runtime, "-i", str(bunny), "-i", str(told), "-map_metadata", "1", "-map_chapters", "1", "-c", "copy", str(film)
    )
    asset = taken(runtime, trainer, film)
    with runtime.db.begin() as tx:
        assert [(c.start_ms, c.title) for c in chapters.chapters_of(tx, asset.id)] == [(0, "开场"), (2000, "正题")]
        token = factories.session_token(tx, tx.get_one(Account, trainer.account_id))
    client = app.test_client()
    sign_in(client, token)
    url = f"/media/{asset.public_id}/chapters"
    assert "0:02 正题" in client.get(url).text
    wrong = client.post(url, data={"chapters": "0:01 一\n不是时间"})
    assert wrong.status_code == 422 and "第 2 行" in wrong.text and "不是时间" in wrong.text
    assert client.post(url, data={"chapters": "0:01 一\n0:03 二"}).status_code == 303
    with runtime.db.begin() as tx:
        assert [c.title for c in chapters.chapters_of(tx, asset.id)] == ["一", "二"]
        stranger = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        other = factories.session_token(tx, stranger)
    outside = app.test_client()
    sign_in(outside, other)
    assert outside.get(url).status_code == outside.post(url, data={"chapters": ""}).status_code == 404


CHAPTERS = [(0, 2000, "开场"), (2000, 5000, "正题")]
