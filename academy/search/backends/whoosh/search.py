"""One query to a Whoosh index: arrays over all documents of a segment, a few passes over each."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from academy.search.backends.interface import Found, Hit
from academy.search.backends.whoosh.holders import Holders, once_each, union
from academy.search.backends.whoosh.view import K1, Leaf, View
from academy.search.literal import pair_number
from academy.search.query_parser import EACH, GOOD, NAMED, PAIR, RAREST, SENTENCE, Query

Array = Any
LITERAL, EQUAL = 4096.0, 2048.0
"""Above every score: literal matches come first, then those with other numerals."""
TOUCHED = 1e-6
PLACE = ("lecture", "item", "first", "last")
LATER = 2.0**33
"""Above every lecture's number."""


@dataclass
class Matched:
    """Matching documents of a segment, ascending, with their scores and their priority."""

    leaf: Leaf
    docs: Array
    scores: Array
    order: Array

    def of(self, lectures: Set[int]) -> Matched:
        """Those documents that belong to these lectures."""
        wanted = np.fromiter(lectures, np.uint32, len(lectures))
        return self.at(np.isin(self.leaf.lecture[self.docs], wanted))

    def at(self, places: Array) -> Matched:
        """The documents at these places."""
        return Matched(self.leaf, self.docs[places], self.scores[places], self.order[places])


