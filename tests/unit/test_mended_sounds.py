"""Sounds that are laid out otherwise than ffmpeg expects, laid out again."""

import itertools
import random
from pathlib import Path

import pytest

from academy.media.probing import formats
from academy.media.probing.mended import FRAMES, JUNK, first_frame, frame_length, mended
from tests.conftest import make_settings
from tests.support.sounds import ODD, Chunk, Chunks, written

SOUND = random.Random(5).randbytes(4000)
FORMAT = b"\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
FORMS = (
    Chunks(b"RIFF\0\0\0\0WAVE", "little", [(b"fmt ", FORMAT), (b"data", SOUND)]),
    Chunks(b"RF64\xff\xff\xff\xffWAVE", "little", [(b"ds64", b"\0" * 28), (b"fmt ", FORMAT), (b"data", SOUND)]),
    Chunks(b"BW64\xff\xff\xff\xffWAVE", "little", [(b"ds64", b"\0" * 28), (b"fmt ", FORMAT), (b"data", SOUND)]),
    Chunks(b"FORM\0\0\0\0AIFF", "big", [(b"COMM", b"\0" * 18), (b"SSND", SOUND)]),
    Chunks(b"FORM\0\0\0\0AIFC", "big", [(b"FVER", b"\0" * 4), (b"COMM", b"\0" * 23), (b"SSND", SOUND)]),
)


def read(tmp_path: Path, data: bytes) -> bytes:
    """What ffmpeg is given."""
    path = tmp_path / "given"
    path.write_bytes(data)
    settings = make_settings(tmp_path)
    with mended(settings, path) as readable:
        found = readable.read_bytes()
        assert (readable == path) == (found == data), "a copy only where there is something to mend"
    assert path.read_bytes() == data, "the original stays"
    assert not list(settings.media_dir.rglob(".draft-*")), "and no copy is left"
    return found


def as_far_as_the_sound(form: Chunks, chunks: list[Chunk], *, padded: bool) -> bytes:
    """Without the size at the beginning, which nobody believes."""
    kinds = [kind for kind, _ in chunks]
    if form.order == "little":
        chunks = chunks[: kinds.index(b"data") + 1]
    return written(form, chunks, padded=padded)[8:]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.head[:4].decode() + form.head[8:].decode())
def test_a_chunk_of_odd_size_may_lack_its_byte_wherever_it_stands(form: Chunks, tmp_path: Path) -> None:
    for count in (1, 2):
        for odd in itertools.permutations(ODD, count):
            for place in range(len(form.chunks) + 1):
                chunks = [*form.chunks[:place], *odd, *form.chunks[place:]]
                wanted = as_far_as_the_sound(form, chunks, padded=True)
                for padded in (True, False):
                    found = read(tmp_path, written(form, chunks, padded=padded))
                    assert found[8 : 8 + len(wanted)].rstrip(b"\0") == wanted.rstrip(b"\0"), (odd, place, padded)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.head[:4].decode() + form.head[8:].decode())
def test_whole_files_cut_files_and_garbage_are_left_alone(form: Chunks, tmp_path: Path) -> None:
    whole = written(form, form.chunks, padded=True)
    assert read(tmp_path, whole) == whole
    for end in range(len(whole) - len(SOUND) + 20):
        assert read(tmp_path, whole[:end]) == whole[:end]
    draw = random.Random(7)
    for _ in range(200):
        garbage = whole[:12] + draw.randbytes(draw.randrange(300))
        assert len(read(tmp_path, garbage)) - len(garbage) in range(9), "at most its missing bytes are added"


HEADERS = [
    bytes((0xFF, 0xE0 | version << 3 | layer << 1 | 1, rate << 4 | frequency << 2 | padding << 1, 0x40))
    for version in (0, 2, 3) for layer in (1, 2, 3)
    for rate in (1, 5, 14) for frequency in range(3) for padding in (0, 1)
]  # fmt: skip


def row(header: bytes, count: int = FRAMES) -> bytes:
    return (header + b"\x55" * (frame_length(header) - 4)) * count


BEFORE = (
    b"", b"\r\n", b"HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\n\r\n", b"ICY 200 OK\r\nicy-br:128\r\n\r\n",
    "这是一段说明。\n".encode() * 3, "这是一段说明。\n".encode() * 30_000, "说明\r\n".encode("utf-16") * 500,
    b"<!DOCTYPE html><html>" + b"<p>\xff\xfb\x90\x64</p>" * 4000, b"\xff" * 5000, b"\xff\xfb\x90\x64" * 3000,
    random.Random(3).randbytes(300_000), b" " * 900_000, b"\0\x01" * 400,
)  # fmt: skip


def test_the_first_of_a_row_of_frames_is_found() -> None:
    for header in HEADERS:
        for before in (b"", b"text", b"\xff\xfb" * 9):
            assert first_frame(before + row(header)) == len(before), (header, before)
    for before in BEFORE:
        assert first_frame(before + row(HEADERS[-1], 12)) == len(before), before[:40]
    for junk in BEFORE:
        assert first_frame(junk) == -1, "what is no row of frames is none"
    assert first_frame(row(HEADERS[0], FRAMES - 1)) == -1


def test_what_was_written_before_an_mp3_is_left_out(tmp_path: Path) -> None:
    frames = row(HEADERS[-1], 12)
    for before in BEFORE:
        assert read(tmp_path, before + frames) == (
            frames if formats.sniff(before + frames) is None else before + frames
        )
    for named in (b"%PDF-1.7\n", b"PK\x03\x04", b"\x89PNG\r\n", b"MZ", b"<?xml ?>" + b" " * JUNK):
        data = named + frames
        assert read(tmp_path, data) == data, "another file that has an MP3 in it is that other file"
