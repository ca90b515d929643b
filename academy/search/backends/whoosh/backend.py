"""Search on Whoosh: the embedded index, files in the data folder."""

import logging
import threading
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from whoosh.index import FileIndex

from academy.search.backends.interface import Found, Health, IndexBroken, Progress
from academy.search.backends.whoosh.bulk import open_writer
from academy.search.backends.whoosh.fields import DIGEST, NUMBERS, PAIRS, SOUNDS, add, documents
from academy.search.backends.whoosh.search import WhooshSearch, together
from academy.search.backends.whoosh.store import DurableStorage, Store
from academy.search.backends.whoosh.view import Leaf, View, folder_size
from academy.search.lectures import Lecture
from academy.search.query_parser import Query
from academy.search.text import Segmenter

log = logging.getLogger(__name__)

MANY_SEGMENTS = 16


ATTEMPTS = 8
"""Attempts to read a folder that a writer is changing; each is a few system calls."""


class WhooshBackend:
    """One per process. Readers see a complete commit or the one before, never a part."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self._view: View | None = None
        self._settled: tuple[tuple[int, ...], Path, View] | None = None
        """Cached view, its folder and the folder's stamp: while the stamp is unchanged, the view is the newest."""
        self._bad: set[tuple[str, int]] = set()
        self._guard = threading.Lock()

    # ---- reading ----

    def view(self) -> View | None:
        """The newest readable commit; None while there is no index.

        Raises:
            IndexBroken: there is an index, and neither it nor the one before can be read.
        """
        if self._settled is not None:
            stamp, folder, view = self._settled
            if view.key not in self._bad and self.store.stamp(folder) == stamp:
                return view
        return self._newest()

    def _newest(self) -> View | None:
        problem, met = "every generation is damaged", None
        for _ in range(ATTEMPTS):
            try:
                paths = [path for path in self.store.readable() if not self._is_bad(path)]
                if not paths:
                    break
                stamp = self.store.stamp(paths[0])
                key = (paths[0].name, self.store.generation(paths[0]))
            except FileNotFoundError as error:
                # A merge removed the generation meanwhile: the pointer names another now.
                problem = repr(error)
                continue
            try:
                view = self._open(paths[0], key)
                # The pointer may have moved before its stamp was taken.
                if stamp is not None and self.store.current() == paths[0]:
                    self._settled = stamp, paths[0], view
                return view
            except Exception as error:  # any exception that whoosh raises for a torn or missing file
                problem = repr(error)
                if met == key:
                    # Not a file that vanished between listing and opening: twice the same error.
                    self._bad.add(key)
                met = key
        if not self.exists():
            return None
        raise IndexBroken(problem)

    def _is_bad(self, path: Path) -> bool:
        return (path.name, self.store.generation(path)) in self._bad

    def _open(self, path: Path, key: tuple[str, int]) -> View:
        with self._guard:
            if self._view is None or self._view.key != key:
                self._view = View(DurableStorage(str(path)), key, self._view)
                self._view.touch()
            return self._view

    def search(self, question: Query, visible: Set[int], allowed: Set[int] | None = None, limit: int = 300) -> Found:
        if question.is_empty:
            return Found()
        while (view := self.view()) is not None:
            try:
                return WhooshSearch(view, question, visible, allowed, limit).run()
            except Exception as error:  # damage has no fixed form
                log.exception("search.index_damaged", extra={"generation": view.key[0]})
                if view.key in self._bad:
                    raise IndexBroken(repr(error)) from error
                self._bad.add(view.key)
        return Found()

    def exists(self) -> bool:
        return self.store.current() is not None

    def damaged(self) -> bool:
        current = self.store.current()
        return current is not None and self._is_bad(current)

    def suggest(self, prefix: str, limit: int = 8) -> list[tuple[str, frozenset[int]]]:
        view = self.view()
        if view is None or not prefix:
            return []
        found: dict[str, set[int]] = {}
        for term in view.terms("s", prefix, limit * 8):
            shown = term.partition("\t")[2]
            lectures: set[int] = set()
            for leaf in view.leaves:
                lectures.update(leaf.lecture[leaf.postings("s", term)[0]].tolist())
            if lectures:
                found.setdefault(shown, set()).update(lectures)
        return [(shown, frozenset(lectures)) for shown, lectures in found.items()][:limit]

    def sounding(self, sounds: Iterable[str]) -> dict[str, list[tuple[str, int]]]:
        view = self.view()
        if view is None:
            return {}
        found: dict[str, list[tuple[str, int]]] = {}
        for syllables in sounds:
            words = {word for leaf in view.leaves for word in leaf.sounding(syllables)}
            counted = [(word, view.frequency("w", word) + view.frequency("t", word)) for word in words]
            if counted:
                found[syllables] = sorted(counted, key=lambda pair: (-pair[1], pair[0]))
        return found

    def frequencies(self, words: Iterable[str]) -> dict[str, int]:
        view = self.view()
        return {word: view.frequency("w", word) + view.frequency("t", word) for word in words} if view else {}

    def together(self, wordings: Sequence[Sequence[str]]) -> list[int]:
        view = self.view()
        return [sum(together(leaf, words) for leaf in view.leaves) if view else 0 for words in wordings]

    def inventory(self) -> dict[int, int]:
        view = self.view()
        return view.inventory() if view else {}

    def health(self, *, thorough: bool = False) -> Health:
        try:
            path = self.store.current()
            if path is None:
                return Health(False, problem="no index")
            # A view of its own: the cached one would hide later damage of the files.
            view = View(DurableStorage(str(path)), (path.name, self.store.generation(path)))
            held = view.inventory()
            if thorough:
                _read_everything(view)
        except Exception as error:  # damage has no fixed form
            return Health(False, problem=repr(error))
        return Health(True, view.documents, len(held), len(view.leaves), folder_size(path))

    # ---- writing ----

    def index_lecture(self, lecture: Lecture, segmenter: Segmenter) -> None:
        with self._writer() as writer:
            writer.delete_by_term("key", str(lecture.lecture_id))
            for document in documents(lecture, segmenter):
                add(writer, document)

    def delete_lecture(self, lecture_id: int) -> None:
        with self._writer() as writer:
            writer.delete_by_term("key", str(lecture_id))

    def rebuild(self, lectures: Iterable[Lecture], segmenter: Segmenter, progress: Progress | None = None) -> int:
        with self.store.writing():
            path = self.store.create()
            writer = open_writer(FileIndex(DurableStorage(str(path))))
            done = 0
            try:
                for done, lecture in enumerate(lectures, 1):
                    for document in documents(lecture, segmenter):
                        add(writer, document)
                    if progress:
                        progress(done)
            except BaseException:
                writer.cancel()
                raise
            writer.commit(merge=False)
            self.store.swap(path)
        return done

    def merge(self) -> None:
        with self.store.writing():
            current = self.store.current()
            if current is None:
                return
            path = self.store.create()
            writer = open_writer(FileIndex(DurableStorage(str(path))))
            try:
                for leaf in View(DurableStorage(str(current)), ("", 0)).leaves:
                    _copy(leaf, writer)
            except BaseException:
                writer.cancel()
                raise
            writer.commit(merge=False)
            self.store.swap(path)

    def wants_merge(self) -> bool:
        """Whether there are so many small segments that searching becomes slow."""
        view = self.view()
        return view is not None and len(view.leaves) > MANY_SEGMENTS

    @contextmanager
    def _writer(self) -> Iterator[Any]:
        with self.store.writing():
            path = self.store.current()
            if path is None:
                path = self.store.create()
                self.store.swap(path)
            writer = open_writer(FileIndex(DurableStorage(str(path))))
            try:
                yield writer
            except BaseException:
                writer.cancel()
                raise
            writer.commit(merge=False)


