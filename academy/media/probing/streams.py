"""Which files are accepted, and which of their streams are used: pure decisions on the probe's output."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.media.captions import languages
from academy.media.probing import formats
from academy.media.probing.packets import Track
from academy.media.rules import UNEVEN_FPS, Source

MAX_PIXELS = 4096 * 2304
MAX_SIDE = 8192
MAX_STREAMS = 32
MAX_DURATION_MS = 12 * 3600 * 1000
MIN_DURATION_MS = 500
MAX_DEPTH = 12


@dataclasses.dataclass(frozen=True)
class Streams:
    """Which streams of a file become the lecture, from ffprobe's output."""

    picture: dict[str, Any] | None
    sound: dict[str, Any] | None
    subtitle: int | None

    @property
    def indexes(self) -> list[int]:
        """Indexes of the picture and sound streams, as far as there are any."""
        return [stream["index"] for stream in (self.picture, self.sound) if stream]


def choose(kind: str, found: dict[str, Any]) -> Streams:
    """Choose the streams of a lecture of that kind.

    Raises:
        Invalid: a stream is missing, protected or too large; the message says which.
    """
    streams = found.get("streams", [])
    if len(streams) > MAX_STREAMS:
        raise Invalid(
            msg("文件里有 %(count)s 条音视频轨道，超过了 %(most)s 条。", count=len(streams), most=MAX_STREAMS)
        )
    pictures = [s for s in streams if s.get("codec_type") == "video" and not _is_cover(s)]
    sounds = [s for s in streams if s.get("codec_type") == "audio" and s.get("sample_rate", "0") != "0"]
    if kind == "video" and not pictures:
        if sounds:
            raise Invalid(msg("这个文件只有声音，没有画面。请作为音频课上传。"))
        raise Invalid(msg("文件里没有可以播放的画面。"))
    if kind == "audio" and not sounds:
        raise Invalid(msg("文件里没有声音。"))
    picture = pictures[0] if kind == "video" else None
    sound = _best_sound(sounds)
    for stream in (picture, sound):
        if stream is not None and stream.get("codec_name", "unknown") in {"unknown", "none"}:
            raise Invalid(formats.codec_sentence("", str(stream.get("codec_tag_string", ""))))
    if picture is not None:
        _shown_size(picture)
    return Streams(picture, sound, _best_subtitle(streams) if kind == "video" else None)


_PRIMING_S = 0.05
"""Audio begins up to this much before the picture because of its codec's priming samples."""
_ROUNDING_S = 0.002


def _before_grid(shown: Track, start: float) -> float:
    """Seconds to cut at the beginning, so that a picture that comes after the sound falls on a whole number of
    pictures, and keeps its offset to the sound."""
    step = 1 / shown.rate if shown.rate else math.inf
    early = math.fmod(shown.start - start, step)
    return early if 0 < early < min(_PRIMING_S, step - _ROUNDING_S) else 0.0


def judge(demuxer: str, found: dict[str, Any], chosen: Streams, tracks: Mapping[int, Track | None]) -> Source:
    """The encoder's input data, from ffprobe's output and the measured packets.

    Raises:
        Invalid: the file cannot become a lecture; the message says why.
    """
    picture, sound = chosen.picture, chosen.sound
    shown = tracks.get(picture["index"]) if picture else None
    audio_track = tracks.get(sound["index"]) if sound else None
    present = [track for track in (shown, audio_track) if track is not None]
    if (picture and shown is None) or not present:
        raise Invalid(msg("读不出时长，或者短于半秒，文件可能不完整。"))
    start = min(track.start for track in present)
    # Audio that decodes from slightly before zero begins at zero.
    start = max(start, 0.0) if start > -1 else start
    if shown is not None:
        start += _before_grid(shown, start)
    duration = round((max(track.end for track in present) - start) * 1000)
    _check_length(demuxer, found, chosen, tracks, duration)
    width, height = _shown_size(picture) if picture else (0, 0)
    return Source(
        demuxer=demuxer,
        duration_ms=duration,
        video=picture["index"] if picture else None,
        audio=sound["index"] if sound and audio_track else None,
        subtitle=chosen.subtitle,
        width=width,
        height=height,
        fps=_fps(picture, shown) if picture and shown else 0.0,
        interlaced=bool(picture) and picture.get("field_order") in {"tt", "bb", "tb", "bt"} if picture else False,
        start_s=round(start, 6),
        last_picture_s=round(shown.last - start, 6) if shown else None,
    )


def _check_length(
    demuxer: str, found: dict[str, Any], chosen: Streams, tracks: Mapping[int, Track | None], duration: int
) -> None:
    if duration < MIN_DURATION_MS:
        raise Invalid(msg("读不出时长，或者短于半秒，文件可能不完整。"))
    if duration > MAX_DURATION_MS:
        raise Invalid(
            msg(
                "时长 %(hours)s 小时，超过了 %(most)s 小时的上限。",
                hours=round(duration / 3_600_000, 1),
                most=MAX_DURATION_MS // 3_600_000,
            )
        )
    present = [track for track in tracks.values() if track is not None]
    from_s = _seconds(found.get("format", {}).get("start_time"))
    ends = [(promised_s(demuxer, found), max(t.end for t in present), min(t.start for t in present))]
    if demuxer == "mov":
        # Its tracks have durations of their own; elsewhere they are the file's.
        pairs = [(s, tracks.get(s["index"])) for s in (chosen.picture, chosen.sound) if s is not None]
        ends = [(promised_s(demuxer, found, stream), track.end, track.start) for stream, track in pairs if track]
    for whole, end, start in ends:
        # Some durations count from the first packet and some from zero.
        if max(end + from_s, end - start) < 0.9 * whole - 1:
            raise Invalid(
                msg(
                    "文件不完整：应有 %(whole)s 秒，只能读到 %(part)s 秒。请重新导出后再上传。",
                    whole=int(whole),
                    part=int(end - start),
                )
            )