class WhooshSearch:
    """One query."""

    def __init__(self, view: View, question: Query, visible: Set[int], allowed: Set[int] | None, limit: int) -> None:
        self.view, self.question, self.allowed, self.limit = view, question, allowed, limit
        self.visible = frozenset(visible)
        words = question.words
        if len(words) < SENTENCE:
            # Their postings will be read anyway.
            lists = {word: [len(leaf.postings("w", word)[0]) for leaf in view.leaves] for word in words}
            self.counts = {word: sum(found) + view.frequency("t", word) for word, found in lists.items()}
        else:
            self.counts = {word: view.frequency("w", word) + view.frequency("t", word) for word in words}
        self.each = question.each
        self.is_one_word = [word.pairs for word in question.sought] == [question.whole.pairs]
        self.hidden = False
        """Whether there are matches that are not visible or too weak."""
        self.weights = {word: view.rarity(count) for word, count in self.counts.items()}
        self.holders = [Holders(leaf, question) for leaf in view.leaves]

    def run(self) -> Found:
        matched = [self._matched(holders) for holders in self.holders]
        complete = lectures = self._seen([_lectures(one.leaf, one.docs) for one in matched])
        relaxed = not lectures or self.question.scattered
        loose = self.question.is_loose(len(lectures))
        if loose:
            looked, more = self._some_words()
            self.each = EACH
            lectures = lectures | more
            self.hidden = True
        else:
            looked = [self._scored(one, holders) for one, holders in zip(matched, self.holders, strict=True)]
        wanted = lectures if self.allowed is None else lectures & self.allowed
        hits = self._best(looked, wanted, self.hidden or len(wanted) < len(lectures))
        literal, equal = (
            self._written([getattr(holders, name) for holders in self.holders], matched, complete)
            for name in ("literal", "equal")
        )
        return Found(
            hits,
            lectures,
            self._named(hits),
            relaxed and bool(lectures),
            literal,
            equal,
            self.visible & self._stretched(),
            0 if loose else self.each,
            self.weights,
        )

    def _stretched(self) -> set[int]:
        """Lectures with every stretch of the query, each in some window."""
        return set[int]().union(*(one.stretched() for one in self.holders))

    def _seen(self, lectures: Sequence[list[int]]) -> frozenset[int]:
        """The visible ones; the lists of several segments have none in common."""
        seen = self.visible.intersection(itertools.chain(*lectures))
        self.hidden = len(seen) < sum(map(len, lectures))
        return seen

    def _written(
        self, documents: Sequence[Array], matched: Sequence[Matched], complete: frozenset[int]
    ) -> frozenset[int]:
        """Those of the complete matches with the whole query as typed, or with its numerals in their one form."""
        if all(docs is one.docs for docs, one in zip(documents, matched, strict=True)):
            return complete
        lists = (_lectures(one.leaf, docs) for docs, one in zip(documents, matched, strict=True))
        return complete.intersection(itertools.chain(*lists))

    def _matched(self, holders: Holders) -> Matched:
        """Documents with every word and every phrase, and those with the complete query in any segmentation."""
        phrases = [(phrase, False) for phrase in self.question.quoted]
        docs = holders.both([*((word, True) for word in self.question.sought), *phrases])
        if not self.is_one_word:
            docs = union(holders.leaf, [docs, holders.literal, holders.equal])
        nothing = np.zeros(len(docs), np.float32)
        return Matched(holders.leaf, docs, nothing, nothing)

    def _ordered(self, holders: Holders, docs: Array, scores: Array) -> Matched:
        order = scores
        # A single character's presence in a lecture does not locate it.
        if not self.question.is_single and not self.question.phrases:
            for ids, worth in ((holders.equal, EQUAL), (holders.literal, LITERAL)):
                if len(ids):
                    order = order + np.float32(worth) * (ids is docs or holders.leaf.among(ids, docs))
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

    def _some_words(self) -> tuple[list[Matched], frozenset[int]]:
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
            docs = np.flatnonzero(scores > 0)  # of booleans: ten times as fast
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
        phrased = bool(self.question.phrases)
        found: list[list[Array]] = []
        for one in matched:
            if narrowed:
                one = one.of(wanted)
            if len(one.docs) > self.limit * 3:
                newest = one.leaf.lecture[one.docs] + one.order * LATER if phrased else one.order
                one = one.at(_strongest(newest, self.limit * 3))
            found.append([one.order, one.scores, *(one.leaf.numbers[name].take(one.docs) for name in PLACE)])
        columns = found[0] if len(found) == 1 else [np.concatenate(parts) for parts in zip(*found, strict=True)]
        if not columns:
            return []
        order, scores, lecture, item, first, last = columns
        ranks = np.lexsort((~lecture, -order))  # windows of a lecture that are equally good stay as they are in it
        kept: list[int] = []
        seen: dict[int, int] = {}
        each = self.limit if phrased else self.each
        for rank, lecture_id in zip(ranks.tolist(), lecture.take(ranks).tolist(), strict=True):
            seen[lecture_id] = times = seen.get(lecture_id, 0) + 1
            if times <= each:
                kept.append(rank)
                if len(kept) == self.limit:
                    break
        best = (column[kept].tolist() for column in (lecture, item, first, last, scores))
        return list(map(Hit._make, zip(*best, strict=True)))

    def _named(self, hits: Iterable[Hit]) -> dict[int, float]:
        """Score of words in the names of the hits' lectures."""
        named: dict[int, float] = {}
        shown = {hit.lecture_id for hit in hits}
        for holders in self.holders:
            for word, sought in zip(self.question.words, self.question.sought, strict=True):
                for lecture in shown.intersection(holders.leaf.lecture[holders.named(sought)].tolist()):
                    named[lecture] = named.get(lecture, 0.0) + self.weights[word] * NAMED
        return named


def _lectures(leaf: Leaf, docs: Array) -> list[int]:
    """Each once."""
    found: list[int] = once_each(leaf.lecture.take(docs)).tolist()
    return found


def _strongest(scores: Array, count: int) -> Array:
    """Indexes of the highest scores, ascending; there are more than so many."""
    return np.sort(np.argpartition(scores, len(scores) - count)[-count:])


def together(leaf: Leaf, words: Iterable[str]) -> int:
    """Number of documents with all the words, in the window or in a name."""
    inside = None
    for word in words:
        here = np.zeros(len(leaf.lecture), np.bool_)
        for field in ("w", "t"):
            here[leaf.postings(field, word)[0]] = True
        inside = here if inside is None else inside & here
    return 0 if inside is None else int(np.count_nonzero(inside))
