"""The ladder, the poster and the storyboard, by ffmpeg."""

import contextlib
import dataclasses
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ffmpeg

from academy.core.errors import Invalid, StorageFull
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.media import rules, tonemap, tools
from academy.media.captions.caption_files import stamp
from academy.media.probing.mended import mended
from academy.media.probing.probe import reading_options
from academy.media.rules import Rung, Source
from academy.media.storage.file_storage import full_disk_reported, is_cramped
from academy.media.tools import Limits, ToolFailed
from academy.media.transcoding import filters, playlist

THUMB_WIDTH = 160
SHEET = 10
_POSTER_WIDTH = 1280
MAX_CAPTIONS = 32 << 20
"""Maximum bytes of captions inside a file."""


PICTURE: dict[str, Any] = {
    "c:v": "libx264",
    "preset": "veryfast",
    "profile:v": "high",
    "pix_fmt": "yuv420p",
    "sc_threshold": 0,
    "g": 600,
    # Key frames at the same times in every rendition: a player switches between them at any segment.
    "force_key_frames": f"expr:gte(t,n_forced*{rules.SEGMENT_S})",
}
BT709 = {"color_range": "tv", "colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}
SOUND: dict[str, Any] = {"c:a": "aac", "ar": 48000, "ac": 2}


def command(binary: str, source: Source, rungs: list[Rung], original: Path) -> list[str]:
    """One ffmpeg process for all renditions: the original is decoded once."""
    film = input_options(source, original)
    pictures = [r for r in rungs if r.height]
    streams: list[Any] = []
    options: dict[str, Any] = {}
    names: list[str] = []
    shown = filters.frames(film, source, pictures)
    audio = filters.sounds(film, source, len(rungs))
    for number, rung in enumerate(rungs):
        parts = []
        if rung.height:
            streams.append(shown[number])
            options |= {f"crf:v:{number}": rung.crf, f"maxrate:v:{number}": f"{rung.maxrate_k}k"}
            options[f"bufsize:v:{number}"] = f"{rung.maxrate_k * 2}k"
            parts.append(f"v:{number}")
        if audio:
            streams.append(audio[number])
            options[f"b:a:{number}"] = f"{rung.audio_k}k"
            parts.append(f"a:{number}")
        names.append(",".join([*parts, f"name:{rung.name}"]))
    if pictures:
        options |= picture_options(source)
    if audio:
        options |= SOUND
    return compiled(binary, ffmpeg.output(*streams, "%v/index.m3u8", **hls(names), **options))


def picture_options(source: Source) -> dict[str, Any]:
    """Options of the video encoder."""
    return PICTURE | (BT709 if source.colours else {})


def input_options(source: Source, original: Path, **options: Any) -> Any:
    """The original as an input: this container, this file, nothing else."""
    before = reading_options(source.demuxer)
    given = dict(zip((o.lstrip("-") for o in before[::2]), before[1::2], strict=True))
    flags = {name: None for name, on in options.items() if on is False}
    values = {name: value for name, value in options.items() if value is not False}
    return ffmpeg.input(
        f"file:{original}", format=given.pop("f"), **given, **values, **{f"no{name}": v for name, v in flags.items()}
    )


def hls(names: list[str]) -> dict[str, Any]:
    """Options of an output that cuts every rendition into segments; `names` is the map of streams."""
    return {
        "format": "hls",
        "hls_time": rules.SEGMENT_S,
        "hls_playlist_type": "vod",
        "hls_segment_type": "fmp4",
        # Decode times begin with the first picture: browsers ignore edit lists, which would correct them.
        "hls_segment_options": "movflags=+negative_cts_offsets",
        "hls_flags": "independent_segments",
        "hls_segment_filename": "%v/seg_%05d.m4s",
        "hls_fmp4_init_filename": "init.mp4",
        "var_stream_map": " ".join(names),
        "map_metadata": -1,
        "map_chapters": -1,
        "max_muxing_queue_size": 4096,
    }


def compiled(binary: str, out: Any) -> list[str]:
    """The command line of an output, with progress on standard output."""
    out = out.global_args("-nostdin", "-hide_banner", "-loglevel", "repeat+warning", "-progress", "pipe:1", "-nostats")
    made: list[str] = ffmpeg.compile(out, cmd=binary, overwrite_output=True)
    return made


def limits(source: Source) -> Limits:
    """Limits of an encoding: generous for a slow machine, finite for a hostile file."""
    seconds = source.duration_ms / 1000
    return Limits(
        seconds=600 + 20 * seconds,
        cpu_s=int(600 + 40 * seconds),
        memory_mib=8192,
        file_mib=max(64, int(seconds * 0.5)),
    )


def progress_listener(on_progress: Callable[[int], None], length_ms: float) -> Callable[[str], None]:
    """A listener for ffmpeg's progress lines; `on_progress` is called with permille."""

    def line(text: str) -> None:
        key, _, value = text.partition("=")
        if key == "out_time_us" and value.lstrip("-").isdigit():
            on_progress(min(999, max(0, int(int(value) // max(1.0, length_ms)))))

    return line


def make_ladder(
    settings: Settings, source: Source, original: Path, folder: Path, on_progress: Callable[[int], None]
) -> int:
    """Encode in one process into an empty folder; `on_progress` is called with permille.

    Returns how many pictures and audio packets were damaged.

    Raises:
        Invalid: the file cannot be decoded to its end, or too much of it is damaged.
        StorageFull: no space.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    damage = Damage()
    try:
        listener = progress_listener(on_progress, source.duration_ms)
        with colour_table(source, folder), mended(settings, original) as readable:
            arguments = command(tools.ffmpeg_path(settings), source, rules.plan(source), readable)
            sees = tools.needs(arguments, readable)
            tools.run(
                arguments, folder=folder, limits=limits(source), on_line=listener, on_log=damage.on_log, sees=sees
            )
        check_whole(source, folder)
    except ToolFailed as error:
        raise_in_words(error)
    refuse_if_damaged(
        damage.count, source.duration_ms / 1000 * source.fps if source.video is not None else source.duration_ms / 50
    )
    return damage.count


@contextlib.contextmanager
def colour_table(source: Source, folder: Path) -> Iterator[None]:
    """Context manager: the colour table, in the folder in which ffmpeg runs."""
    if source.colours:
        with full_disk_reported():
            tonemap.write_table(source.colours, folder)
    try:
        yield
    finally:
        (folder / tonemap.FILE).unlink(missing_ok=True)


class Damage:
    """Counts decoder errors reported by ffmpeg: a player shows damaged pictures too, but too many are refused."""

    _SIGNS = re.compile(
        r"corrupt decoded frame|Error while decoding stream|Error submitting packet to decoder|Decoding error:"
    )

    _FIRST = re.compile(r"^(?:\[[^\]]*\] )?(-?\d+\.\d{6})$")

    # What decoders say of a picture themselves. With several threads ffmpeg does not always see the flag that a decoder
    # sets on it, and then reports nothing of its own.
    _BY_DECODER = re.compile(r"^\[(\w+ @ 0x[0-9a-f]+)\] .*?(?:error while decoding MB|Error at MB:|damaged at \d)")

    def __init__(self) -> None:
        self._reported = self._by_decoders = 0
        self._decoder = ""
        self.first_s: float | None = None
        """Time of the first decoded picture, in seconds from where reading began (`filters.frames`)."""

    @property
    def count(self) -> int:
        """Damaged pictures and audio packets: as ffmpeg reports them, or as the decoders do, whichever is more."""
        return max(self._reported, self._by_decoders)

    def on_log(self, line: str) -> None:
        """A line of ffmpeg's log."""
        if decoder := self._BY_DECODER.match(line):
            # Each thread has a decoder; several lines of one, one after the other, are about one picture.
            self._by_decoders += decoder[1] != self._decoder
            self._decoder = decoder[1]
            return
        self._decoder = ""
        if self._SIGNS.search(line):
            self._reported += 1
        elif "Output file is empty" in line:
            self.first_s = None  # some versions report a time at the end where no picture was decoded
        elif self.first_s is None and (first := self._FIRST.match(line)):
            self.first_s = float(first[1])


MOST_DAMAGED = 0.1


def refuse_if_damaged(count: int, pictures: float) -> None:
    """Refuse a film of which too much is damaged.

    Raises:
        Invalid: more than a tenth of so many pictures.
    """
    if count > max(3.0, MOST_DAMAGED * pictures):
        raise Invalid(msg("文件损坏：有 %(count)s 处画面或声音解不出来。请重新导出后再上传。", count=count))


def check_whole(source: Source, folder: Path) -> None:
    """Verify the files: ffmpeg's HLS muxer reports success even when some are missing.

    Raises:
        StorageFull: files are missing because the disk has no space.
        ToolFailed: files are missing for another reason.
    """
    torn = [rung.name for rung in rules.plan(source) if not playlist.is_whole(folder / rung.name)]
    if torn and is_cramped(folder):
        raise StorageFull
    if torn:
        raise ToolFailed(0, f"not written to the end: {', '.join(torn)}")


def finish(source: Source, folder: Path) -> list[playlist.MeasuredRendition]:
    """Measure the renditions and write the master playlists, last of all: a set that has one is complete.

    Raises:
        Invalid: a rendition is not as long as the lecture.
    """
    rungs = rules.plan(source)
    with full_disk_reported():
        for rung in rungs:
            playlist.settle(folder / rung.name)
    measured = [playlist.measure(folder / rung.name, rung) for rung in rungs]
    length = round(float(rules.lecture_s(source)) * 1000)
    # A shorter rendition was not decoded to its end: the filters pad to the full length.
    if any(abs(m.duration_ms - length) > _SLACK_MS for m in measured):
        raise Invalid(
            msg(
                "文件不完整：应有 %(whole)s 秒，只能读到 %(part)s 秒。请重新导出后再上传。",
                whole=length // 1000,
                part=min(m.duration_ms for m in measured) // 1000,
            )
        )
    with full_disk_reported():
        playlist.write_masters(folder, measured)
    return measured


def raise_in_words(error: ToolFailed) -> None:
    """Raise the error that the trainer can act on; other failures are retried.

    Raises:
        Invalid: the file is the cause.
        StorageFull: the disk is.
        ToolFailed: the cause is unknown.
    """
    if "No space left on device" in error.log or "Disk quota exceeded" in error.log:
        raise StorageFull from error
    if error.timed_out:
        raise Invalid(msg("转码用时超过了上限，文件可能已损坏。请重新导出后再上传。")) from error
    if any(sign in error.log for sign in _FILE_AT_FAULT):
        raise Invalid(msg("文件中途损坏，无法转码。请重新导出后再上传。")) from error
    raise error


_FILE_AT_FAULT = (
    "Invalid data found when processing input",
    "Output file is empty",
    "Error while decoding",
    "Cannot determine format",
    "Decoder (codec",
    "does not contain any stream",
    "Unsupported codec",
)


_SLACK_MS = 1000


@dataclasses.dataclass(frozen=True)
class Pictures:
    """Result of the poster step."""

    poster: bool
    storyboard: bool


def make_pictures(settings: Settings, folder: Path, rungs: list[Rung], duration_ms: int) -> Pictures:
    """Poster and storyboard, from the renditions: they are ours, and have a key frame every six seconds."""
    shown = [r for r in rungs if r.height]
    if not shown:
        return Pictures(poster=False, storyboard=False)
    top, low = shown[-1], shown[0]
    every, count = storyboard_grid(duration_ms)
    height = max(2, round(THUMB_WIDTH * (low.height or 1) / (low.width or 1) / 2) * 2)
    still = f"scale='min({_POSTER_WIDTH},iw)':-2"
    # Half a second early, because a key frame may stand a little before its six seconds.
    picked = f"select='isnan(prev_selected_t)+gte(t-prev_selected_t,{every}-0.5)',scale={THUMB_WIDTH}:{height}"
    sheet = f"{picked},tile={min(SHEET, count)}x{-(-count // SHEET)}"
    with full_disk_reported():
        first = _piece(folder, top, min(duration_ms * 0.1, 30_000) / 1000)
        try:
            _draw(settings, folder, ["-f", "mov", "-i", f"file:{first}"], still, "poster.jpg", quality=3)
            keys = ["-skip_frame", "nokey", "-f", "hls", "-i", f"file:{folder / low.name / 'index.m3u8'}"]
            _draw(settings, folder, keys, sheet, "storyboard.jpg", quality=5)
        except ToolFailed as error:
            raise_in_words(error)
        finally:
            first.unlink()
        (folder / "storyboard.vtt").write_text(storyboard_vtt(duration_ms, height), encoding="utf-8")
    return Pictures(poster=(folder / "poster.jpg").exists(), storyboard=(folder / "storyboard.jpg").exists())


def _draw(settings: Settings, folder: Path, entry: list[str], filters: str, name: str, *, quality: int) -> None:
    arguments = [
        tools.ffmpeg_path(settings),
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        "-protocol_whitelist",
        "file",
        *entry,
    ]
    arguments += ["-an", "-vsync", "passthrough", "-vf", filters, "-frames:v", "1", "-q:v", str(quality)]
    arguments += ["-pix_fmt", "yuvj420p", "-f", "image2", "-update", "1", name]
    tools.run(arguments, folder=folder, limits=Limits(seconds=600, cpu_s=600, file_mib=64), sees=tools.needs(arguments))


def _piece(folder: Path, rung: Rung, at_s: float) -> Path:
    """One segment as a file of its own; its first picture is a key frame."""
    text = (folder / rung.name / "index.m3u8").read_text(encoding="utf-8")
    passed, chosen = 0.0, ""
    for seconds, name in playlist.segments(text):
        chosen = name
        passed += seconds
        if passed > at_s:
            break
    target = folder / "piece.mp4"
    target.write_bytes(b"".join((folder / rung.name / n).read_bytes() for n in (playlist.init_name(text), chosen)))
    return target


def storyboard_grid(duration_ms: int) -> tuple[int, int]:
    """Seconds between pictures, a multiple of the segment, and how many there are: a hundred at most."""
    every = rules.SEGMENT_S
    while duration_ms / 1000 / every > SHEET * SHEET:
        every += rules.SEGMENT_S
    return every, max(1, -(-duration_ms // (every * 1000)))


def storyboard_vtt(duration_ms: int, height: int) -> str:
    """The WebVTT track that maps seconds to parts of the storyboard."""
    every, count = storyboard_grid(duration_ms)
    lines = ["WEBVTT", ""]
    for n in range(count):
        start, end = n * every * 1000, min((n + 1) * every * 1000, duration_ms)
        x, y = n % SHEET * THUMB_WIDTH, n // SHEET * height
        lines += [f"{stamp(start)} --> {stamp(end)}", f"storyboard.jpg#xywh={x},{y},{THUMB_WIDTH},{height}", ""]
    return "\n".join(lines)


def embedded_captions(settings: Settings, source: Source, original: Path, folder: Path) -> bytes:
    """The text subtitles inside the original, as SRT by the file's own clock; empty where they cannot be read. Read
    from standard output, not from a file: on a full disk they would be lost without an error."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = [tools.ffmpeg_path(settings), "-nostdin", "-loglevel", "error", "-y", *reading_options(source.demuxer)]
    # Without this ffmpeg shifts all of them when one is before the first picture.
    arguments += ["-copyts", "-i", f"file:{original}", "-map", f"0:{source.subtitle}", "-c:s", "srt"]
    arguments += ["-avoid_negative_ts", "disabled", "-fs", str(MAX_CAPTIONS), "-f", "srt", "pipe:1"]
    try:
        bounds = Limits(seconds=900, cpu_s=600, file_mib=1)
        return tools.run(arguments, folder=folder, limits=bounds, sees=tools.needs(arguments, original)).encode()
    except ToolFailed:
        return b""
