"""Which documents of a segment contain the words of a query and the complete query: by pairs of characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from academy.search.backends.whoosh.view import NOTHING, SPARSE, Leaf
from academy.search.literal import Literal
from academy.search.query_parser import Query
from academy.search.text import is_han

Array = Any
FEW_DOCUMENTS = 1000
"""Up to so many documents are each looked up in the lists of a further word."""


class Holders:
    """Documents of a segment that contain the words and the complete query, by pairs of characters."""

    def __init__(self, leaf: Leaf, question: Query) -> None:
        self.leaf, self.question = leaf, question
        self._kept: dict[tuple[int, ...], Array] = {}
        self._words: dict[tuple[Literal, bool], tuple[Array, Array]] = {}
        self._together: dict[tuple[tuple[Literal, bool], ...], Array] = {}
        self._counts: dict[int, int] = {}
        self.literal, self.equal = self._whole()

    def of(self, word: Literal, *, alone: bool = False) -> tuple[Array, Array]:
        """Documents with a word, and the cards with it: a single character is matched as a word of the text, and if it
        was typed `alone` anywhere in a lecture."""
        found = self._words.get((word, alone))
        if found is None:
            found = self._words[word, alone] = self._of(word, alone)
        return found

    def _of(self, word: Literal, alone: bool) -> tuple[Array, Array]:
        if len(word.plain) > 1:
            docs = union(self.leaf, [self._all(pairs) for pairs in word.pairs])
            return docs, docs[self.leaf.is_card.take(docs)]
        docs, cards = (self.leaf.postings(field, word.plain)[0] for field in "wt")
        return docs, union(self.leaf, [cards, self._all(word.pairs[0])]) if alone else cards

    def named(self, word: Literal) -> Array:
        """Cards that score for the word in a name: not a number inside another number, nor in other numerals (第1讲 for
        第一); a name with the complete query scores more."""
        return self.of(word.written)[1] if is_han(word.plain) else self.leaf.postings("t", word.plain)[0]

    def with_words(self, tokens: Iterable[str]) -> Array:
        """Cards of the lectures that have all of these as words."""
        cards: Array | None = None
        for token in tokens:
            here = once_each(self.leaf.card[union(self.leaf, [self.leaf.postings(field, token)[0] for field in "wt"])])
            cards = here if cards is None else np.intersect1d(cards, here, assume_unique=True)
        return NOTHING[0] if cards is None else cards

    def both(self, words: Iterable[tuple[Literal, bool]]) -> Array:
        """Documents with every word, in the window or (True) in the lecture's name too."""
        words = tuple(words)
        kept = self._together.get(words)
        if kept is None:
            kept = self._together[words] = self._both(words)
        return kept

    def _both(self, words: Sequence[tuple[Literal, bool]]) -> Array:
        docs: Array | None = None
        alone = {run.plain for run in self.question.runs}
        for word, named in sorted(words, key=lambda one: self._estimate(one[0])):
            if docs is None or not word.is_doubtful or len(docs) > FEW_DOCUMENTS:
                held, cards = self.of(word, alone=word.plain in alone and len(word.plain) == 1)
                if not named:
                    cards = NOTHING[0]
                if docs is None:
                    docs = union(self.leaf, [held, self.leaf.of_cards(cards)]) if len(cards) else held
                else:
                    here = self.leaf.among(held, docs)
                    if len(cards):
                        here |= self.leaf.among(cards, self.leaf.card[docs])
                    docs = docs[here]
            else:
                here = self._within(word, docs)
                docs = docs[here | self._within(word, self.leaf.card[docs])] if named else docs[here]
            if not len(docs):
                break
        return NOTHING[0] if docs is None else docs

    def _within(self, word: Literal, docs: Array) -> Array:
        """Which of a few documents contain the word: without intersecting the long lists of its pairs."""
        here = np.zeros(len(docs), np.bool_)
        for pairs in word.pairs:
            form = np.full(len(docs), bool(pairs))
            for pair in pairs:
                form &= self.leaf.among(self.leaf.pair(pair), docs)
            here |= form
        return here

    def _estimate(self, word: Literal) -> int:
        if len(word.plain) > 1:
            return min(map(self._count, word.pairs[0]), default=0)
        return sum(self.leaf.frequency(field, word.plain) for field in "wt")

    def _count(self, pair: int) -> int:
        found = self._counts.get(pair)
        if found is None:
            found = self._counts[pair] = self.leaf.pair_frequency(pair)
        return found

    def _whole(self) -> tuple[Array, Array]:
        """Documents with the complete query, or with all its runs; the same with numerals in their one form."""
        whole, runs = self.question.whole, self.question.runs
        if not whole.plain:
            return NOTHING[0], NOTHING[0]
        if len(runs) > 1 and not self.question.phrases:
            literal, *equal = [NOTHING[0] if _has_runs(pairs, runs) else self._all(pairs) for pairs in whole.pairs]
            literal = union(self.leaf, [literal, self.both((run.written, True) for run in runs)])
            if any(run.is_counted for run in runs):
                equal.append(self.both((run, True) for run in runs))
        else:
            literal, *equal = [self._all(pairs) for pairs in whole.pairs]
        return literal, union(self.leaf, equal)

    def stretched(self) -> set[int]:
        """Lectures with every stretch of the query, each in some window."""
        found: set[int] = set()
        for form in self.question.whole.stretches:
            cards: Array | None = None
            for pairs in sorted(form, key=lambda pairs: min(map(self._count, pairs))):
                here = once_each(self.leaf.card[self._all(pairs)])
                cards = here if cards is None else np.intersect1d(cards, here, assume_unique=True)
                if not len(cards):
                    break
            found.update(() if cards is None else self.leaf.lecture[cards].tolist())
        return found

    def _all(self, pairs: tuple[int, ...]) -> Array:
        found = self._kept.get(pairs)
        if found is None:
            found = NOTHING[0]
            if len(pairs) == 1:
                found = self.leaf.pair(pairs[0])
            elif pairs and all(map(self._count, pairs)):
                first, *others = sorted(pairs, key=self._count)
                found = self.leaf.pair(first)
                for pair in others:
                    if not len(found):
                        break
                    found = found[self.leaf.among(self.leaf.pair(pair), found)]
            self._kept[pairs] = found
        return found


def _has_runs(pairs: tuple[int, ...], runs: Sequence[Literal]) -> bool:
    """Whether documents with these pairs have every run as it is written: they need not be looked up beside those."""
    wanted = {pair for run in runs for pair in run.pairs[0] if len(run.plain) > 1}
    return all(len(run.plain) > 1 for run in runs) and wanted.issubset(pairs)


def union(leaf: Leaf, lists: Sequence[Array]) -> Array:
    """Documents of several lists, ascending, each once."""
    filled = [one for one in lists if len(one)]
    if len(filled) < 2 or all(one is filled[0] for one in filled):
        return filled[0] if filled else NOTHING[0]
    if sum(map(len, filled)) < len(leaf.lecture) >> SPARSE:
        return once_each(np.sort(np.concatenate(filled)))
    every = np.zeros(len(leaf.lecture), np.bool_)
    for one in filled:
        every[one] = True
    return np.flatnonzero(every).astype(np.uint32)


def once_each(values: Array) -> Array:
    """Values without immediate repetition."""
    if len(values) < 2:
        return values
    kept = np.ones(len(values), np.bool_)
    kept[1:] = values[1:] != values[:-1]
    return values[kept]
