"""What a file may be, and what is made of it: pure decisions on what the probe said."""

import dataclasses
import math
from typing import Any

from academy.core.errors import Invalid
from academy.core.i18n import msg

# Demuxers by what the first bytes say. Never hls, concat, image sequences, playlists or text:
# those name other files, and ffmpeg would read them.
DEMUXERS = ("mov", "matroska", "mpegts", "mpeg", "avi", "flv", "asf", "mp3", "wav", "aac", "flac", "ogg", "amr")
MAX_PIXELS = 4096 * 2304
MAX_SIDE = 8192
MAX_STREAMS = 32
MAX_DURATION_MS = 12 * 3600 * 1000
MIN_DURATION_MS = 500
MAX_DEPTH = 12
SEGMENT_S = 6
MAX_FPS = 30

TITLES = {
    "hash": msg("核对文件"),
    "probe": msg("检查内容"),
    "encode": msg("转码"),
    "join": msg("合成"),
    "poster": msg("截取封面"),
    "captions": msg("读取字幕"),
    "pages": msg("生成页面"),
    "publish": msg("上架文件"),
}
STEPS = {
    "video": ("hash", "probe", "encode", "join", "poster", "captions", "publish"),
    "audio": ("hash", "probe", "encode", "join", "publish"),
    "document": ("hash", "probe", "pages", "publish"),
    "image": ("hash", "probe", "publish"),
}
KINDS = tuple(STEPS)


@dataclasses.dataclass(frozen=True)
class Rung:
    """One rendition to make. Without a height it is the audio-only one."""

    name: str
    width: int | None
    height: int | None
    crf: int = 0
    maxrate_k: int = 0
    audio_k: int = 64


@dataclasses.dataclass(frozen=True)
class Source:
    """What the encoder needs to know of the original."""

    demuxer: str
    duration_ms: int
    video: int | None
    """Index of the stream to encode; likewise `audio`, and `subtitle` for the captions inside."""
    audio: int | None
    subtitle: int | None
    width: int = 0
    height: int = 0
    fps: float = 0.0
    interlaced: bool = False
    part_s: int = 240
    """Seconds of a part; a film of two or more is encoded in parts. Kept here: it must not change under way."""

    def to_json(self) -> dict[str, Any]:
        """For the asset's row."""
        return dataclasses.asdict(self)


def sniff(head: bytes) -> str | None:
    """Which container the first bytes are of; None for anything else, whatever the file is called."""
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "mov"
    starts = {
        b"\x1aE\xdf\xa3": "matroska",
        b"FLV": "flv",
        b"OggS": "ogg",
        b"fLaC": "flac",
        b"ID3": "mp3",
        b"#!AMR": "amr",
        b"\x00\x00\x01\xba": "mpeg",
        b"\x30\x26\xb2\x75\x8e\x66\xcf\x11": "asf",
    }
    for start, name in starts.items():
        if head.startswith(start):
            return name
    if head[:4] == b"RIFF":
        return {b"AVI ": "avi", b"WAVE": "wav"}.get(head[8:12])
    if len(head) > 376 and (head[0] == head[188] == head[376] == 0x47 or head[4] == head[196] == 0x47):
        return "mpegts"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 0x06:
        return "mp3"
    return None


def judge(kind: str, demuxer: str, found: dict[str, Any]) -> Source:
    """Accept or refuse what ffprobe found.

    Raises:
        Invalid: the file cannot become a lecture; the sentence says why.
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
    duration = _duration_ms(found)
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
    picture = pictures[0] if kind == "video" else None
    width, height = _shown_size(picture) if picture else (0, 0)
    subtitle = next((s["index"] for s in streams if s.get("codec_name") in _TEXT_SUBTITLES), None)
    return Source(
        demuxer=demuxer,
        duration_ms=duration,
        video=picture["index"] if picture else None,
        audio=_best_sound(sounds),
        subtitle=subtitle if kind == "video" else None,
        width=width,
        height=height,
        fps=_fps(picture) if picture else 0.0,
        interlaced=bool(picture) and picture.get("field_order") in {"tt", "bb", "tb", "bt"} if picture else False,
    )


_TEXT_SUBTITLES = frozenset({"subrip", "ass", "ssa", "mov_text", "webvtt", "text"})


def _is_cover(stream: dict[str, Any]) -> bool:
    return bool(stream.get("disposition", {}).get("attached_pic"))


def _best_sound(sounds: list[dict[str, Any]]) -> int | None:
    chosen = next((s for s in sounds if s.get("disposition", {}).get("default")), sounds[0] if sounds else None)
    return chosen["index"] if chosen else None


def _duration_ms(found: dict[str, Any]) -> int:
    texts = [found.get("format", {}).get("duration")] + [s.get("duration") for s in found.get("streams", [])]
    values = []
    for text in texts:
        try:
            value = float(text)
        except (TypeError, ValueError):
            continue
        if math.isfinite(value) and value > 0:
            values.append(value)
    return round(values[0] * 1000) if values else 0


def _shown_size(stream: dict[str, Any]) -> tuple[int, int]:
    """Size as people see it: after rotation and with square pixels."""
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


def _fps(stream: dict[str, Any]) -> float:
    mean, base = (_ratio(stream.get(name)) for name in ("avg_frame_rate", "r_frame_rate"))
    # A phone's pauses lower the mean, so the base rate is what it shows; a base far above is a clock's tick.
    return base if mean and base and base < 1.5 * mean else mean or base or 25.0


def _ratio(text: object) -> float:
    num, _, den = str(text or "").partition("/")
    return int(num) / int(den) if num.isdigit() and den.isdigit() and int(den) else 0.0


_LADDER = (
    Rung("240p", None, 240, crf=27, maxrate_k=320, audio_k=48),
    Rung("360p", None, 360, crf=26, maxrate_k=650, audio_k=64),
    Rung("720p", None, 720, crf=25, maxrate_k=1800, audio_k=96),
)


def plan(source: Source) -> list[Rung]:
    """The renditions of a source: never larger than it is, its shape kept, sides even.

    A phone held upright is measured by its width, so that its picture is as sharp as a lying one.
    """
    rungs: list[Rung] = []
    if source.video is not None:
        short = min(source.width, source.height)
        chosen = [r for r in _LADDER if (r.height or 0) <= short]
        top = chosen[-1].height if chosen else 0
        if short < 720 and short > 1.2 * (top or 0):
            near = next(r for r in _LADDER if (r.height or 0) > short)
            chosen.append(dataclasses.replace(near, name=f"{_even(short)}p", height=short))
        rungs = [_sized(rung, source) for rung in chosen]
    if source.audio is not None:
        rungs.append(Rung("audio", None, None, audio_k=64))
    return rungs


def _sized(rung: Rung, source: Source) -> Rung:
    scale = (rung.height or 0) / min(source.width, source.height)
    return dataclasses.replace(rung, width=_even(source.width * scale), height=_even(source.height * scale))


def _even(value: float) -> int:
    return max(2, int(value + 0.5) // 2 * 2)
