"""Reads fragmented MP4 as a browser's media source does: decode times and offsets, no edit lists."""

import dataclasses
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

from academy.media.transcoding import playlist

_FOLDERS = frozenset({b"moov", b"trak", b"mdia", b"moof", b"traf", b"mvex"})


@dataclasses.dataclass(frozen=True)
class Sample:
    """A picture or a packet of sound; seconds of media time."""

    decoded: Fraction
    shown: Fraction
    duration: Fraction
    segment: int


def boxes(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Every box of a file, folders before what is in them."""
    end = len(data) if end is None else end
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        if kind in _FOLDERS:
            yield from boxes(data, at + 8, at + size)
        at += size


def kinds(data: bytes) -> list[bytes]:
    """The kinds of all boxes of a file."""
    return [kind for kind, _ in boxes(data)]


def samples(folder: Path, handler: bytes) -> list[Sample]:
    """The samples of a rendition's pictures (`vide`) or sound (`soun`), in the order of decoding."""
    text = (folder / "index.m3u8").read_text(encoding="utf-8")
    track, scale = _track((folder / playlist.init_name(text)).read_bytes(), handler)
    found: list[Sample] = []
    for number, (_, name) in enumerate(playlist.segments(text)):
        found += _samples((folder / name).read_bytes(), track, scale, number)
    return found


def end(found: list[Sample]) -> Fraction:
    """Where the last sample ends, in seconds."""
    return max(s.shown + s.duration for s in found)


def _track(init: bytes, handler: bytes) -> tuple[int, int]:
    track = scale = 0
    for kind, body in boxes(init):
        if kind == b"tkhd":
            track = int.from_bytes(body[20:24] if body[0] else body[12:16], "big")
        elif kind == b"mdhd":
            scale = int.from_bytes(body[20:24] if body[0] else body[12:16], "big")
        elif kind == b"hdlr" and body[8:12] == handler:
            return track, scale
    raise AssertionError(f"no track of {handler!r}")


def _samples(data: bytes, wanted: int, scale: int, segment: int) -> list[Sample]:
    found: list[Sample] = []
    track = default = time = 0
    for kind, body in boxes(data):
        flags = int.from_bytes(body[1:4], "big") if len(body) >= 4 else 0
        if kind == b"tfhd":
            track = int.from_bytes(body[4:8], "big")
            at = 8 + (8 if flags & 1 else 0) + (4 if flags & 2 else 0)
            default = int.from_bytes(body[at : at + 4], "big") if flags & 8 else 0
        elif kind == b"tfdt":
            time = int.from_bytes(body[4:12] if body[0] else body[4:8], "big")
        elif kind == b"trun" and track == wanted:
            for length, offset in _run(body, flags, default):
                decoded, shown, duration = (Fraction(v, scale) for v in (time, time + offset, length))
                found.append(Sample(decoded, shown, duration, segment))
                time += length
    return found


def _run(body: bytes, flags: int, default: int) -> Iterator[tuple[int, int]]:
    at = 8 + (4 if flags & 1 else 0) + (4 if flags & 4 else 0)
    for _ in range(int.from_bytes(body[4:8], "big")):
        length, offset = default, 0
        for bit in (0x100, 0x200, 0x400, 0x800):
            if flags & bit:
                value = struct.unpack_from(">i", body, at)[0]
                length, offset = (value, offset) if bit == 0x100 else (length, value if bit == 0x800 else offset)
                at += 4
        yield length, offset
