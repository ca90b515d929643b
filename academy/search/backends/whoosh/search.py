"""One query to a Whoosh index: arrays over all documents of a segment, a few passes over each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from academy.search.backends.interface import Found, Hit
from academy.search.backends.whoosh.view import K1, NOTHING, SPARSE, Leaf, View
from academy.search.literal import Literal, pair_number
from academy.search.query_parser import EACH, GOOD, NAMED, PAIR, RAREST, SENTENCE, Query
from academy.search.text import is_han

Array = Any
LITERAL, EQUAL = 4096.0, 2048.0
"""Above every score: literal matches come first, then those with other numerals."""
TOUCHED = 1e-6
LATER = 2.0**33
"""Above every lecture's number."""


@dataclass
class Matched:
    """Matching documents of a segment, ascending, with their scores and their priority."""

    leaf: Leaf
    docs: Array
    scores: Array
    order: Array
    _lectures: set[int] | None = None

    def lectures(self) -> set[int]:
        if self._lectures is None:
            self._lectures = _lectures(self.leaf, self.docs)
        return self._lectures

    def of(self, lectures: Set[int]) -> Matched:
        """Those documents that belong to these lectures."""
        wanted = np.fromiter(lectures, np.uint32, len(lectures))
        kept = np.isin(self.leaf.lecture[self.docs], wanted)
        return Matched(self.leaf, self.docs[kept], self.scores[kept], self.order[kept])


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
            docs = _union(self.leaf, [self._all(pairs) for pairs in word.pairs])
            return docs, docs[self.leaf.is_card[docs]]
        docs, cards = (self.leaf.postings(field, word.plain)[0] for field in "wt")
        return docs, _union(self.leaf, [cards, self._all(word.pairs[0])]) if alone else cards

    def named(self, word: Literal) -> Array:
        """Cards that score for the word in a name: not a number inside another number, nor in other numerals (第1讲 for
        第一); a name with the complete query scores more."""
        return self.of(word.written)[1] if is_han(word.plain) else self.leaf.postings("t", word.plain)[0]

    def with_words(self, tokens: Iterable[str]) -> Array:
        """Cards of the lectures that have all of these as words."""
        cards: Array | None = None
        for token in tokens:
            here = _runs(self.leaf.card[_union(self.leaf, [self.leaf.postings(field, token)[0] for field in "wt"])])
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
            held, cards = self.of(word, alone=word.plain in alone and len(word.plain) == 1)
            if not named:
                cards = NOTHING[0]
            if docs is None:
                docs = _union(self.leaf, [held, self.leaf.of_cards(cards)]) if len(cards) else held
            else:
                here = self.leaf.among(held, docs)
                if len(cards):
                    here |= self.leaf.among(cards, self.leaf.card[docs])
                docs = docs[here]
            if not len(docs):
                break
        return NOTHING[0] if docs is None else docs

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
        literal, *equal = [self._all(pairs) for pairs in whole.pairs]
        if len(runs) > 1 and not self.question.phrases:
            literal = _union(self.leaf, [literal, self.both((run.written, True) for run in runs)])
            if any(run.is_counted for run in runs):
                equal.append(self.both((run, True) for run in runs))
        return literal, _union(self.leaf, equal)

    def stretched(self) -> set[int]:
        """Lectures with every stretch of the query, each in some window."""
        found: set[int] = set()
        for form in self.question.whole.stretches:
            cards: Array | None = None
            for pairs in sorted(form, key=lambda pairs: min(map(self._count, pairs))):
                here = _runs(self.leaf.card[self._all(pairs)])
                cards = here if cards is None else np.intersect1d(cards, here, assume_unique=True)
                if not len(cards):
                    break
            found.update(() if cards is None else self.leaf.lecture[cards].tolist())
        return found

    def _all(self, pairs: tuple[int, ...]) -> Array:
        found = self._kept.get(pairs)
        if found is None:
            found = NOTHING[0]
            if pairs and all(map(self._count, pairs)):
                first, *others = sorted(pairs, key=self._count)
                found = self.leaf.pair(first)
                for pair in others:
                    if not len(found):
                        break
                    found = found[self.leaf.among(self.leaf.pair(pair), found)]
            self._kept[pairs] = found
        return found


