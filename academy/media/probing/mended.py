"""Sounds that every player takes and ffmpeg does not: the same bytes, laid out as the format demands.

WAV and AIFF consist of chunks, and one of odd size is followed by a byte that its size does not count. Many programs
leave it out; then whatever follows is a byte away from where it is looked for. An MP3 is a row of frames and has no
beginning of its own: what a web server or a radio station sent before it may be longer than ffmpeg searches.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from academy.core.disk import require_space
from academy.core.settings import Settings
from academy.media.probing import formats
from academy.media.storage.file_storage import fetched_folder

JUNK = 1 << 20
"""Bytes that are searched for the first frame of an MP3."""
FRAMES = 8
"""So many frames in a row are no coincidence."""
MOST_CHUNKS = 4096
PIECE = 1 << 20
Order = Literal["little", "big"]
_ID = re.compile(rb"[A-Za-z0-9 _()\xa9.-]{4}")
_FRAME = re.compile(rb"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][\x10-\xef][\x00-\xff]", re.DOTALL)
_KNOWN = frozenset(
    b"fmt |data|fact|LIST|JUNK|junk|bext|cue |smpl|inst|iXML|axml|chna|ds64|PEAK|PAD |FLLR|id3 |ID3 |DISP|plst|labl"
    b"|_PMX|COMM|SSND|MARK|INST|COMT|NAME|AUTH|(c) |ANNO|AESD|APPL|FVER|CHAN|MIDI".split(b"|")
)


class Gap(NamedTuple):
    """Where the file is not as it should be: bytes to leave out before `at`, or a byte to put in there."""

    at: int
    leave_out: bool


@contextlib.contextmanager
def mended(settings: Settings, path: Path) -> Iterator[Path]:
    """The file itself, or for the time of the block a copy that ffmpeg can read.

    Raises:
        StorageFull: no space for the copy.
    """
    with path.open("rb") as file:
        gaps = _gaps(file)
    if not gaps:
        yield path
        return
    folder = fetched_folder(settings)
    folder.mkdir(parents=True, exist_ok=True)
    require_space(folder, path.stat().st_size)
    # By this name the copy of a killed worker is found and removed.
    number, name = tempfile.mkstemp(prefix=".draft-", dir=folder)
    copy = Path(name)
    try:
        with os.fdopen(number, "wb") as out, path.open("rb") as file:
            _copy(file, out, gaps)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _copy(file: BinaryIO, out: BinaryIO, gaps: list[Gap]) -> None:
    for gap in gaps:
        if gap.leave_out:
            file.seek(gap.at)
        else:
            out.write(file.read(gap.at - file.tell()))
            out.write(b"\0")
    shutil.copyfileobj(file, out, PIECE)


def _gaps(file: BinaryIO) -> list[Gap]:
    head = file.read(formats.HEAD)
    if formats.sniff(head) in {"wav", "aiff"}:
        return list(_unpadded(file, "big" if head.startswith(b"FORM") else "little"))
    if formats.sniff(head) is None and formats.name_of(head) is None:
        file.seek(0)
        first = first_frame(file.read(JUNK))
        return [Gap(first, True)] if first > 0 else []
    return []


def _unpadded(file: BinaryIO, order: Order) -> Iterator[Gap]:
    """The ends of chunks that lack their byte, as far as the sound."""
    end = file.seek(0, os.SEEK_END)
    at = 12
    for _ in range(MOST_CHUNKS):
        file.seek(at)
        head = file.read(8)
        if len(head) < 8 or (head[:4] == b"data" and order == "little"):
            return
        size = int.from_bytes(head[4:], order)
        at += 8 + size
        if at >= end:
            return
        if size % 2:
            file.seek(at)
            here = file.read(9)
            if _begins(here[:8], order, end - at) > _begins(here[1:], order, end - at - 1):
                yield Gap(at, False)
            else:
                at += 1


def _begins(head: bytes, order: Order, left: int) -> int:
    """How much these bytes look like the beginning of a chunk."""
    if len(head) < 8 or not _ID.fullmatch(head[:4]):
        return 0
    size = int.from_bytes(head[4:], order)
    # The sound of a recording that was not ended, or of more than 4 GB, has any size.
    fits = size <= left or head[:4] == b"data"
    return 1 + fits + 2 * (head[:4] in _KNOWN)


def first_frame(data: bytes) -> int:
    """Where the first of a row of MPEG audio frames begins; -1 where there is none."""
    for found in _FRAME.finditer(data):
        if _is_row(data, found.start()):
            return found.start()
    return -1


def _is_row(data: bytes, at: int) -> bool:
    kind = data[at + 1], data[at + 2] & 0x0C
    for _ in range(FRAMES):
        length = frame_length(data[at : at + 4])
        if not length or (data[at + 1], data[at + 2] & 0x0C) != kind:
            return False
        at += length
    return True


_RATES = (44100, 48000, 32000)
_KBPS = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates by version and layer (ISO 11172-3, 13818-3)."""


def frame_length(header: bytes) -> int:
    """Bytes of the MPEG audio frame that this header begins; 0 for anything else."""
    if len(header) < 4 or not _FRAME.fullmatch(header) or header[2] >> 2 & 3 == 3:
        return 0
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    if version == 1 or layer == 4:
        return 0
    first = version == 3
    rate = _RATES[header[2] >> 2 & 3] >> (0 if first else 1 if version == 2 else 2)
    bits = 1000 * _KBPS[1 if first else 2, layer][(header[2] >> 4) - 1]
    padding = header[2] >> 1 & 1
    if layer == 1:
        return (12 * bits // rate + padding) * 4
    return (144 if first or layer == 2 else 72) * bits // rate + padding
