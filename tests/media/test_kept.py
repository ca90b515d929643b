"""What members keep on their phones of a lecture: small sound, stills of its slides, the small film, pages."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.media import delivery, service
from academy.media.keeping import draw_stills, kept_files, make_kept
from academy.media.keeping.draw_stills import STILL_BYTES, choose
from academy.media.models import Asset
from academy.media.probing import probe
from academy.media.storage.file_storage import local_storage, set_key
from tests.media.taking import ffmpeg, taken
from tests.support.shortcuts import drain

SLIDES, EACH_S = 4, 7


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def slides(runtime: Runtime, folder: Path) -> Path:
    """Four slides of seven seconds; each has one line of text more than the one before, as a slide that is built up."""
    for number in range(SLIDES):
        page = Image.new("RGB", (640, 360), "#fffdf8")
        pen = ImageDraw.Draw(page)
        for line in range(number + 1):
            pen.rectangle((50, 60 + 60 * line, 500, 86 + 60 * line), fill="#333")
        page.save(folder / f"slide{number}.png")
    listed = "".join(f"file slide{number}.png\nduration {EACH_S}\n" for number in range(SLIDES))
    (folder / "slides.txt").write_text(listed, encoding="utf-8")
    made = folder / "课.mp4"
    length = str(SLIDES * EACH_S)
    inputs = ["-f", "concat", "-i", str(folder / "slides.txt"), "-f", "lavfi", "-i", f"sine=220:duration={length}"]
    ffmpeg(runtime, *inputs, "-r", "5", "-pix_fmt", "yuv420p", "-t", length, str(made))
    return made


@pytest.mark.media
def test_a_film_of_slides_is_kept_as_sound_with_one_still_a_slide(
    runtime: Runtime, app: Flask, trainer: Actor, tmp_path: Path
) -> None:
    asset = taken(runtime, trainer, slides(runtime, tmp_path))
    sizes, found = kept_files.kept_sizes(asset), kept_files.kept_set(runtime.settings, asset)
    assert found.sound is not None and found.film is not None
    assert sizes == {
        "sound": found.sound.size + sum(still.size for still in found.stills),
        "film": found.film.size,
    }
    # Each slide once, no later than half a segment beside the moment at which it came up.
    assert len(found.stills) == SLIDES
    for number, still in enumerate(found.stills):
        assert abs(still.at - number * EACH_S * 1000) <= 6_000
        assert still.file.endswith(".webp") and still.size <= STILL_BYTES
    assert found.sound.size <= SLIDES * EACH_S * make_kept.SOUND_K * 1000 / 8 * 1.15 + 8_000
    prefix = set_key(asset.public_id, asset.generation)
    folder = local_storage(runtime.settings).path(prefix)
    for one in (found.sound, found.film, *found.stills):
        data = (folder / one.file).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (one.size, one.sha256)
        assert Path(one.file).stem == one.sha256[:20]
    for one, kind in ((found.sound, "audio"), (found.film, "video")):
        source, _ = probe.look(runtime.settings, kind, folder / one.file)
        assert abs(source.duration_ms - (asset.duration_ms or 0)) < 150
        # It can begin to play before all of it is there.
        assert (folder / one.file).read_bytes().find(b"moov") < (folder / one.file).read_bytes().find(b"mdat")
    # With the same links as the lecture, in parts.
    client, link = app.test_client(), delivery.file_url(runtime.settings, asset, found.sound.file)
    part = client.get(link, headers={"Range": "bytes=100-199"}, buffered=True)
    assert part.status_code == 206 and part.data == (folder / found.sound.file).read_bytes()[100:200]
    assert client.get(link.replace(link.split("/")[2], "A" * 22)).status_code == 404


@pytest.mark.media
def test_what_is_kept_is_made_once_and_by_command_and_goes_with_the_links(
    runtime: Runtime, trainer: Actor, bikes: Path
) -> None:
    asset = taken(runtime, trainer, bikes)
    before = kept_files.kept_sizes(asset)
    assert set(before) == {"film"}  # it has no sound
    with runtime.db.begin() as tx:
        assert kept_files.enqueue_kept(tx) == 0
        mine = tx.get_one(Asset, asset.id)
        mine.probe = {name: value for name, value in (mine.probe or {}).items() if name != "kept"}
    with runtime.db.begin() as tx:
        assert kept_files.enqueue_kept(tx) == 1
    drain(runtime)
    with runtime.db.begin() as tx:
        mine = tx.get_one(Asset, asset.id)
        assert kept_files.kept_sizes(mine) == before
        service.revoke_links(tx, trainer, mine)
    drain(runtime)
    with runtime.db.read() as tx:
        mine = tx.get_one(Asset, asset.id)
        assert kept_files.kept_sizes(mine) == before
        assert kept_files.kept_set(runtime.settings, mine).film is not None
        mine.generation = "another"
        assert kept_files.kept_sizes(mine) == {}


@given(st.lists(st.integers(0, 9), min_size=1, max_size=30), st.integers(1, 20))
@settings(max_examples=40, deadline=None)
def test_stills_are_chosen_for_what_changed_and_never_too_many(shown: list[int], most: int) -> None:
    differ: Callable[[int, int], int] = lambda a, b: 1000 * (shown[a] != shown[b])  # noqa: E731
    found = choose(len(shown), differ, most)
    assert found[0] == 0 and found == sorted(set(found)) and len(found) <= max(1, most)
    changes = [0, *(n for n in range(1, len(shown)) if shown[n] != shown[n - 1])]
    if len(changes) <= most:
        assert found == changes


def test_no_still_is_larger_than_its_share(tmp_path: Path) -> None:
    """The worst pictures that there are: noise, a new one each time."""
    for number in range(2):
        Image.effect_noise((640, 360), 120).convert("RGB").save(tmp_path / f"k_{number:05d}.jpg", quality=95)
    drawn = draw_stills.draw(tmp_path, 2 * STILL_BYTES)
    assert len(drawn) <= 2
    assert sum((tmp_path / str(name)).stat().st_size for _, name in drawn) <= 2 * STILL_BYTES


@given(st.integers(1, 5 * 3600))
def test_forty_five_minutes_fit_into_twelve_megabytes(seconds: int) -> None:
    stills = make_kept.stills_limit(seconds * 1000)
    sound = seconds * (make_kept.SOUND_K * 1000 / 8 * 1.03)
    if seconds <= 45 * 60:
        assert stills + sound <= 12_000_000