class WhooshSearch:
    """One query."""

    def __init__(self, view: View, question: Query, visible: Set[int], allowed: Set[int] | None, limit: int) -> None:
        self.view, self.question, self.visible, self.allowed, self.limit = view, question, visible, allowed, limit
        words = question.words
        if len(words) < SENTENCE:
            # Their postings will be read anyway.
            lists = {word: [leaf.postings(field, word) for leaf in view.leaves for field in "wt"] for word in words}
            self.counts = {word: sum(len(docs) for docs, _ in found) for word, found in lists.items()}
        else:
            self.counts = {word: view.frequency("w", word) + view.frequency("t", word) for word in words}
        self.each = question.each
        self.hidden = False
        """Whether there are matches that are not visible or too weak."""
        self.weights = {word: view.rarity(count) for word, count in self.counts.items()}
        self.holders = [Holders(leaf, question) for leaf in view.leaves]

    def run(self) -> Found:
        matched = [self._matched(holders) for holders in self.holders]
        lectures = self._seen(one.lectures() for one in matched)
        relaxed = not lectures or self.question.scattered
        loose = self.question.is_loose(len(lectures))
        if loose:
            looked, more = self._some_words()
            self.each = EACH
            lectures |= more
            self.hidden = True
        else:
            looked = [self._scored(one, holders) for one, holders in zip(matched, self.holders, strict=True)]
        wanted = lectures if self.allowed is None else lectures & self.allowed
        hits = self._best(looked, wanted, self.hidden or len(wanted) < len(lectures))
        written = [self._written(one, holders) for one, holders in zip(matched, self.holders, strict=True)]
        literal, equal = (set[int]().union(*(found[n] for found in written)) for n in range(2))
        return Found(
            hits,
            frozenset(lectures),
            self._named(hits),
            relaxed and bool(lectures),
            frozenset(literal & lectures),
            frozenset(equal & lectures),
            frozenset(self._stretched() & self.visible),
            0 if loose else self.each,
            self.weights,
        )

    def _stretched(self) -> set[int]:
        """Lectures with every stretch of the query, each in some window."""
        return set[int]().union(*(one.stretched() for one in self.holders))

    def _seen(self, lectures: Iterable[Set[int]]) -> set[int]:
        found = set[int]().union(*lectures)
        self.hidden = not found <= self.visible
        return found & self.visible

    def _written(self, matched: Matched, holders: Holders) -> tuple[set[int], set[int]]:
        """Lectures with the complete query; and with its numerals in their one form."""
        literal, equal = (
            matched.lectures() if docs is matched.docs else _lectures(matched.leaf, docs)
            for docs in (holders.literal, holders.equal)
        )
        return literal, equal

    def _matched(self, holders: Holders) -> Matched:
        """Documents with every word and every phrase, and those with the complete query in any segmentation."""
        phrases = [(Literal(phrase), False) for phrase in self.question.phrases]
        docs = holders.both([*((word, True) for word in self.question.sought), *phrases])
        docs = _union(holders.leaf, [docs, holders.literal, holders.equal])
        return self._ordered(holders, docs, np.zeros(len(docs), np.float32))

    def _ordered(self, holders: Holders, docs: Array, scores: Array) -> Matched:
        order = scores
        # A single character's presence in a lecture does not locate it.
        if not self.question.is_single and not self.question.phrases:
            for ids, worth in ((holders.equal, EQUAL), (holders.literal, LITERAL)):
                if len(ids):
                    order = order + np.float32(worth) * holders.leaf.among(ids, docs)
        elif self.question.phrases and self.question.latin:
            order = np.isin(holders.leaf.card[docs], holders.with_words(self.question.latin)).astype(np.float32)
        return Matched(holders.leaf, docs, scores, order)

    def _scored(self, matched: Matched, holders: Holders) -> Matched:
        leaf, docs = matched.leaf, matched.docs
        scores = matched.scores
        if not len(docs):
            return matched
        for word, sought in zip(self.question.words, self.question.sought, strict=True):
            held, cards = holders.of(sought)[0], holders.named(sought)
            # A word inside another one, or split in two, counts as one occurrence.
            here = np.maximum(leaf.times(leaf.postings("w", word), docs), held is docs or leaf.among(held, docs))
            scores = scores + self.weights[word] * (K1 + 1) * here / (here + leaf.norm[docs])
            if len(cards):
                scores += np.float32(self.weights[word] * NAMED) * leaf.among(cards, leaf.card[docs])
        return self._ordered(holders, docs, scores)

    def _add_words(self, leaf: Leaf, words: Iterable[str], scores: Array) -> None:
        for word in words:
            docs, times = leaf.postings("w", word)
            scores[docs] += self.weights[word] * (K1 + 1) * times / (times + leaf.norm[docs])
            scores[leaf.of_cards(leaf.postings("t", word)[0])] += self.weights[word] * NAMED

    def _some_words(self) -> tuple[list[Matched], set[int]]:
        """Documents with some of the words: the rarest words and pairs of characters, weighted by rarity.

        Pairs find text that is segmented differently in the query and in the lecture. Only documents with a good part
        of the best one's score count: common words alone are not enough.
        """
        known = (word for word in self.question.words if self.counts[word])
        words = sorted(known, key=lambda word: self.counts[word])[:RAREST]
        pairs = set(map(pair_number, self.question.pairs))
        frequent = {pair: n for pair in pairs if (n := self.view.pair_frequency(pair))}
        rarest = sorted(frequent, key=lambda pair: (frequent[pair], pair))[:RAREST]
        found = []
        for holders in self.holders:
            leaf = holders.leaf
            scores = np.zeros(len(leaf.lecture), np.float32)
            self._add_words(leaf, words, scores)
            for pair in rarest:
                scores[leaf.pair(pair)] += PAIR * self.view.rarity(frequent[pair])
            for literal in (holders.literal, holders.equal):
                scores[literal] += TOUCHED
            docs = np.flatnonzero(scores)
            found.append(self._ordered(holders, docs, scores[docs]))
        best = max((float(one.scores.max()) for one in found if len(one.docs)), default=0.0)
        good = []
        for one in found:
            kept = one.scores >= GOOD * best
            good.append(_lectures(one.leaf, one.docs[kept]))
        return found, self._seen(good)

    def _best(self, matched: Iterable[Matched], wanted: Set[int], narrowed: bool) -> list[Hit]:
        """The best documents, at most two of a lecture; with a phrase all of a lecture, because each must be read:
        those first that have its Latin words as words (“IT”, but not “with it”), then the newest."""
        rows: list[tuple[float, ...]] = []
        for one in matched:
            if narrowed:
                one = one.of(wanted)
            phrased = bool(self.question.phrases)
            newest = one.leaf.lecture[one.docs] + one.order * LATER if phrased else one.order
            chosen = _strongest(newest, self.limit * 3)
            numbers = one.leaf.numbers
            lecture, item, first, last = (
                numbers[name][one.docs[chosen]].astype(np.int64) for name in ("lecture", "item", "first", "last")
            )
            columns = (-one.order[chosen], -lecture, item if phrased else first, first, item, last, one.scores[chosen])
            rows += zip(*(column.tolist() for column in columns), strict=True)
        rows.sort()
        kept: list[Hit] = []
        seen: dict[float, int] = {}
        each = self.limit if self.question.phrases else self.each
        for _, lecture_id, _, first, item, last, score in rows:
            seen[lecture_id] = times = seen.get(lecture_id, 0) + 1
            if times <= each:
                kept.append(Hit(int(-lecture_id), int(item), int(first), int(last), score))
                if len(kept) == self.limit:
                    break
        return kept

    def _named(self, hits: Iterable[Hit]) -> dict[int, float]:
        """Score of words in the names of the hits' lectures."""
        named: dict[int, float] = {}
        shown = {hit.lecture_id for hit in hits}
        for holders in self.holders:
            for word, sought in zip(self.question.words, self.question.sought, strict=True):
                for lecture in shown.intersection(holders.leaf.lecture[holders.named(sought)].tolist()):
                    named[lecture] = named.get(lecture, 0.0) + self.weights[word] * NAMED
        return named


