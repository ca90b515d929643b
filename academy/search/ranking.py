"""Re-ranking: reads the best windows again; chooses lines and highlights. Pure."""

import itertools
import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from academy.search.lectures import LectureLine, join
from academy.search.literal import RUNS, WHOLE, Literal, LiteralText, spans
from academy.search.query_parser import PAIR, Query
from academy.search.text import is_han, normalise, spelled

K1, B = 0.8, 0.3
"""BM25's k1 and length: windows have similar lengths, and one occurrence is nearly as good as several."""
PHRASE, LEVEL = 10.0, 1000.0
"""Score of a line for a quoted phrase, and for the complete query: above any words."""
ALONE = WHOLE + 1
"""Level of a line that is exactly the query."""
UNKNOWN = 1.0
"""Weight of a word without a rarity from the index."""
SIGNS = r"[^\w]*+"


def closeness(question: Query, weights: Mapping[str, float], texts: Sequence[str]) -> list[float]:
    """Score of each normal text: BM25 over the query's words, by their rarity in the library, and over its pairs of
    characters, by their rarity among these texts.

    Words stand for the meaning, pairs for the wording: pairs match where query and lecture are segmented differently,
    and distinguish among texts with all the words the one with the same wording.
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


def contains_phrases(question: Query, texts: Sequence[LiteralText]) -> bool:
    """Whether every quoted phrase is in one of the texts, ignoring punctuation and line ends."""
    return all(any(text.holds(phrase) for text in texts) for phrase in question.quoted)


@dataclass(frozen=True)
class Marked:
    """Text in pieces, some of them highlighted."""

    pieces: tuple[tuple[str, bool], ...]

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.pieces)


def mark(text: str, question: Query) -> Marked:
    """Highlight the complete query where it occurs, in the text's spelling; else its words."""
    found = sorted((start, -stop) for start, stop in spans(text, question.marked))
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in ((start, -stop) for start, stop in found):
        if stop <= end:
            continue
        if start > end or not pieces:
            if start > end:
                pieces.append((text[end:start], False))
            pieces.append((text[start:stop], True))
        else:
            before, marked = pieces[-1]
            pieces[-1:] = [(before + text[end:stop], True)] if marked else [(before, False), (text[end:stop], True)]
        end = stop
    if end < len(text) or not text:
        pieces.append((text[end:], False))
    return Marked(tuple(pieces))


@dataclass(frozen=True, slots=True)
class Scored:
    """A line and its score."""

    line: LectureLine
    score: float
    level: int = 0
    """Quality of the literal match (`literal`)."""


def score_lines(question: Query, weights: Mapping[str, float], lines: Sequence[LectureLine]) -> list[Scored]:
    """Lines that match, with what they contain, in their order.

    The query may begin in one line and end in the next: it counts for the first. A line that only shares one character
    with a longer query does not match.
    """
    texts = [normalise(line.text) for line in lines]
    levels = _levels(question, lines, texts)
    words = [Word(one, weights.get(name, 1.0)) for name, one in zip(question.words, question.sought, strict=True)]
    variously = [word for word in words if word.sought.is_written_variously]
    if variously:
        everything = LiteralText(join(line.text for line in lines))
        variously = [word for word in variously if everything.holds(word.sought)]
    characters = {character for word in question.words for character in word if is_han(character)}
    found = []
    for line, text, level in zip(lines, texts, levels, strict=True):
        held = [word for word in words if word.stands_in(text)]
        if variously:
            own = LiteralText(line.text)
            held += [word for word in variously if word not in held and word.stands_otherwise_in(own)]
        phrases = sum(phrase in text for phrase in question.phrases)
        if not held and not level and not phrases:
            continue
        if level or phrases or any(len(word.sought.plain) > 1 for word in held) or len(characters & {*text}) > 1:
            alike = sum(PAIR for pair in question.pairs if pair in text)
            worth = sum(word.weight for word in held) + PHRASE * phrases
            found.append(Scored(line, worth + alike + LEVEL * level, level))
    return found


class Word:
    """A word of a query, to be matched in a line: a Latin word not inside another one, though a suffix may follow
    (lecture, lectures), and a number not inside another number."""

    def __init__(self, sought: Literal, weight: float) -> None:
        self.sought, self.weight = sought, weight
        self._normal = normalise(sought.typed)
        self._pattern: re.Pattern[str] | None = None
        if not is_han(self._normal):
            end = r"(?!\.?[0-9])" if self._normal[-1:].isdigit() else ""
            # Symbols may be between two letters or digits, never where a symbol is searched: linear, no position is
            # tried twice.
            signs = ["", *(SIGNS if a.isalnum() and b.isalnum() else "" for a, b in itertools.pairwise(sought.plain))]
            body = zip(signs, sought.plain, strict=True)
            self._pattern = re.compile(
                r"(?<![0-9a-z])(?<![0-9]\.)" + "".join(sign + re.escape(character) for sign, character in body) + end
            )

    def stands_in(self, text: str) -> bool:
        """Whether it occurs as typed, in a normal text."""
        if self._normal not in text:
            return False
        return self._pattern is None or self._pattern.search(text) is not None

    def stands_otherwise_in(self, text: LiteralText) -> bool:
        """Whether it occurs with other symbols between its characters, or with other numerals."""
        if self.sought.is_counted and self.sought.counted in text.counted:
            return True
        if self._pattern is not None:
            return self._pattern.search(text.normal) is not None
        return self.sought.plain in text.plain


def _levels(question: Query, lines: Sequence[LectureLine], texts: Sequence[str]) -> list[int]:
    """Quality of each line's literal match: 0 for most."""
    whole = question.whole
    if not whole.plain or not lines:
        return [0] * len(lines)
    levels = [LiteralText(text).level(whole) if whole.raw in text else 0 for text in texts]
    joined = join(line.text for line in lines)
    everything = LiteralText(joined)
    # With other symbols, with spaces between, across the end of a line: checked for a few lines only.
    if sum(text.count(whole.raw) for text in texts) < everything.count(whole):
        ends: list[int] = []
        for line in lines:
            ends.append(joined.find(line.text, ends[-1] if ends else 0) + len(line.text))
        for start, stop in spans(joined, [whole]):
            place = bisect_right(ends, start)
            # With its neighbours, which show whether it is part of a longer word.
            around = LiteralText(joined[max(0, start - 1) : stop + 1])
            levels[place] = max(levels[place], around.level(whole))
    if len(question.runs) > 1:
        characters = [spelled(run.plain) for run in question.runs if not run.is_counted]
        for place, text in enumerate(texts):
            if levels[place] < RUNS and all(c in text for run in characters for c in run):
                levels[place] = max(levels[place], question.level([LiteralText(lines[place].text)]))
    return [
        ALONE if level and LiteralText(line.text).plain == whole.plain else level
        for level, line in zip(levels, lines, strict=True)
    ]


def best_lines(scored: Sequence[Scored], count: int = 3) -> list[LectureLine]:
    """The best lines, none adjacent to another chosen one, in their order."""
    chosen: list[LectureLine] = []
    for candidate in sorted(scored, key=lambda s: (-s.score, s.line.seq)):
        if all(abs(candidate.line.seq - line.seq) > 1 for line in chosen):
            chosen.append(candidate.line)
            if len(chosen) == count:
                break
    return sorted(chosen, key=lambda line: line.seq)
