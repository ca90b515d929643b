"""Reading a Whoosh index: one immutable picture of it, whole posting lists, scores.

Whoosh's own matchers walk posting by posting in Python and share one file position between
threads. Here a list is decoded block by block, under a lock, kept for the next question, and
then combined by sets and plain loops: that is several times as fast.
"""

from __future__ import annotations

import heapq
import math
import threading
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.index import FileIndex

from academy.search.backend import Hit
from academy.search.sounds import sound
from academy.search.whoosh_fields import DIGEST, NUMBERS

Postings = tuple["array[int]", "array[float]"]
NOTHING: Postings = (array("I"), array("f"))
K1, B = 1.2, 0.5
KEPT_POSTINGS = 3_000_000


class Leaf:
    """One segment: its columns in memory, its posting lists when asked for."""

    def __init__(self, reader: Any, older: Leaf | None = None) -> None:
        self.reader = reader
        self.segment = reader.segment().segment_id()
        # A segment never changes but for what is deleted of it: what was read of its columns stays true.
        self.numbers: dict[str, array[int]] = (
            older.numbers if older else {name: _column(reader, name) for name in NUMBERS}
        )
        self.lecture, self.length = self.numbers["lecture"], self.numbers["length"]
        self.dead = frozenset(reader.deleted_docs_set) if reader.has_deletions() else frozenset()
        self.alive = len(self.lecture) - len(self.dead)
        mean = sum(self.length) / max(1, len(self.length)) or 1.0
        self.norm = [K1 * (1 - B + B * length / mean) for length in self.length]
        self._sounds: dict[str, list[str]] | None = older._sounds if older else None
        self._ranges: dict[int, range] | None = None
        self._kept: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._held = 0
        self._guard = threading.Lock()

    def postings(self, field: str, token: str) -> Postings:
        """Documents that hold the token, ascending, and how often."""
        key = (field, token)
        with self._guard:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept
            found = self._alive(self._decode(field, token))
            self._kept[key] = found
            self._held += len(found[0])
            while self._held > KEPT_POSTINGS and len(self._kept) > 1:
                _, (dropped, _) = self._kept.popitem(last=False)
                self._held -= len(dropped)
            return found

    def frequency(self, field: str, token: str) -> int:
        """How many documents hold the token; Whoosh's own count still counts deleted ones."""
        if self.dead:
            return len(self.postings(field, token)[0])
        text = token.encode()
        return int(self.reader.doc_frequency(field, text)) if (field, text) in self.reader else 0

    def _alive(self, found: Postings) -> Postings:
        if not self.dead or self.dead.isdisjoint(found[0]):
            return found
        kept = [(doc, times) for doc, times in zip(*found, strict=True) if doc not in self.dead]
        return array("I", [doc for doc, _ in kept]), array("f", [times for _, times in kept])

    def _decode(self, field: str, token: str) -> Postings:
        text = token.encode()
        if (field, text) not in self.reader:
            return NOTHING
        matcher = self.reader.postings(field, text)
        matcher = getattr(matcher, "child", matcher)  # whoosh's own filter of deleted documents
        ids, weights = array("I"), array("f")
        if not hasattr(matcher, "_read_data"):
            while matcher.is_active():
                ids.append(matcher.id())
                weights.append(matcher.weight())
                matcher.next()
            return ids, weights
        while matcher.is_active():
            matcher._read_data()
            deltas, times, _ = matcher._data
            ids.extend(accumulate(deltas))
            if times is None or isinstance(times, float):
                weights.extend([times or 1.0] * len(deltas))
            else:
                weights.extend(times)
            matcher._next_block()
        return ids, weights

    def range_of(self, lecture: int) -> range:
        """The lecture's documents: they are neighbours, because they were added together."""
        if self._ranges is None:
            ranges: dict[int, range] = {}
            for doc, number in enumerate(self.lecture):
                if doc not in self.dead:
                    known = ranges.get(number)
                    ranges[number] = range(known.start if known else doc, doc + 1)
            self._ranges = ranges
        return self._ranges.get(lecture, range(0))

    def words_by_sound(self) -> dict[str, list[str]]:
        """The segment's words by how they sound; made when somebody first types pinyin or a wrong character."""
        if self._sounds is None:
            made: dict[str, list[str]] = {}
            for field in ("w", "t"):
                for term in self.reader.lexicon(field):
                    word = term.decode() if isinstance(term, bytes) else term
                    heard = sound(word)
                    if heard and word not in made.setdefault(heard, []):
                        made[heard].append(word)
            self._sounds = made
        return self._sounds

    def hit(self, doc: int, score: float) -> Hit:
        n = self.numbers
        return Hit(n["lecture"][doc], n["item"][doc], n["first"][doc], n["last"][doc], score)


class View:
    """All segments of one generation."""

    def __init__(self, storage: FileStorage, key: tuple[str, int], older: View | None = None) -> None:
        self.key = key
        index = FileIndex(storage)
        self.index = index
        known = {leaf.segment: leaf for leaf in older.leaves} if older and older.key[0] == key[0] else {}
        reader = index.reader()
        self.leaves: list[Leaf] = [
            Leaf(leaf, known.get(leaf.segment().segment_id())) for leaf, _ in reader.leaf_readers()
        ]
        self.documents = sum(leaf.alive for leaf in self.leaves)

    def frequency(self, field: str, token: str) -> int:
        """In how many documents the token is."""
        return sum(leaf.frequency(field, token) for leaf in self.leaves)

    def rarity(self, count: int) -> float:
        """BM25's inverse document frequency."""
        return math.log(1 + (self.documents - count + 0.5) / (count + 0.5))

    def terms(self, field: str, prefix: str, limit: int) -> Iterable[str]:
        """Terms that begin so, from all segments, in order."""
        runs = []
        for leaf in self.leaves:
            runs.append(_some(leaf.reader.expand_prefix(field, prefix.encode()), limit))
        return list(dict.fromkeys(heapq.merge(*runs)))[:limit]

    def inventory(self) -> dict[int, int]:
        """Digests by lecture."""
        held: dict[int, int] = {}
        for leaf in self.leaves:
            digests = leaf.reader.column_reader(DIGEST)
            for doc, lecture in enumerate(leaf.lecture):
                if doc not in leaf.dead and leaf.numbers["item"][doc] == 0 and digests[doc]:
                    held[lecture] = digests[doc]
        return held


def _column(reader: Any, name: str) -> array[int]:
    count = reader.doc_count_all()
    column = reader.column_reader(name)
    return array("I", [column[doc] for doc in range(count)])


def _some(terms: Iterable[bytes], limit: int) -> list[str]:
    found = []
    for term in terms:
        found.append(term.decode() if isinstance(term, bytes) else term)
        if len(found) >= limit:
            break
    return found


def folder_size(folder: Path) -> int:
    """Bytes of the files in it."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
