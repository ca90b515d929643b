"""Captions and chapters inside a film stand where its file has them, whenever picture and sound begin."""

import subprocess
from pathlib import Path

import pytest

from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.media import queries, tools
from academy.media.models import AssetState
from academy.media.transcripts import chapters
from tests.media import clock
from tests.media.clock import Film
from tests.media.taking import taken

pytestmark = pytest.mark.media

CUES = [(0.5, 1.0, "甲"), (2.5, 3.5, "乙"), (4.0, 5.0, "丙"), (6.0, 8.0, "丁")]
CHAPTERS = [(0.0, "开场"), (2.0, "第一节"), (5.0, "第二节")]
# Seconds of the file's clock at which picture and sound begin, and by how much a copy then moved everything.
BEGINNINGS = [
    ((0.0, 0.0), 0.0),
    ((3.0, 3.0), 0.0),
    ((3.0, 0.0), 0.0),
    ((0.0, 3.0), 0.0),
    ((1.0, 3.0), 0.0),
    ((3.0, 2.0), 0.0),
    ((0.0, 0.0), 10.0),
    ((3.0, 1.0), 30.0),
]


@pytest.fixture
def database_kind() -> str:
    return "sqlite"


def stamp(seconds: float) -> str:
    return f"00:00:{int(seconds):02d},{round(seconds % 1 * 1000):03d}"


def film(folder: Path, picture: float, sound: float, moved: float, name: str) -> Path:
    ffmpeg = tools.find("ffmpeg")
    bare = clock.make(ffmpeg, Film("25", (picture, 9.0), (sound, 9.0)), folder)
    cues, named, made = folder / "cues.srt", folder / "chapters.txt", folder / name
    cues.write_text("".join(f"{n}\n{stamp(a)} --> {stamp(b)}\n{t}\n\n" for n, (a, b, t) in enumerate(CUES, 1)), "utf-8")
    ends = [start for start, _ in CHAPTERS[1:]] + [9.0]
    lines = [";FFMETADATA1"]
    for (start, title), end in zip(CHAPTERS, ends, strict=True):
        first, last = int((start + moved) * 1000), int((end + moved) * 1000)
        lines += ["[CHAPTER]", "TIMEBASE=1/1000", f"START={first}", f"END={last}", f"title={title}"]
    named.write_text("\n".join(lines), "utf-8")
    command = [ffmpeg, "-v", "error", "-copyts", "-i", bare, "-i", cues, "-i", named, "-map", "0", "-map", "1"]
    command += ["-map_chapters", "2", "-c", "copy", "-c:s", "mov_text" if name.endswith("mp4") else "srt"]
    subprocess.run([*command, "-output_ts_offset", str(moved), made], check=True)
    return made


@pytest.mark.parametrize("name", ["film.mkv", "film.mp4"])
@pytest.mark.parametrize(("begins", "moved"), BEGINNINGS)
def test_words_and_chapters_are_counted_from_the_lectures_start(
    runtime: Runtime, trainer: Actor, tmp_path: Path, begins: tuple[float, float], moved: float, name: str
) -> None:
    asset = taken(runtime, trainer, film(tmp_path, *begins, moved, name))
    assert asset.state == AssetState.READY, asset.error
    start = min(begins)
    with runtime.db.read() as tx:
        cues = [(cue.start_ms / 1000, cue.end_ms / 1000, cue.text) for cue in queries.cues_of(tx, asset.id)]
        named = [(chapter.start_ms / 1000, chapter.title) for chapter in chapters.chapters_of(tx, asset.id)]
    wanted = [(max(0.0, a - start), b - start, text) for a, b, text in CUES if b > start]
    assert [text for _, _, text in cues] == [text for _, _, text in wanted]
    for found, right in zip(cues, wanted, strict=True):
        assert abs(found[0] - right[0]) < 0.03 and abs(found[1] - right[1]) < 0.03, (cues, wanted)
    before = [title for at, title in CHAPTERS if at <= start]
    right_chapters = [(0.0, before[-1])] + [(at - start, title) for at, title in CHAPTERS if at > start]
    assert [title for _, title in named] == [title for _, title in right_chapters], named
    assert all(abs(a[0] - b[0]) < 0.03 for a, b in zip(named, right_chapters, strict=True)), (named, right_chapters)
