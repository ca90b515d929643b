"""Finds the stored postings of a term in Whoosh's hash table, which is read where it lies.

Whoosh's own look-up copies each part of the table that it reads; a query of several words looks up dozens of terms that
were not asked for before.
"""

from __future__ import annotations

import struct
from typing import Any

from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC

from academy.search.backends.interface import IndexBroken

KEPT = 20_000
"""Maximum of remembered terms, those that do not exist included."""
_SLOT, _LENGTHS = struct.Struct("!Iq"), struct.Struct("!ii")
"""Of the hash table: hash and position of an entry; lengths of its key and its value, which follow."""
_EXTENT = struct.Struct("!qi")
"""Position and length of a term's postings, the last fields of its value."""
_HEADER = len(WHOOSH3_HEADER_MAGIC) + 4
"""Header of a block: a mark, and the block's length."""


class Terms:
    """The terms of one segment."""

    def __init__(self, reader: Any) -> None:
        terms = reader._terms
        table = terms._tindex
        self._key, self._hash, self._directory = terms._keycoder, table.hashfn, table.tables
        self._entries: memoryview = table.dbfile.buffer
        self._postings: memoryview = terms._postfile.buffer
        self.file = memoryview(self._postings.obj)
        """All of the segment's file."""
        self._known: dict[tuple[str, str], memoryview | None] = {}

    def block(self, field: str, token: str) -> memoryview | None:
        """The term's block of postings without its header; None if there is no such term.

        Raises:
            IndexBroken: damaged; so are a `struct.error` and a pickle that cannot be read.
        """
        try:
            return self._known[field, token]
        except KeyError:
            pass
        if len(self._known) >= KEPT:
            self._known.clear()
        found = self._known[field, token] = self._block(field, self._key(field, token.encode("utf-8", "replace")))
        return found

    def _block(self, field: str, key: bytes) -> memoryview | None:
        end = self._end(key)
        if end is None:
            return None
        place, length = _EXTENT.unpack_from(self._entries, end - _EXTENT.size)
        stored = self._postings[place : place + length]
        if stored[: len(WHOOSH3_HEADER_MAGIC)] != WHOOSH3_HEADER_MAGIC:
            raise IndexBroken(f"{field}: no posting list where one should be")
        return stored[_HEADER:]

    def _end(self, key: bytes) -> int | None:
        """Where the entry of a key ends."""
        wanted = self._hash(key)
        start, slots = self._directory[wanted & 255]
        for number in range(slots):
            slot = start + ((wanted >> 8) + number) % slots * _SLOT.size
            found, entry = _SLOT.unpack_from(self._entries, slot)
            if not entry:
                return None
            if found == wanted:
                length, value = _LENGTHS.unpack_from(self._entries, entry)
                begin = entry + _LENGTHS.size
                if length == len(key) and self._entries[begin : begin + length] == key:
                    return int(begin + length + value)
        return None
