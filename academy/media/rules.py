"""What is made of a file: steps, renditions, frame rates; pure functions."""

import dataclasses
import math
from fractions import Fraction
from typing import Any

from academy.core.i18n import msg

SEGMENT_S = 6
UNEVEN_FPS = 5.0
"""Minimum for a variable frame rate: a recorder that writes on change only has steps of minutes."""
MAX_FPS = 30
MIN_FPS = 1

STEP_TITLES = {
    "hash": msg("核对文件"),
    "probe": msg("检查内容"),
    "encode": msg("转码"),
    "join": msg("合成"),
    "poster": msg("截取封面"),
    "captions": msg("读取字幕"),
    "pages": msg("生成页面"),
    "publish": msg("上架文件"),
}
STEPS_BY_KIND = {
    "video": ("hash", "probe", "encode", "join", "poster", "captions", "publish"),
    "audio": ("hash", "probe", "encode", "join", "publish"),
    "document": ("hash", "probe", "pages", "publish"),
    "image": ("hash", "probe", "publish"),
}
ASSET_KINDS = tuple(STEPS_BY_KIND)


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
    """Properties of the original needed by the encoder."""

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
    start_s: float = 0.0
    """Start of the lecture in the file's clock: the first picture or sound, whichever is earlier."""
    last_picture_s: float | None = None
    """Start of the last picture, in seconds of the lecture; it is shown to the end."""
    colours: str = ""
    """``pq``, ``hlg`` or ``wide`` where colours are converted to BT.709 (`tonemap`)."""
    part_s: int = 240
    """Seconds of a part; a film of two or more is encoded in parts. Stored: it must not change during processing."""

    def to_json(self) -> dict[str, Any]:
        """For the asset's row."""
        return dataclasses.asdict(self)


def rate_of(source: Source) -> Fraction:
    """Frame rate of the renditions: the source's, or an integer fraction of it above `MAX_FPS`."""
    rate = Fraction(source.fps or UNEVEN_FPS).limit_denominator(1001)
    if rate > MAX_FPS:
        # Every second (third, ...) picture: irregular dropping would jerk.
        rate /= math.ceil(rate / MAX_FPS - Fraction(1, 1000))
    elif rate < MIN_FPS:
        rate *= math.ceil(MIN_FPS / rate)
    return min(rate, Fraction(MAX_FPS))


def lecture_s(source: Source) -> Fraction:
    """Duration of every rendition in seconds: to the end of picture and sound, in whole pictures."""
    length = Fraction(source.duration_ms, 1000)
    if source.video is None:
        return length
    rate = rate_of(source)
    # The last audio packet is often a little longer than the recording.
    return max(1, math.ceil(length * rate - min(Fraction(1, 2), rate / 40))) / rate


_LADDER = (
    Rung("240p", None, 240, crf=27, maxrate_k=320, audio_k=48),
    Rung("360p", None, 360, crf=26, maxrate_k=650, audio_k=64),
    Rung("720p", None, 720, crf=25, maxrate_k=1800, audio_k=96),
)


def plan(source: Source) -> list[Rung]:
    """The renditions of a source: never larger than it is, aspect ratio kept, even sides.

    A portrait picture is measured by its width, so that it is as sharp as a landscape one.
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