def _copy(leaf: Leaf, writer: Any) -> None:
    """Append a segment's undeleted documents to a writer."""
    start, count = writer.docnum, len(leaf.lecture)
    writer.write_per_doc({*NUMBERS, DIGEST}, leaf.reader)
    writer._added = True
    place = np.full(count, start, np.uint32)
    place[leaf.living] += np.arange(leaf.alive, dtype=np.uint32)
    for numbers, docs in leaf.pairs().runs():
        living = leaf.living[docs]
        writer.pool.add_run(numbers[living], place[docs[living]])
    for field, token in leaf.reader.all_terms():
        if field in {SOUNDS, PAIRS}:
            continue  # pronunciations are written anew from the remaining words
        docs, times = leaf.decode(field, token.decode())
        living = leaf.living[docs]
        if living.any():
            writer.pool.add_lists(field, token, place[docs[living]], times[living])


def _read_everything(view: View) -> None:
    """Read every posting list: a damaged one can't be decoded, has a wrong checksum or an unknown document."""
    for leaf in view.leaves:
        count = len(leaf.lecture)
        for _, docs in leaf.pairs().runs():
            if len(docs) and docs.max() >= count:
                raise IndexBroken("pairs: a document beyond the last")
        for field, text in leaf.reader.all_terms():
            if field == PAIRS:
                continue
            ids = leaf.decode(field, text.decode())[0]
            if len(ids) and ids[-1] >= count:
                raise IndexBroken(f"{field}: a posting beyond the last document")
