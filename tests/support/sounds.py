"""Sounds in chunks (WAV, RF64, AIFF), taken apart and put together again."""

from typing import Literal, NamedTuple

Chunk = tuple[bytes, bytes]
ODD: tuple[Chunk, ...] = (
    (b"LIST", b"INFOabc"),
    (b"bext", b"\0" * 601),
    (b"xtra", b"x"),
    (b"note", b"data\x04\0\0\0a"),
    (b"empt", b""),
)
"""Chunks of odd size; one looks as if the sound began in it."""


class Chunks(NamedTuple):
    """A file's first twelve bytes, its byte order, its chunks."""

    head: bytes
    order: Literal["little", "big"]
    chunks: list[Chunk]


def chunks_of(data: bytes) -> Chunks:
    """The chunks of a file that is as the format demands; without texts that ffmpeg adds."""
    found: list[Chunk] = []
    order: Literal["little", "big"] = "big" if data.startswith(b"FORM") else "little"
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], order)
        size = len(data) - at - 8 if size == 0xFFFFFFFF else size  # RF64 has the true size elsewhere
        if data[at : at + 4] not in {b"LIST", b"ID3 "}:
            found.append((data[at : at + 4], data[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    return Chunks(data[:12], order, found)


def written(like: Chunks, chunks: list[Chunk], *, padded: bool) -> bytes:
    """A file of these chunks; those of odd size with their byte or without."""
    body = b"".join(
        kind + len(data).to_bytes(4, like.order) + data + b"\0" * (padded and len(data) % 2) for kind, data in chunks
    )
    return like.head[:4] + (len(body) + 4).to_bytes(4, like.order) + like.head[8:] + body
