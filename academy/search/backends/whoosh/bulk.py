"""Bulk writing: Whoosh's file format, written by our own code.

Whoosh sorts posting by posting on disk and looks up a length for each; here postings are gathered in memory as one
number each, sorted at the end and written as one block a term: many times as fast. A block holds arrays of the
narrowest possible type, so that it is read without a loop; Whoosh's own readers understand it too. A checksum detects a
damaged block.
"""

from __future__ import annotations

import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from pickle import dumps
from typing import Any

import numpy as np
from whoosh.codec.whoosh3 import WHOOSH3_HEADER_MAGIC, W3Codec, W3FieldWriter, W3PostingsWriter

from academy.search.backends.whoosh.fields import PAIRS, SOUNDS
from academy.search.backends.whoosh.pairs import block, packed
from academy.search.pinyin import sound

HIGHEST = 255
"""Occurrences in one window are counted up to this."""
WHOLE = 1 << 30
"""Postings in a block: all of a term's."""
LOOSE = 8
"""So few numbers are shorter one by one."""
_TERM, _DOC = np.uint64(40), np.uint64(8)
ONE = b"-"
"""The one term of the pairs' field: its block holds all of them."""
_ONCE = np.ones(1 << 16, np.float32)
_ONCE.setflags(write=False)
"""Frequencies of a term that occurs once wherever it does."""
_DOCS, _TIMES = np.uint64((1 << 40) - 1), np.uint64(0xFF)

Docs = "np.ndarray[Any, np.dtype[np.uint32]]"
Times = "np.ndarray[Any, np.dtype[np.uint8]]"
Lists = tuple[Any, Any] | bytes


class Gathered:
    """Replaces Whoosh's sorting pool: a posting is a term's number, a document, a frequency."""

    def __init__(self) -> None:
        self._known: dict[str, dict[bytes, int]] = {}
        self._packed: dict[str, list[Any]] = {}
        self._loose: dict[str, array[int]] = {}
        self._pairs: list[Any] = []

    def add_tokens(self, field: str, doc: int, tokens: Iterable[str]) -> None:
        """A document's tokens, with repetitions."""
        known = self._known.setdefault(field, {})
        loose = self._loose.setdefault(field, array("Q"))
        at = doc << 8
        for token, times in Counter(tokens).items():
            number = known.setdefault(token.encode("utf-8", "replace"), len(known))
            loose.append(number << 40 | at | (times if times < HIGHEST else HIGHEST))

    def add_pairs(self, doc: int, numbers: Any) -> None:
        """A document's pairs of characters, each once."""
        self._pairs.append(packed(numbers, doc))

    def add_run(self, numbers: Any, docs: Any) -> None:
        """Pairs and the document of each, from another index."""
        self._pairs.append(packed(numbers, 0) | docs.astype(np.uint64))

    def add(self, item: tuple[str, bytes, int, float, bytes]) -> None:
        """Whoosh's interface: one posting."""
        field, token, doc, times, _ = item
        self.add_lists(field, token, np.array([doc]), np.array([min(HIGHEST, int(times))]))

    def add_lists(self, field: str, token: bytes, docs: Any, times: Any) -> None:
        """A term's documents, from another index."""
        known = self._known.setdefault(field, {})
        number = known.setdefault(token, len(known))
        self._packed.setdefault(field, []).append(
            np.uint64(number << 40) | docs.astype(np.uint64) << _DOC | times.astype(np.uint64)
        )

    def iter_postings(self) -> Gathered:
        return self

    def terms(self) -> Iterator[tuple[str, bytes, Lists]]:
        """Every term with its documents, in the order of the file; a field is released once yielded."""
        self._add_sounds()
        for field in sorted({*self._packed, *self._loose, *([PAIRS] if self._pairs else [])}):
            if field == PAIRS:
                pairs, self._pairs = self._pairs, []
                yield field, ONE, block(np.concatenate(pairs))
                continue
            loose = self._loose.pop(field, array("Q"))
            every = np.concatenate([*self._packed.pop(field, []), np.frombuffer(loose, np.uint64)])
            known = list(self._known.pop(field, {}))
            del loose
            if not every.size:  # no pronunciations: digits and symbols only
                continue
            order = sorted(range(len(known)), key=known.__getitem__)
            known = [known[number] for number in order]
            rank = np.empty(len(order), np.uint64)
            rank[order] = np.arange(len(order), dtype=np.uint64)
            every = rank[every >> _TERM] << _TERM | every & _DOCS
            every.sort()
            numbers = (every >> _TERM).astype(np.uint32)
            starts = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist()] if len(every) else []
            docs, times = (every >> _DOC).astype(np.uint32), (every & _TIMES).astype(np.uint8)
            for start, stop in zip(starts, [*starts[1:], len(every)], strict=True):
                yield field, known[int(numbers[start])], (docs[start:stop], times[start:stop])

    def _add_sounds(self) -> None:
        """Each word once more prefixed by its pronunciation, so that homophones are neighbours in the list of terms:
        building that dictionary on first use takes seconds."""
        words = {*self._known.get("w", ()), *self._known.get("t", ())}
        pronounced = ((sound(word.decode("utf-8", "replace")), word) for word in words)
        self.add_tokens(SOUNDS, 0, [f"{syllables}\t{word.decode()}" for syllables, word in pronounced if syllables])

    def cleanup(self) -> None:
        self._known.clear()
        self._packed.clear()
        self._loose.clear()
        self._pairs.clear()


