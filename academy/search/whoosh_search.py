"""One question to a Whoosh index: arrays over all documents of a segment, a few passes over each."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from academy.search.backend import Found, Hit
from academy.search.question import EACH, GOOD, NAMED, PAIR, RAREST, SENTENCE, Question
from academy.search.text import bucket, pairs
from academy.search.whoosh_fields import PAIRS
from academy.search.whoosh_view import K1, NOTHING, Leaf, View

Array = Any


@dataclass
class Matched:
    """Documents of a segment that match, ascending, with their scores."""

    leaf: Leaf
    docs: Array
    scores: Array

    def lectures(self) -> set[int]:
        return set(_runs(self.leaf.lecture[self.docs]).tolist())

    def of(self, lectures: Set[int]) -> Matched:
        """Those documents that belong to these lectures."""
        wanted = np.fromiter(lectures, np.uint32, len(lectures))
        kept = np.isin(self.leaf.lecture[self.docs], wanted)
        return Matched(self.leaf, self.docs[kept], self.scores[kept])


class WhooshSearch:
    """One question."""

    def __init__(self, view: View, question: Question, visible: Set[int], allowed: Set[int] | None, limit: int) -> None:
        self.view, self.question, self.visible, self.allowed, self.limit = view, question, visible, allowed, limit
        words = question.words
        if len(words) < SENTENCE:
            # Their postings will be read anyway.
            lists = {word: [leaf.postings(field, word) for leaf in view.leaves for field in "wt"] for word in words}
            self.counts = {word: sum(len(docs) for docs, _ in found) for word, found in lists.items()}
        else:
            self.counts = {word: view.frequency("w", word) + view.frequency("t", word) for word in words}
        self.hidden = False
        """Whether something matches that may not be seen or is too weak."""
        self.weights = {word: view.rarity(count) for word, count in self.counts.items()}

    def run(self) -> Found:
        matched = [self._every_word(leaf) for leaf in self.view.leaves]
        lectures = self._lectures(matched)
        relaxed = not lectures
        if self.question.is_loose(len(lectures)):
            looked, more = self._some_words()
            lectures |= more
            self.hidden = True
        else:
            looked = [self._scored(one) for one in matched]
        wanted = lectures if self.allowed is None else lectures & self.allowed
        hits = self._best(looked, wanted, self.hidden or len(wanted) < len(lectures))
        return Found(hits, frozenset(lectures), self._named(hits), relaxed and bool(lectures), self.weights)

    def _lectures(self, matched: Iterable[Matched]) -> set[int]:
        found: set[int] = set()
        for one in matched:
            found |= one.lectures()
        self.hidden = not found <= self.visible
        return found & self.visible

    def _every_word(self, leaf: Leaf) -> Matched:
        """Documents with every word, said there or standing in the lecture's name, and every pair of the phrases."""
        said = (*self.question.words, *self.question.exact)
        lists = [(leaf.postings("w", word), leaf.postings("t", word)) for word in said]
        for phrase in self.question.phrases:
            lists += [(leaf.postings(PAIRS, bucket(pair)), NOTHING) for pair in dict.fromkeys(pairs(phrase))]
        lists.sort(key=lambda both: len(both[0][0]) + len(both[1][0]))
        docs = None
        for words, names in lists:
            if docs is None:
                docs = np.union1d(words[0], leaf.of_cards(names[0])) if len(names[0]) else words[0]
                continue
            here = leaf.times(words, docs) > 0
            if len(names[0]):
                here |= leaf.times(names, leaf.card[docs]) > 0
            docs = docs[here]
            if not len(docs):
                break
        docs = NOTHING[0] if docs is None else docs
        return Matched(leaf, docs, np.zeros(len(docs), np.float32))

    def _scored(self, matched: Matched) -> Matched:
        leaf, docs = matched.leaf, matched.docs
        scores = matched.scores
        if not len(docs):
            return matched
        for word in self.question.words:
            here = leaf.times(leaf.postings("w", word), docs)
            scores = scores + self.weights[word] * (K1 + 1) * here / (here + leaf.norm[docs])
            names = leaf.postings("t", word)
            if len(names[0]):
                scores += np.float32(self.weights[word] * NAMED) * (leaf.times(names, leaf.card[docs]) > 0)
        return Matched(leaf, docs, scores)

    def _add_words(self, leaf: Leaf, words: Iterable[str], scores: Array) -> None:
        for word in words:
            docs, times = leaf.postings("w", word)
            scores[docs] += self.weights[word] * (K1 + 1) * times / (times + leaf.norm[docs])
            scores[leaf.of_cards(leaf.postings("t", word)[0])] += self.weights[word] * NAMED

    def _some_words(self) -> tuple[list[Matched], set[int]]:
        """Documents with some of the words: the rarest words and pairs of characters, each worth its rarity.

        Pairs find what was cut into other words in the question than in the lecture. Only what has a good
        part of the best document's worth counts as found: common words alone say nothing.
        """
        known = (word for word in self.question.words if self.counts[word])
        words = sorted(known, key=lambda word: self.counts[word])[:RAREST]
        tokens = {bucket(pair) for pair in self.question.pairs}
        frequent = {token: n for token in tokens if (n := self.view.frequency(PAIRS, token))}
        rarest = sorted(frequent, key=lambda token: (frequent[token], token))[:RAREST]
        found = []
        for leaf in self.view.leaves:
            scores = np.zeros(len(leaf.lecture), np.float32)
            self._add_words(leaf, words, scores)
            for token in rarest:
                scores[leaf.postings(PAIRS, token)[0]] += PAIR * self.view.rarity(frequent[token])
            docs = np.flatnonzero(scores)
            found.append(Matched(leaf, docs, scores[docs]))
        best = max((float(one.scores.max()) for one in found if len(one.docs)), default=0.0)
        good = []
        for one in found:
            kept = one.scores >= GOOD * best
            good.append(Matched(one.leaf, one.docs[kept], one.scores[kept]))
        return found, self._lectures(good)

    def _best(self, matched: Iterable[Matched], wanted: Set[int], narrowed: bool) -> list[Hit]:
        """The strongest documents, at most two of a lecture; with a phrase all of a lecture, the newest lecture
        first, because each must be read."""
        hits: list[Hit] = []
        for one in matched:
            if narrowed:
                one = one.of(wanted)
            chosen = _strongest(one.leaf.lecture[one.docs] if self.question.phrases else one.scores, self.limit * 3)
            hits += one.leaf.hits(one.docs[chosen], one.scores[chosen])
        if self.question.phrases:
            hits.sort(key=lambda hit: (-hit.lecture_id, hit.item_id, hit.first))
            return hits[: self.limit]
        hits.sort(key=lambda hit: (-hit.score, -hit.lecture_id, hit.first))
        kept: list[Hit] = []
        seen: dict[int, int] = {}
        for hit in hits:
            seen[hit.lecture_id] = times = seen.get(hit.lecture_id, 0) + 1
            if times <= EACH:
                kept.append(hit)
        return kept[: self.limit]

    def _named(self, hits: Iterable[Hit]) -> dict[int, float]:
        """What is worth of the hits' lectures that words stand in their names."""
        named: dict[int, float] = {}
        shown = {hit.lecture_id for hit in hits}
        for leaf in self.view.leaves:
            for word in self.question.words:
                for lecture in shown.intersection(leaf.lecture[leaf.postings("t", word)[0]].tolist()):
                    named[lecture] = named.get(lecture, 0.0) + self.weights[word] * NAMED
        return named


def _runs(values: Array) -> Array:
    """Values without immediate repetition."""
    if len(values) < 2:
        return values
    kept = np.ones(len(values), np.bool_)
    kept[1:] = values[1:] != values[:-1]
    return values[kept]


def _strongest(scores: Array, count: int) -> Array:
    """Places of the highest scores."""
    if len(scores) <= count:
        return np.arange(len(scores))
    return np.argpartition(scores, len(scores) - count)[-count:]


def together(leaf: Leaf, words: Iterable[str]) -> int:
    """In how many documents all the words are, said or in a name."""
    inside = None
    for word in words:
        here = np.zeros(len(leaf.lecture), np.bool_)
        for field in ("w", "t"):
            here[leaf.postings(field, word)[0]] = True
        inside = here if inside is None else inside & here
    return 0 if inside is None else int(np.count_nonzero(inside))
