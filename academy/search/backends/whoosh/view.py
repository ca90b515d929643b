"""Reads a Whoosh index: one immutable snapshot, complete posting lists, scores.

Whoosh's own matchers iterate posting by posting in Python and share one file position between threads. Here a list is
decoded at once into an array, under a lock, and cached.
"""

from __future__ import annotations

import heapq
import io
import math
import mmap
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import numpy as np
from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex

from academy.search.backends.interface import IndexBroken
from academy.search.backends.whoosh.bulk import ONE, unpack
from academy.search.backends.whoosh.fields import DIGEST, NUMBERS, PAIRS, SOUNDS
from academy.search.backends.whoosh.pairs import Pairs, block
from academy.search.backends.whoosh.terms import Terms

Array = Any
"""A numpy array of one dimension."""
Postings = tuple[Array, Array]
NOTHING: Postings = (np.empty(0, np.uint32), np.empty(0, np.float32))
K1, B = 0.8, 0.3
"""BM25's k1 and length: windows have similar lengths, and one occurrence is nearly as good as several."""
KEPT_POSTINGS = 3_000_000
"""Maximum of cached postings of a segment, eight bytes each."""
LARGE = 1 << 24
"""Bytes from which on a file is mapped in the background."""
KEPT_SOUNDS, MOST_OF_A_SOUND = 20_000, 500
SPARSE = 6
"""Up to a 64th of the documents are looked up in a posting list; for more, a list is expanded over all of them."""
EMPTY = block(np.empty(0, np.uint64))
"""Empty pairs of a segment without any."""


class Leaf:
    """One segment: its columns in memory, its posting lists loaded on demand."""

    def __init__(self, reader: Any, older: Leaf | None = None) -> None:
        self.reader = reader
        self.segment = reader.segment().segment_id()
        # A segment is immutable except for deletions: its cached columns stay valid.
        self.numbers: dict[str, Array] = older.numbers if older else {n: _column(reader, n) for n in NUMBERS}
        self.lecture = self.numbers["lecture"]
        self.norm: Array = older.norm if older else _norm(self.numbers["length"])
        self.begins: Array = older.begins if older else _begins(self.lecture)
        self.is_card: Array = older.is_card if older else self.numbers["item"] == 0
        self.card: Array = older.card if older else np.repeat(self.begins[:-1], np.diff(self.begins))
        count = len(self.lecture)
        self.dead = frozenset(reader.deleted_docs_set) if reader.has_deletions() else frozenset()
        self.living = np.ones(count, np.bool_)
        self.living[list(self.dead)] = False
        self.alive = count - len(self.dead)
        self._sounds: dict[str, list[str]] = older._sounds if older else {}
        self._terms: Terms = older._terms if older else Terms(reader)
        self.is_new = older is None
        self.buffer = self._terms.file
        self._pairs: Pairs | None = older._pairs if older else None
        self._kept: OrderedDict[tuple[str, str | int], Postings] = OrderedDict()
        self._held = 0
        self._guard = Lock()

    def postings(self, field: str, token: str) -> Postings:
        """Documents with the token, ascending, and frequencies."""
        return self._keep((field, token), lambda: self.decode(field, token))

    def pair(self, number: int) -> Array:
        """Documents with the pair of characters, ascending; for a single character the cards."""
        return self._keep((PAIRS, number), lambda: (self.pairs().docs(number), NOTHING[1]))[0]

    def pair_frequency(self, number: int) -> int:
        """Number of documents with the pair."""
        return len(self.pair(number)) if self.dead else self.pairs().frequency(number)

    def pairs(self) -> Pairs:
        """All pairs of the segment.

        Raises:
            IndexBroken: damaged.
        """
        if self._pairs is None:
            try:
                self._pairs = Pairs(self._terms.block(PAIRS, ONE.decode()) or memoryview(EMPTY))
            except ValueError as error:
                raise IndexBroken(f"pairs: {error}") from error
        return self._pairs

    def _keep(self, key: tuple[str, str | int], decode: Callable[[], Postings]) -> Postings:
        with self._guard:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            ids, times = decode()
            if self.dead and len(ids):
                living = self.living[ids]
                ids, times = ids[living], times[living] if len(times) else times
            self._kept[key] = ids, times
            self._held += len(ids)
            while self._held > KEPT_POSTINGS and len(self._kept) > 1:
                _, (dropped, _) = self._kept.popitem(last=False)
                self._held -= len(dropped)
            return ids, times

    def frequency(self, field: str, token: str) -> int:
        """Number of documents with the token; the stored count includes deleted ones."""
        if self.dead or (field, token) in self._kept:
            return len(self.postings(field, token)[0])
        stored = self._terms.block(field, token)
        return int(pickle.loads(stored)[0]) if stored is not None else 0  # noqa: S301 - our own data

    def decode(self, field: str, token: str) -> Postings:
        """A stored posting list, deleted documents included.

        Raises:
            IndexBroken: damaged.
        """
        stored = self._terms.block(field, token)
        if stored is None:
            return NOTHING
        stream = io.BytesIO(stored)
        pickle.load(stream)  # noqa: S301 - our own data; the header that whoosh's matcher reads
        try:
            return unpack(*pickle.load(stream))  # noqa: S301
        except ValueError as error:
            raise IndexBroken(f"{field}: {error}") from error

    def among(self, ids: Array, docs: Array) -> Array:
        """Which of these documents (ascending) are among those ids (ascending)."""
        if not len(ids):
            return np.zeros(len(docs), np.bool_)
        if len(docs) < len(self.lecture) >> SPARSE:
            return ids.take(ids.searchsorted(docs), mode="clip") == docs
        every = np.zeros(len(self.lecture), np.bool_)
        every[ids] = True
        return every[docs]

    def times(self, postings: Postings, docs: Array) -> Array:
        """Frequency of the postings in each of these documents (ascending)."""
        ids, often = postings
        if ids is docs:
            return often
        if not len(ids):
            return np.zeros(len(docs), np.float32)
        if len(docs) < len(self.lecture) >> SPARSE:
            place = ids.searchsorted(docs)
            return often.take(place, mode="clip") * (ids.take(place, mode="clip") == docs)
        every = np.zeros(len(self.lecture), np.float32)
        every[ids] = often
        return every[docs]

    def of_cards(self, cards: Array) -> Array:
        """Every undeleted document of the lectures with these cards, ascending."""
        if not len(cards):
            return NOTHING[0]
        place = np.searchsorted(self.begins, cards)
        counts = (self.begins[place + 1] - cards).astype(np.int64)
        ends = np.cumsum(counts)
        docs = np.repeat(cards.astype(np.int64) - (ends - counts), counts) + np.arange(ends[-1])
        return docs[self.living[docs]].astype(np.uint32)

    def sounding(self, syllables: str) -> list[str]:
        """The segment's words of this pronunciation."""
        words = self._sounds.get(syllables)
        if words is None:
            with self._guard:
                terms = _some(self.reader.expand_prefix(SOUNDS, f"{syllables}\t".encode()), MOST_OF_A_SOUND)
            if len(self._sounds) >= KEPT_SOUNDS:
                self._sounds.clear()
            words = self._sounds[syllables] = [term.partition("\t")[2] for term in terms]
        return words