def pack(docs: Any, times: Any) -> bytes:
    """A term's postings in stored form: gaps, frequencies (None: always once), a checksum of both.

    Whoosh accepts any sequence of numbers for gaps. Most terms occur once: a pickled array would be a hundred bytes for
    one number.
    """
    gaps = np.diff(docs, prepend=docs[:1] * 0)
    widest = int(gaps.max())
    often = None if int(times.max()) == 1 else times.tobytes()
    kind = "B" if widest < 1 << 8 else "H" if widest < 1 << 16 else "I"
    narrow = array(kind, gaps.astype(kind).tobytes())
    stored = tuple(narrow) if len(narrow) <= LOOSE else narrow.tobytes() if kind == "B" else narrow
    return dumps((stored, often, zlib.crc32(often or b"", zlib.crc32(narrow))), 3)


def unpack(stored: Any, often: bytes | None, check: int) -> tuple[Any, Any]:
    """Documents and frequencies, the reverse of `pack`.

    Raises:
        ValueError: damaged.
    """
    if isinstance(stored, tuple):
        stored = array("B" if max(stored) < 1 << 8 else "H" if max(stored) < 1 << 16 else "I", stored)
    if zlib.crc32(often or b"", zlib.crc32(stored)) != check:
        raise ValueError("a posting list is not what was written")
    gaps = np.frombuffer(stored, getattr(stored, "typecode", "B"))
    ids = np.cumsum(gaps, dtype=np.uint32)
    if often is not None:
        return ids, np.frombuffer(often, "B").astype(np.float32)
    return ids, _ONCE[: len(ids)] if len(ids) <= len(_ONCE) else np.ones(len(ids), np.float32)


class _Postings(W3PostingsWriter):  # type: ignore[misc]
    def add_lists(self, lists: Lists) -> None:
        """A term's documents; or a block in stored form."""
        docs, times = (np.zeros(1, np.uint32), np.ones(1, np.uint8)) if isinstance(lists, bytes) else lists
        info, count, most = self._terminfo, len(docs), float(times.max())
        info._weight, info._df, info._maxweight = float(times.sum()), count, most
        info._minid, info._maxid = int(docs[0]), int(docs[-1])
        data = lists if isinstance(lists, bytes) else pack(docs, times)
        about = dumps((count, int(docs[-1]), most, 0, 0, 0), 2)
        self._postfile.write(WHOOSH3_HEADER_MAGIC)
        # The last block of a term has a negative length.
        self._postfile.write_int(-(len(about) + len(data)))
        self._postfile.write(about)
        self._postfile.write(data)
        self._blockcount += 1


class _Fields(W3FieldWriter):  # type: ignore[misc]
    def add_postings(self, schema: Any, lengths: Any, items: Any) -> None:
        if not isinstance(items, Gathered):
            super().add_postings(schema, lengths, items)
            return
        last = None
        for field, token, lists in items.terms():
            if field != last:
                if last is not None:
                    self.finish_field()
                self.start_field(field, schema[field])
                last = field
            self.start_term(token)
            self._postwriter.add_lists(lists)
            self.finish_term()
        if last is not None:
            self.finish_field()


class SearchCodec(W3Codec):  # type: ignore[misc]
    """Whoosh's own codec with one block a term and without field lengths, which are in a column."""

    length_stats = False

    def __init__(self) -> None:
        super().__init__(blocklimit=WHOLE, compression=0)

    def field_writer(self, storage: Any, segment: Any) -> _Fields:
        return _Fields(self, storage, segment)

    def postings_writer(self, dbfile: Any, byteids: bool = False) -> _Postings:
        return _Postings(dbfile, blocklimit=self._blocklimit, byteids=byteids, compression=self._compression)


def open_writer(index: Any) -> Any:
    """A writer of one segment that gathers in memory."""
    writer = index.writer(codec=SearchCodec())
    writer.pool = Gathered()
    return writer
