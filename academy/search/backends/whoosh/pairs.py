"""Pairs of characters of one segment: three arrays in one block, memory-mapped.

Millions of pairs are too many for Whoosh's list of terms, most of them occur once. Here a pair is a number, a document
three bytes, and writing or merging them is sorting one array. Each page of the block has a checksum: those of the
directory (numbers, and where the documents of each begin) are verified when the block is opened, the others when first
read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

Array = Any
PAGE = 4096
KEPT = 10_000
STEP = 256
"""Every so many numbers one is kept together, so that a look-up touches few pages."""
_NUMBER, _DOC = np.uint64(32), np.uint64(0xFFFFFFFF)
_FOOTER = struct.Struct("<QQ")
MOST_DOCUMENTS = 1 << 24
"""A document is three bytes: 16 million windows."""


def packed(numbers: Array, doc: int) -> Array:
    """A document's pairs as gathered: number and document in one."""
    return numbers.astype(np.uint64) << _NUMBER | np.uint64(doc)


def block(gathered: Array) -> bytes:
    """Stored form of all gathered pairs."""
    gathered = np.sort(gathered)
    docs = (gathered & _DOC).astype(np.uint32)
    if len(docs) and int(docs.max()) >= MOST_DOCUMENTS:
        raise ValueError("a segment has more documents than three bytes count")
    every = (gathered >> _NUMBER).astype(np.uint32)
    starts = np.flatnonzero(np.diff(every, prepend=~every[:1])).astype(np.uint32)
    body = b"".join(
        (
            every[starts].astype("<u4").tobytes(),
            np.append(starts, np.uint32(len(every))).astype("<u4").tobytes(),
            (docs & 0xFFFF).astype("<u2").tobytes(),
            (docs >> 16).astype("u1").tobytes(),
        )
    )
    checks = np.array([zlib.crc32(body[at : at + PAGE]) for at in range(0, len(body), PAGE)], "<u4")
    return body + checks.tobytes() + _FOOTER.pack(len(starts), len(every))


class Pairs:
    """Reads a block.

    Raises:
        ValueError: (each method) damaged.
    """

    def __init__(self, stored: memoryview) -> None:
        if len(stored) < _FOOTER.size:
            raise ValueError("a block of pairs is cut short")
        self.count, self.postings = _FOOTER.unpack(stored[-_FOOTER.size :])
        self._starts = 4 * self.count
        self._low = self._starts + 4 * (self.count + 1)
        self._high = self._low + 2 * self.postings
        self._size = self._high + self.postings
        pages = -(-self._size // PAGE)
        whole = self._size + 4 * pages + _FOOTER.size
        if len(stored) < whole:
            raise ValueError("a block of pairs is cut short")
        stored = stored[-whole:]
        self._body = stored[: self._size]
        self._checks = np.frombuffer(stored[self._size : -_FOOTER.size], "<u4")
        self._good = bytearray(pages)
        self._ranges: dict[int, tuple[int, int]] = {}
        self._numbers = np.frombuffer(self._read(0, self._starts), "<u4")
        self._begins = np.frombuffer(self._read(self._starts, self._low), "<u4")
        self._top = self._numbers[::STEP].copy()

    def docs(self, number: int) -> Array:
        """Documents with the pair, ascending."""
        start, stop = self._range(number)
        return self._docs(start, stop)

    def frequency(self, number: int) -> int:
        """Number of documents with the pair."""
        start, stop = self._range(number)
        return stop - start

    def runs(self) -> Iterator[tuple[Array, Array]]:
        """All postings in stretches: pair and document."""
        wide = 1 << 16
        for first in range(0, self.count, wide):
            numbers = self._numbers[first : first + wide]
            begins = self._begins[first : first + len(numbers) + 1].astype(np.int64)
            yield np.repeat(numbers, np.diff(begins)), self._docs(int(begins[0]), int(begins[-1]))

    def _range(self, number: int) -> tuple[int, int]:
        """Called twice for most pairs: number of documents, then the documents."""
        known = self._ranges.get(number)
        if known is None:
            if len(self._ranges) >= KEPT:
                self._ranges.clear()
            known = self._ranges[number] = self._found(number)
        return known

    def _found(self, number: int) -> tuple[int, int]:
        sought = np.uint32(number)
        place = (int(self._top.searchsorted(sought, "right")) - 1) * STEP
        if place < 0:
            return 0, 0
        at = place + int(self._numbers[place : place + STEP].searchsorted(sought))
        if at == self.count or self._numbers[at] != sought:
            return 0, 0
        return int(self._begins[at]), int(self._begins[at + 1])

    def _docs(self, start: int, stop: int) -> Array:
        low = np.frombuffer(self._read(self._low + 2 * start, self._low + 2 * stop), "<u2")
        high = np.frombuffer(self._read(self._high + start, self._high + stop), "u1")
        return low.astype(np.uint32) | high.astype(np.uint32) << np.uint32(16)

    def _read(self, start: int, stop: int) -> memoryview:
        """A stretch of the block; its pages are verified when first read."""
        for page in range(start // PAGE, -(-stop // PAGE)):
            if not self._good[page]:
                if zlib.crc32(self._body[page * PAGE : (page + 1) * PAGE]) != self._checks[page]:
                    raise ValueError("a page of pairs is not what was written")
                self._good[page] = 1
        return self._body[start:stop]