def _lectures(leaf: Leaf, docs: Array) -> set[int]:
    return set(_runs(leaf.lecture[docs]).tolist())


def _union(leaf: Leaf, lists: Sequence[Array]) -> Array:
    """Documents of several lists, ascending, each once."""
    filled = [one for one in lists if len(one)]
    if not filled or all(one is filled[0] for one in filled):
        return filled[0] if filled else NOTHING[0]
    if sum(map(len, filled)) < len(leaf.lecture) >> SPARSE:
        return _runs(np.sort(np.concatenate(filled)))
    every = np.zeros(len(leaf.lecture), np.bool_)
    for one in filled:
        every[one] = True
    return np.flatnonzero(every).astype(np.uint32)


def _runs(values: Array) -> Array:
    """Values without immediate repetition."""
    if len(values) < 2:
        return values
    kept = np.ones(len(values), np.bool_)
    kept[1:] = values[1:] != values[:-1]
    return values[kept]


def _strongest(scores: Array, count: int) -> Array:
    """Indexes of the highest scores."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[-count:]


def together(leaf: Leaf, words: Iterable[str]) -> int:
    """Number of documents with all the words, in the window or in a name."""
    inside = None
    for word in words:
        here = np.zeros(len(leaf.lecture), np.bool_)
        for field in ("w", "t"):
            here[leaf.postings(field, word)[0]] = True
        inside = here if inside is None else inside & here
    return 0 if inside is None else int(np.count_nonzero(inside))