_PROMISING = frozenset({"mov", "matroska", "avi", "flv", "asf", "flac", "ogg", "wav"})
"""Containers whose duration is written by their creator; for others ffmpeg estimates."""
_UNKNOWN_TICKS = frozenset({2**32 - 1, 2**31 - 1, 2**63 - 1, 2**64 - 1})
_LEAST_BITS_S = 100
"""A duration below this many bytes a second is not credible."""


def promised_s(demuxer: str, found: dict[str, Any], stream: dict[str, Any] | None = None) -> float:
    """Duration in seconds from the header of a file or stream; 0 where it is missing or not credible."""
    if demuxer not in _PROMISING and not (demuxer == "mp3" and found.get("has_length")):
        return 0.0
    if any(one.get("duration_ts") in _UNKNOWN_TICKS for one in found.get("streams", [])):
        return 0.0
    whole = found.get("format", {})
    values = [_seconds(one.get("duration")) for one in (whole, stream) if one is not None]
    least = min(values) if all(values) else 0.0
    size = _seconds(whole.get("size"))
    return 0.0 if size and least and size * 8 / least < _LEAST_BITS_S else least


def start_by_file_ms(source: Source, found: Mapping[str, Any]) -> int:
    """Start of the lecture in the file's own clock, in milliseconds: that of its chapters and captions. All else is
    counted from the file's first packet, as the encoder does."""
    try:
        first = float(found.get("format", {}).get("start_time", 0))
    except (TypeError, ValueError):
        first = 0.0
    return round((source.start_s + first) * 1000) if math.isfinite(first) else round(source.start_s * 1000)


def _seconds(text: object) -> float:
    try:
        value = float(str(text))
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


_TEXT_SUBTITLES = frozenset({"subrip", "ass", "ssa", "mov_text", "webvtt", "text"})


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _best_sound(sounds: list[dict[str, Any]]) -> dict[str, Any] | None:
    first = sounds[0] if sounds else None
    return next((s for s in sounds if s.get("disposition", {}).get("default")), first)


def _best_subtitle(streams: list[dict[str, Any]]) -> int | None:
    """The text track to import: Chinese, best simplified, else the default, else the first."""
    tracks = [s for s in streams if s.get("codec_name") in _TEXT_SUBTITLES]
    return min(tracks, key=_subtitle_order)["index"] if tracks else None


def _subtitle_order(stream: dict[str, Any]) -> tuple[bool, bool, bool, bool, int]:
    tags = {str(key).lower(): str(value)[:200] for key, value in (stream.get("tags") or {}).items()}
    names = tags.get("language", ""), tags.get("title", "")
    flags = stream.get("disposition", {})
    return (
        not languages.is_chinese(*names),
        # Only foreign-language passages.
        bool(flags.get("forced")),
        languages.is_traditional(*names),
        not flags.get("default"),
        stream["index"],
    )


def _shown_size(stream: dict[str, Any]) -> tuple[int, int]:
    """Displayed size: after rotation and with square pixels."""
    width, height = int(stream.get("width") or 0), int(stream.get("height") or 0)
    if width < 16 or height < 16:
        raise Invalid(msg("画面太小，无法播放。"))
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise Invalid(
            msg("画面尺寸 %(width)s×%(height)s 超过了上限（4K），请降低分辨率后再上传。", width=width, height=height)
        )
    depth = _depth(stream)
    if depth > MAX_DEPTH:
        raise Invalid(msg("画面的色深是 %(depth)s 位，超过了 %(most)s 位。", depth=depth, most=MAX_DEPTH))
    num, _, den = str(stream.get("sample_aspect_ratio", "1:1")).partition(":")
    if num.isdigit() and den.isdigit() and int(num) and int(den):
        ratio = int(num) / int(den)
        width = round(width * ratio) if 0.2 < ratio < 5 else width
    turns = [abs(int(float(d.get("rotation", 0)))) for d in stream.get("side_data_list", []) if "rotation" in d]
    return (height, width) if turns and turns[0] % 180 == 90 else (width, height)


def _depth(stream: dict[str, Any]) -> int:
    raw = str(stream.get("bits_per_raw_sample") or "")
    if raw.isdigit() and int(raw):
        return int(raw)
    layout = str(stream.get("pix_fmt") or "")
    return next((bits for bits in (16, 14, 12, 10, 9) if f"p{bits}" in layout), 16 if "64" in layout else 8)


def _fps(stream: dict[str, Any], track: Track) -> float:
    """Frame rate as measured; from the header where a single picture leaves nothing to measure."""
    if track.rate:
        return track.rate
    return UNEVEN_FPS if track.count == 1 else _ratio(stream.get("avg_frame_rate")) or UNEVEN_FPS


def _ratio(text: object) -> float:
    num, _, den = str(text or "").partition("/")
    return int(num) / int(den) if num.isdigit() and den.isdigit() and int(den) else 0.0
