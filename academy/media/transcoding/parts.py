"""Encoding of a long film in parts, so that several workers share it and a killed one loses its part only.

Pictures are cut on the grid of segments, to the frame. The audio is made beside them in one piece: AAC cannot be cut
without a click, and loudness is measured over the whole. Joining copies; nothing is encoded twice.
"""

import dataclasses
import math
import os
import shutil
import tempfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import rules, tools
from academy.media.rules import Rung, Source
from academy.media.storage.file_storage import full_disk_reported, sync_file
from academy.media.tools import ToolFailed
from academy.media.transcoding import encode, filters

SPLITTABLE = frozenset({"mov", "matroska"})
"""Containers with an index: seeking in the others loses pictures."""
SOUND = 0
_DAMAGE = "damage.txt"


@dataclasses.dataclass(frozen=True)
class EncodedPart:
    """A stretch of the pictures, in seconds that begin and end with a frame; the last one has no end."""

    number: int
    start: Fraction
    end: Fraction | None


def plan(source: Source) -> list[EncodedPart]:
    """The parts of a long film, from 1; empty for one that a single process encodes."""
    length, part_s = float(rules.lecture_s(source)), source.part_s
    if source.video is None or source.demuxer not in SPLITTABLE or length < 2 * part_s:
        return []
    rate = rules.rate_of(source)
    # A short remainder is added to the part before it.
    count = max(2, int((length + part_s / 2) // part_s))
    starts = [Fraction(math.ceil(number * part_s * rate)) / rate for number in range(count)]
    ends = [*starts[1:], None]
    return [EncodedPart(n, start, end) for n, (start, end) in enumerate(zip(starts, ends, strict=True), 1)]


def folder_of(folder: Path, number: int) -> Path:
    """Folder of a finished part; created atomically."""
    return folder / f"{number:04d}"


def is_made(folder: Path, number: int) -> bool:
    """Whether a part is finished."""
    return folder_of(folder, number).is_dir()


def make(
    settings: Settings, source: Source, original: Path, folder: Path, number: int, on_progress: Callable[[int], None]
) -> None:
    """Make one part (or the audio) below `folder`, unless it exists; `on_progress` is called with permille.

    Raises:
        Invalid: the file cannot be decoded.
        StorageFull: no space.
    """
    if is_made(folder, number):
        return
    part = next((p for p in plan(source) if p.number == number), None)
    with full_disk_reported():
        folder.mkdir(parents=True, exist_ok=True)
        # A folder of its own: a worker presumed dead may still be writing.
        draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
    try:
        damage = _encode(settings, source, original, draft, part, on_progress)
        with full_disk_reported():
            (draft / _DAMAGE).write_text(str(damage), encoding="ascii")
            for file in draft.iterdir():
                sync_file(file)
            if not is_made(folder, number):
                os.rename(draft, folder_of(folder, number))  # noqa: PTH104 - fails on a non-empty folder, and never replaces it
    except ToolFailed as error:
        encode.raise_in_words(error)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _encode(
    settings: Settings,
    source: Source,
    original: Path,
    draft: Path,
    part: EncodedPart | None,
    on_progress: Callable[[int], None],
) -> int:
    """Encode into the draft folder; returns how many pictures or packets were damaged, at the best attempt.

    Raises:
        ToolFailed: ffmpeg ended with an error.
    """
    binary = tools.ffmpeg_path(settings)
    length = _length_s(source, part)
    listener = encode.progress_listener(on_progress, length * 1000)
    if part is None:
        return _run(source, original, draft, sound_command(binary, source, original), length, listener).count
    damage = _run(source, original, draft, picture_command(binary, source, part, original), length, listener)
    late = damage.first_s is None or damage.first_s > 1.5 / float(rules.rate_of(source))
    if (damage.count or late) and entered_at(source, part):
        # Some films cannot be entered where their index says: the decoder needs earlier data.
        command = picture_command(binary, source, part, original, entered=Fraction(0))
        again = _run(source, original, draft, command, float(part.start) + length, listener)
        return again.count if late else min(damage.count, again.count)
    return damage.count


def _run(
    source: Source, original: Path, draft: Path, command: list[str], length_s: float, listener: Callable[[str], None]
) -> encode.Damage:
    damage = encode.Damage()
    limits = encode.limits(dataclasses.replace(source, duration_ms=round(length_s * 1000)))
    with encode.colour_table(source, draft):
        sees = tools.needs(command, original)
        tools.run(command, folder=draft, limits=limits, on_line=listener, on_log=damage.on_log, sees=sees)
    return damage


def _length_s(source: Source, part: EncodedPart | None) -> float:
    whole = rules.lecture_s(source)
    return float(whole if part is None else (part.end or whole) - part.start)


def entered_at(source: Source, part: EncodedPart) -> Fraction:
    """Where reading begins for a part, in seconds of the lecture; never after the last picture, which has to be
    repeated."""
    if source.last_picture_s is None or source.last_picture_s >= part.start:
        return part.start
    rate = rules.rate_of(source)
    return max(Fraction(0), Fraction(math.floor(Fraction(source.last_picture_s) * rate) - 1)) / rate


def picture_command(
    binary: str, source: Source, part: EncodedPart, original: Path, *, entered: Fraction | None = None
) -> list[str]:
    """One ffmpeg for all renditions of a part, without audio; `entered` makes it read from an earlier second."""
    entered = entered_at(source, part) if entered is None else entered
    # Decoding begins at the key frame before; the part's first frame has time 0, earlier ones are dropped.
    sought = {"ss": f"{float(entered) + source.start_s:.6f}", "accurate_seek": False} if entered else {}
    film = encode.input_options(source, original, **sought)
    rungs = [r for r in rules.plan(source) if r.height]
    frames = filters.frames(film, source, rungs, entered=entered, start=part.start, end=part.end)
    outs = [
        ffmpeg.output(
            stream,
            f"{rung.name}.mp4",
            format="mp4",
            **encode.picture_options(source),
            movflags="+negative_cts_offsets",
            crf=rung.crf,
            maxrate=f"{rung.maxrate_k}k",
            bufsize=f"{rung.maxrate_k * 2}k",
            map_metadata=-1,
            map_chapters=-1,
        )
        for stream, rung in zip(frames, rungs, strict=True)
    ]
    return encode.compiled(binary, ffmpeg.merge_outputs(*outs))


def sound_command(binary: str, source: Source, original: Path) -> list[str]:
    """The complete audio, once for each bit rate."""
    rates = bit_rates(source)
    streams = filters.sounds(encode.input_options(source, original), source, len(rates))
    options = {f"b:a:{n}": f"{rate}k" for n, rate in enumerate(rates)}
    out = ffmpeg.output(
        *streams, "sound.mp4", format="mp4", **encode.SOUND, map_metadata=-1, map_chapters=-1, **options
    )
    return encode.compiled(binary, out)


def bit_rates(source: Source) -> list[int]:
    """Bit rates of the audio tracks, smallest first."""
    return sorted({rung.audio_k for rung in rules.plan(source)})


def numbers(source: Source) -> list[int]:
    """Every part's number, the audio first where there is any; empty for a film that is not cut."""
    planned = [part.number for part in plan(source)]
    return [SOUND, *planned] if planned and source.audio is not None else planned


def damage(source: Source, folder: Path) -> int:
    """How many pictures and audio packets of all parts were damaged.

    Raises:
        Invalid: too many.
    """
    files = [folder_of(folder, number) / _DAMAGE for number in numbers(source)]
    count = sum(int(file.read_text(encoding="ascii")) for file in files if file.exists())
    encode.refuse_if_damaged(count, source.duration_ms / 1000 * source.fps)
    return count


def join(settings: Settings, source: Source, parts: Path, folder: Path) -> None:
    """Join the parts into a set as one process would have made it.

    Raises:
        Invalid: a part in the middle is short, so the file is damaged there.
        StorageFull: no space.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with full_disk_reported():
        folder.mkdir(parents=True)
        for rung in rules.plan(source):
            if rung.height:
                _list(source, parts, rung)
    command = join_command(tools.ffmpeg_path(settings), source, parts)
    try:
        tools.run(command, folder=folder, limits=encode.limits(source), sees=tools.needs(command, parts))
        encode.check_whole(source, folder)
    except ToolFailed as error:
        encode.raise_in_words(error)


def _list(source: Source, parts: Path, rung: Rung) -> None:
    lines = ["ffconcat version 1.0"]
    for part in plan(source):
        file = folder_of(parts, part.number) / f"{rung.name}.mp4"
        if not file.is_file():
            raise Invalid(msg("文件中途损坏，无法转码。请重新导出后再上传。"))
        lines.append(f"file {folder_of(Path(), part.number)}/{rung.name}.mp4")
        if part.end is not None:
            lines.append(f"duration {float(part.end - part.start):.6f}")
    (parts / f"{rung.name}.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def join_command(binary: str, source: Source, parts: Path) -> list[str]:
    """Copy the parts, one after the other, into the segments of every rendition."""
    rungs = rules.plan(source)
    rates = bit_rates(source)
    sound = ffmpeg.input(
        f"file:{parts / folder_of(Path(), SOUND) / 'sound.mp4'}",
        format="mov",
        protocol_whitelist="file",
        # AAC's priming packet takes its place in the lecture (`filters.sounds`).
        ignore_editlist=1,
    )
    streams: list[Any] = []
    names: list[str] = []
    pictures = 0
    for number, rung in enumerate(rungs):
        kinds = []
        if rung.height:
            listed = f"file:{parts / rung.name}.txt"
            streams.append(ffmpeg.input(listed, format="concat", safe=1, protocol_whitelist="file")["v:0"])
            kinds.append(f"v:{pictures}")
            pictures += 1
        if source.audio is not None:
            streams.append(sound[f"a:{rates.index(rung.audio_k)}"])
            kinds.append(f"a:{number}")
        names.append(",".join([*kinds, f"name:{rung.name}"]))
    out = ffmpeg.output(*streams, "%v/index.m3u8", c="copy", **encode.hls(names))
    return encode.compiled(binary, out)
