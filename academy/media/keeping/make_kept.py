"""Makes the files that are kept on phones, from the published set: our own renditions, not the original."""

import dataclasses
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from academy.core.settings import Settings
from academy.media import rules, tools
from academy.media.storage.file_storage import Storage, full_disk_reported
from academy.media.tools import Limits
from academy.media.transcoding import playlist

FOLDER = "kept"
"""In the set's folder; files are named after their content, so a download can go on another day."""
SOUND_K = 24
"""Kilobits a second of speech, in one channel: 8 MB for 45 minutes."""
SOUND_HZ = 16_000
STILLS_A_SECOND = 1_100
LEAST_STILLS, MOST_STILLS = 300_000, 4_000_000
"""Bytes of all stills: with the sound, 45 minutes take less than 12 MB."""
STILL_SIDE = 360
"""Height of the rendition that stills are taken from; a larger one only where there is none of it."""
DRAWER = "academy.media.keeping.draw_stills"
_PIECE = 1 << 20


@dataclasses.dataclass(frozen=True)
class KeptFile:
    """One file to be kept, below the set's folder."""

    file: str
    size: int
    sha256: str
    at: int = 0
    """A still's moment in milliseconds, or a page's number."""


@dataclasses.dataclass(frozen=True)
class KeptSet:
    """All files that can be kept of a lecture; empty tuples and None where there are none."""

    sound: KeptFile | None = None
    film: KeptFile | None = None
    stills: tuple[KeptFile, ...] = ()
    pages: tuple[KeptFile, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "KeptSet":
        """The reverse."""
        one = {name: KeptFile(**found[name]) if found[name] else None for name in ("sound", "film")}
        many = {name: tuple(KeptFile(**row) for row in found[name]) for name in ("stills", "pages")}
        return cls(sound=one["sound"], film=one["film"], stills=many["stills"], pages=many["pages"])

    def sizes(self) -> dict[str, int]:
        """Bytes of each form that there is."""
        found = {}
        if self.sound is not None:
            found["sound"] = self.sound.size + sum(still.size for still in self.stills)
        if self.film is not None:
            found["film"] = self.film.size
        if self.pages:
            found["pages"] = sum(page.size for page in self.pages)
        return found


def stills_limit(duration_ms: int) -> int:
    """Bytes that the stills of a lecture may take."""
    return max(LEAST_STILLS, min(MOST_STILLS, duration_ms * STILLS_A_SECOND // 1000))


def make_media(
    settings: Settings, storage: Storage, prefix: str, renditions: dict[str, int | None], duration_ms: int, work: Path
) -> KeptSet:
    """The forms of a film or recording, into `work`; `renditions` are names and heights (None: the sound).

    Raises:
        ToolFailed: ffmpeg failed.
        StorageFull: no space.
    """
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    shown = sorted(((height, name) for name, height in renditions.items() if height), key=lambda one: one[0])
    speech = next((name for name, height in renditions.items() if not height), None)
    with full_disk_reported():
        sound = _sound(settings, storage, f"{prefix}/{speech}", work) if speech else None
        film = _film(settings, storage, f"{prefix}/{shown[0][1]}", work) if shown else None
        if not shown or sound is None:
            return KeptSet(sound, film)
        name = next((name for height, name in shown if height >= STILL_SIDE), shown[-1][1])
        return KeptSet(sound, film, _stills(settings, storage, f"{prefix}/{name}", duration_ms, work))


def _whole(storage: Storage, prefix: str, target: Path) -> Path:
    """A rendition as one file: its beginning and its segments, one after the other."""
    with storage.open(f"{prefix}/index.m3u8") as file:
        text = file.read().decode()
    with target.open("wb") as out:
        for name in (playlist.init_name(text), *(name for _, name in playlist.segments(text))):
            with storage.open(f"{prefix}/{name}") as file:
                shutil.copyfileobj(file, out, _PIECE)
    return target


def _run(settings: Settings, folder: Path, source: Path, options: list[str], *, before: tuple[str, ...] = ()) -> None:
    """ffmpeg with one of our renditions as its input, which is removed afterwards."""
    line = [tools.ffmpeg_path(settings), "-nostdin", "-loglevel", "error", "-y", "-protocol_whitelist", "file", *before]
    line += ["-f", "mov", "-i", f"file:{source}", *options]
    tools.run(line, folder=folder, limits=Limits(seconds=3600, cpu_s=3600), sees=tools.needs(line))
    source.unlink()


def _sound(settings: Settings, storage: Storage, prefix: str, work: Path) -> KeptFile:
    source = _whole(storage, prefix, work / "sound-source.mp4")
    options = ["-vn", "-c:a", "aac", "-b:a", f"{SOUND_K}k", "-ac", "1", "-ar", str(SOUND_HZ), "-map_metadata", "-1"]
    _run(settings, work, source, [*options, "-movflags", "+faststart", "-f", "mp4", "sound.mp4"])
    return _named(work, "sound.mp4")


def _film(settings: Settings, storage: Storage, prefix: str, work: Path) -> KeptFile:
    source = _whole(storage, prefix, work / "film-source.mp4")
    # Without edit lists, as the segments: its clock is the lecture's.
    options = ["-c", "copy", "-map_metadata", "-1", "-use_editlist", "0"]
    options += ["-movflags", "+faststart+negative_cts_offsets", "-f", "mp4", "film.mp4"]
    _run(settings, work, source, options)
    return _named(work, "film.mp4")


def _stills(settings: Settings, storage: Storage, prefix: str, duration_ms: int, work: Path) -> tuple[KeptFile, ...]:
    """Of key frames only: there is one at every segment's beginning, and nothing else has to be decoded."""
    drawing = work / "drawing"
    drawing.mkdir()
    source = _whole(storage, prefix, drawing / "source.mp4")
    scale = "scale='min(640,iw)':-2"
    options = ["-an", "-vsync", "passthrough", "-vf", scale, "-q:v", "3", "-pix_fmt", "yuvj420p"]
    options += ["-f", "image2", "k_%05d.jpg"]
    _run(settings, drawing, source, options, before=("-skip_frame", "nokey"))
    limits = Limits(seconds=900, cpu_s=900, memory_mib=2048, file_mib=64)
    printed = tools.run_module(DRAWER, [str(drawing), str(stills_limit(duration_ms))], folder=drawing, limits=limits)
    step_ms = rules.SEGMENT_S * 1000
    found = []
    for number, name in json.loads(printed)["stills"]:
        (drawing / name).rename(work / name)
        # It came up somewhere in the seconds before its key frame.
        found.append(dataclasses.replace(_named(work, name), at=max(0, number * step_ms - step_ms // 2)))
    shutil.rmtree(drawing)
    return tuple(found)


def _named(work: Path, name: str) -> KeptFile:
    """The file under its content's name."""
    path = work / name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    named = f"{digest[:20]}{path.suffix}"
    path.rename(work / named)
    return KeptFile(f"{FOLDER}/{named}", (work / named).stat().st_size, digest)


def list_pages(storage: Storage, prefix: str, count: int) -> KeptSet:
    """The pages of a document: their small pictures, which are there already; the large ones in older sets."""
    pages = []
    for number in range(1, count + 1):
        name = next(
            n for n in (f"pages/{number:03d}.webp", f"pages/{number:03d}.jpg") if storage.exists(f"{prefix}/{n}")
        )
        with storage.open(f"{prefix}/{name}") as file:
            data = file.read()
        pages.append(KeptFile(name, len(data), hashlib.sha256(data).hexdigest(), number))
    return KeptSet(pages=tuple(pages))
