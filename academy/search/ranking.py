"""The second look: the best windows again, read closely; which lines to offer; what to mark. Pure."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from academy.search.lectures import Line, join
from academy.search.question import Question
from academy.search.text import normalise, normalise_mapped, squeeze

K1, B = 0.8, 0.3
"""BM25's saturation and length: windows are about equally long, and a word said once says nearly all."""
UNKNOWN = 1.0
"""What a word weighs of which the index gives no rarity."""


def closeness(question: Question, weights: Mapping[str, float], texts: Sequence[str]) -> list[float]:
    """How well each normal text answers: BM25 over the question's words, by their rarity in the library, and
    over its pairs of characters, by their rarity among these texts.

    Words say what is meant, pairs how it is put: they meet where a question is cut into other words
    than the lecture, and among texts that all hold the words they tell the one that says it alike.
    """
    scores = [0.0] * len(texts)
    mean = sum(map(len, texts)) / max(1, len(texts)) or 1.0
    norms = [K1 * (1 - B + B * len(text) / mean) for text in texts]
    terms: list[tuple[str, float | None]] = [(word, weights.get(word, UNKNOWN)) for word in question.words]
    terms += [(pair, None) for pair in question.pairs]
    for term, weight in terms:
        counts = [text.count(term) for text in texts]
        holders = len(texts) - counts.count(0)
        if holders:
            rarity = math.log(1 + (len(texts) - holders + 0.5) / (holders + 0.5)) if weight is None else weight
            for number, n in enumerate(counts):
                if n:
                    scores[number] += rarity * (K1 + 1) * n / (n + norms[number])
    return scores


def holds_phrases(question: Question, lines: Iterable[Line]) -> bool:
    """Whether every quoted phrase is said in these lines, whatever punctuation or line end is between."""
    return says_phrases(question, normalise(join(line.text for line in lines)))


def says_phrases(question: Question, normal: str) -> bool:
    """Whether every quoted phrase is in a normal text."""
    text = squeeze(normal)
    return all(phrase in text for phrase in question.phrases)


def holding(question: Question, abouts: Mapping[int, str]) -> list[int]:
    """Lectures whose names or summary hold every quoted phrase."""
    return [number for number, text in abouts.items() if says_phrases(question, normalise(text))]


@dataclass(frozen=True)
class Marked:
    """Text in pieces; the marked ones are what was searched."""

    pieces: tuple[tuple[str, bool], ...]

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.pieces)


def mark(text: str, sought: Iterable[str]) -> Marked:
    """Mark every occurrence of what is sought, in the spelling that the text has."""
    words = sorted({word for word in sought if word}, key=len, reverse=True)
    if not words:
        return Marked(((text, False),))
    normal, places = normalise_mapped(text)
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in re.finditer("|".join(map(re.escape, words)), normal):
        start, stop = places[match.start()], places[match.end()]
        if start < end:
            continue
        if start > end:
            pieces.append((text[end:start], False))
        if pieces and pieces[-1][1] and start == end:
            pieces[-1] = (pieces[-1][0] + text[start:stop], True)
        else:
            pieces.append((text[start:stop], True))
        end = stop
    if end < len(text):
        pieces.append((text[end:], False))
    return Marked(tuple(pieces))


@dataclass(frozen=True, slots=True)
class Scored:
    """A line and how well it answers."""

    line: Line
    score: float


def score_lines(question: Question, weights: dict[str, float], lines: Sequence[Line]) -> list[Scored]:
    """Lines that hold something of the question, with what they hold."""
    wanted = [(word, weights.get(word, 1.0)) for word in question.words]
    wanted += [(phrase, 10.0) for phrase in question.phrases]
    pairs = [(pair, 0.5) for pair in question.pairs]
    found = []
    for line in lines:
        text = normalise(line.text)
        words = sum(weight for word, weight in wanted if word in text)
        if words:
            found.append(Scored(line, words + sum(weight for pair, weight in pairs if pair in text)))
    return found


def best_lines(scored: Sequence[Scored], count: int = 3) -> list[Line]:
    """The best, none right beside another that is offered already, in the order they are said."""
    chosen: list[Line] = []
    for candidate in sorted(scored, key=lambda s: (-s.score, s.line.seq)):
        if all(abs(candidate.line.seq - line.seq) > 1 for line in chosen):
            chosen.append(candidate.line)
            if len(chosen) == count:
                break
    return sorted(chosen, key=lambda line: line.seq)