class View:
    """All segments of one generation."""

    def __init__(self, storage: FileStorage, key: tuple[str, int], older: View | None = None) -> None:
        self.key = key
        index = FileIndex(storage)
        self.index = index
        known = {leaf.segment: leaf for leaf in older.leaves} if older and older.key[0] == key[0] else {}
        reader = index.reader()
        # An index into which nothing was written yet has a reader that is of no segment.
        readers = [leaf for leaf, _ in reader.leaf_readers() if leaf.segment() is not None]
        self.leaves: list[Leaf] = [Leaf(leaf, known.get(leaf.segment().segment_id())) for leaf in readers]
        self.documents = sum(leaf.alive for leaf in self.leaves)

    def touch(self) -> None:
        """Map the large files into the process, in the background: a first query would otherwise wait for each page
        that it reads. Only what was not mapped by the view before."""
        large = [leaf.buffer for leaf in self.leaves if leaf.is_new and len(leaf.buffer) >= LARGE]
        if large:
            Thread(target=_read_pages, args=(large,), name="search-pages", daemon=True).start()

    def frequency(self, field: str, token: str) -> int:
        """Number of documents with the token."""
        return sum(leaf.frequency(field, token) for leaf in self.leaves)

    def pair_frequency(self, number: int) -> int:
        """Number of documents with the pair of characters."""
        return sum(leaf.pair_frequency(number) for leaf in self.leaves)

    def rarity(self, count: int) -> float:
        """BM25's inverse document frequency."""
        return math.log(1 + (self.documents - count + 0.5) / (count + 0.5))

    def terms(self, field: str, prefix: str, limit: int) -> Iterable[str]:
        """Terms with this prefix, from all segments, in order."""
        runs = []
        for leaf in self.leaves:
            runs.append(_some(leaf.reader.expand_prefix(field, prefix.encode()), limit))
        return list(dict.fromkeys(heapq.merge(*runs)))[:limit]

    def inventory(self) -> dict[int, int]:
        """Digests by lecture."""
        held: dict[int, int] = {}
        for leaf in self.leaves:
            digests = _column(leaf.reader, DIGEST, ">u8")
            cards = np.flatnonzero((leaf.numbers["item"] == 0) & leaf.living & (digests > 0))
            held.update(zip(leaf.lecture[cards].tolist(), digests[cards].tolist(), strict=True))
        return held


def _column(reader: Any, name: str, kind: str = ">u4") -> Array:
    """A number of every document, as Whoosh stores it: trailing zeros are omitted."""
    values = np.zeros(reader.doc_count_all(), kind[1:])
    column = reader.column_reader(name, translate=False)
    stored = getattr(column, "_count", 0)
    if stored:
        size = np.dtype(kind).itemsize
        values[:stored] = np.frombuffer(column._dbfile.get(column._basepos, stored * size), kind)
    return values


def _norm(length: Array) -> Array:
    """BM25's denominator without the frequency."""
    mean = (float(length.mean()) if len(length) else 0.0) or 1.0
    return (K1 * (1 - B + B * length / mean)).astype(np.float32)


def _begins(lecture: Array) -> Array:
    """First document of each lecture, and the end: a lecture's documents are adjacent, the card comes first."""
    return np.append(np.flatnonzero(np.diff(lecture.astype(np.int64), prepend=-1)), len(lecture)).astype(np.uint32)


def _some(terms: Iterable[bytes], limit: int) -> list[str]:
    found = []
    for term in terms:
        found.append(term.decode() if isinstance(term, bytes) else term)
        if len(found) >= limit:
            break
    return found


def _read_pages(files: Iterable[memoryview]) -> None:
    for file in files:
        np.frombuffer(file, "B")[:: mmap.PAGESIZE].max()  # without Python's lock


def folder_size(folder: Path) -> int:
    """Bytes of the files in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
