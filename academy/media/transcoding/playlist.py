"""Master playlists with measured figures."""

import dataclasses
import math
import re
from pathlib import Path

from academy.media.rules import Rung

_DURATION = re.compile(r"#EXTINF:([\d.]+),")
_TARGET = re.compile(r"#EXT-X-TARGETDURATION:\d+")
_INIT = re.compile(r'#EXT-X-MAP:URI="([^"/]+)"')


@dataclasses.dataclass(frozen=True)
class MeasuredRendition:
    """A rendition as encoded; bandwidths in bits a second."""

    rung: Rung
    codecs: str
    bandwidth: int
    average_bandwidth: int
    size: int
    duration_ms: int


def segments(text: str) -> list[tuple[float, str]]:
    """Seconds and file name of every segment of a media playlist."""
    found = []
    seconds = 0.0
    for line in text.splitlines():
        match = _DURATION.match(line)
        if match:
            seconds = float(match[1])
        elif line and not line.startswith("#"):
            found.append((seconds, line.strip()))
    return found


def init_name(text: str) -> str:
    """The initialisation segment of a media playlist."""
    match = _INIT.search(text)
    if match is None:
        raise ValueError("not a playlist of ours")
    return match[1]


def is_whole(folder: Path) -> bool:
    """Whether a rendition has its end and all its files, complete: ffmpeg's HLS muxer reports success when the disk
    fills up, and leaves behind whatever still fitted."""
    index = folder / "index.m3u8"
    text = index.read_text(encoding="utf-8") if index.exists() else ""
    if "#EXT-X-ENDLIST" not in text:
        return False
    written = {init_name(text): b"moov"} | {name: b"mdat" for _, name in segments(text)}
    return all(_is_complete(folder / name, needed) for name, needed in written.items())


def _is_complete(path: Path, needed: bytes) -> bool:
    """Whether a file's boxes add up to its length, and the required one is among them."""
    if not path.exists():
        return False
    size, at, kinds = path.stat().st_size, 0, set()
    with path.open("rb") as file:
        while at + 8 <= size:
            file.seek(at)
            head = file.read(16)
            length = int.from_bytes(head[:4], "big")
            # 1 announces a 64-bit size; less than a header is invalid.
            length = int.from_bytes(head[8:16], "big") if length == 1 else length
            kinds.add(head[4:8])
            at += max(8, length)
    return size == at and needed in kinds


def settle(folder: Path) -> None:
    """Correct the output of ffmpeg's HLS muxer in a finished rendition; idempotent.

    - Edit lists: some players read them and media sources do not. Without them all show the same second.
    - TARGETDURATION is rounded down for 2.5 s; no segment may be longer than it (RFC 8216, 4.3.3.1).
    """
    index = folder / "index.m3u8"
    text = index.read_text(encoding="utf-8")
    longest = max((seconds for seconds, _ in segments(text)), default=1.0)
    settled = _TARGET.sub(f"#EXT-X-TARGETDURATION:{max(1, math.ceil(longest - 1e-6))}", text)
    if settled != text:
        _replace(index, settled.encode())
    init = folder / init_name(text)
    data = init.read_bytes()
    plain = without_edits(data)
    if plain != data:
        _replace(init, plain)


def _replace(path: Path, data: bytes) -> None:
    draft = path.with_suffix(".draft")
    draft.write_bytes(data)
    draft.replace(path)


_FOLDERS = frozenset({b"moov", b"trak"})


def without_edits(data: bytes) -> bytes:
    """An initialisation segment whose edit lists are free space: of the same length, so no offset changes."""
    made = bytearray(data)
    open_boxes = [(0, len(data))]
    while open_boxes:
        at, end = open_boxes.pop()
        while at + 8 <= end:
            length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
            if length < 8:
                break
            if kind == b"edts":
                made[at + 4 : at + 8] = b"free"
            elif kind in _FOLDERS:
                open_boxes.append((at + 8, at + length))
            at += length
    return bytes(made)


def measure(folder: Path, rung: Rung) -> MeasuredRendition:
    """Measure a finished rendition: peak and mean bit rate of its segments, codecs of its first bytes."""
    text = (folder / "index.m3u8").read_text(encoding="utf-8")
    parts = segments(text)
    sizes = [(folder / name).stat().st_size for _, name in parts]
    total_s = sum(seconds for seconds, _ in parts)
    return MeasuredRendition(
        rung=rung,
        codecs=codecs((folder / init_name(text)).read_bytes()),
        bandwidth=int(max(peak(parts, sizes), 1)),
        average_bandwidth=int(max(sum(sizes) * 8 / max(total_s, 0.001), 1)),
        size=sum(sizes),
        duration_ms=round(total_s * 1000),
    )


def peak(parts: list[tuple[float, str]], sizes: list[int]) -> float:
    """The highest bit rate over any run of segments of half to one and a half target durations.

    That is RFC 8216's definition: a last segment of a tenth of a second alone is not representative.
    """
    target = max((seconds for seconds, _ in parts), default=0.0)
    best = 0.0
    for first in range(len(parts)):
        seconds, size = 0.0, 0
        for (length, _), weight in zip(parts[first:], sizes[first:], strict=True):
            seconds, size = seconds + length, size + weight
            if seconds > 1.5 * target:
                break
            if seconds >= 0.5 * target and seconds > 0:
                best = max(best, size * 8 / seconds)
    return best


def codecs(init: bytes) -> str:
    """The CODECS attribute, from the boxes of an initialisation segment."""
    found = []
    at = init.find(b"avcC")
    if at >= 0:
        found.append("avc1." + init[at + 5 : at + 8].hex())
    if init.find(b"mp4a") >= 0:
        found.append("mp4a.40.2")
    return ",".join(found)


def master(renditions: list[MeasuredRendition]) -> str:
    """A master playlist, smallest first: a player on an unknown line starts with what surely plays."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"]
    for item in sorted(renditions, key=lambda m: (m.rung.height or 0, m.bandwidth)):
        shape = f",RESOLUTION={item.rung.width}x{item.rung.height}" if item.rung.height else ""
        lines.append(
            f"#EXT-X-STREAM-INF:BANDWIDTH={item.bandwidth},AVERAGE-BANDWIDTH={item.average_bandwidth}"
            f'{shape},CODECS="{item.codecs}"'
        )
        lines.append(f"{item.rung.name}/index.m3u8")
    return "\n".join([*lines, ""])


def write_masters(folder: Path, renditions: list[MeasuredRendition]) -> None:
    """`master.m3u8` for the picture (or the audio, where there is nothing else), `audio.m3u8` for the audio alone."""
    pictures = [m for m in renditions if m.rung.height]
    sounds = [m for m in renditions if not m.rung.height]
    (folder / "master.m3u8").write_text(master(pictures or sounds), encoding="utf-8")
    if sounds:
        (folder / "audio.m3u8").write_text(master(sounds), encoding="utf-8")
