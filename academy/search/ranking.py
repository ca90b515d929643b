"""The second look: the best windows again, read closely; which lines to offer; what to mark. Pure."""

import itertools
import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from academy.search.lectures import LectureLine, join
from academy.search.literal import RUNS, WHOLE, Literal, Text, spans
from academy.search.query_parser import PAIR, Query
from academy.search.text import is_han, normalise, spelled

K1, B = 0.8, 0.3
"""BM25's saturation and length: windows are about equally long, and a word said once says nearly all."""
PHRASE, LEVEL = 10.0, 1000.0
"""What a line is worth for a quoted phrase in it, and for holding all that was typed: more than any words."""
ALONE = WHOLE + 1
"""The level of a line that is nothing but what was typed."""
UNKNOWN = 1.0
"""What a word weighs of which the index gives no rarity."""
SIGNS = r"[^\w]*+"


def closeness(question: Query, weights: Mapping[str, float], texts: Sequence[str]) -> list[float]:
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


def says_phrases(question: Query, texts: Sequence[Text]) -> bool:
    """Whether every quoted phrase is in one of the texts, whatever punctuation or line end is between."""
    return all(any(text.holds(phrase) for text in texts) for phrase in map(Literal, question.phrases))


@dataclass(frozen=True)
class Marked:
    """Text in pieces; the marked ones are what was searched."""

    pieces: tuple[tuple[str, bool], ...]

    @property
    def plain(self) -> str:
        return "".join(text for text, _ in self.pieces)


def mark(text: str, question: Query) -> Marked:
    """Mark what was typed wherever it stands, in the spelling that the text has; else its words."""
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
    """A line and how well it answers."""

    line: LectureLine
    score: float
    level: int = 0
    """How it holds what was typed (`literal`)."""


def score_lines(question: Query, weights: Mapping[str, float], lines: Sequence[LectureLine]) -> list[Scored]:
    """Lines that hold something of the question, with what they hold, in their order.

    What was typed may begin in one line and end in the next: the line where it begins has it. A line that only
    shares one character with a longer question has nothing of it.
    """
    texts = [normalise(line.text) for line in lines]
    levels = _levels(question, lines, texts)
    words = [Word(one, weights.get(name, 1.0)) for name, one in zip(question.words, question.sought, strict=True)]
    variously = [word for word in words if word.sought.is_written_variously]
    if variously:
        everything = Text(join(line.text for line in lines))
        variously = [word for word in variously if everything.holds(word.sought)]
    characters = {character for word in question.words for character in word if is_han(character)}
    found = []
    for line, text, level in zip(lines, texts, levels, strict=True):
        held = [word for word in words if word.stands_in(text)]
        if variously:
            own = Text(line.text)
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
    """A word of a question, as it must stand in a line: a Latin word not inside another one, though its end may
    follow (lecture, lectures), and a number not inside another number."""

    def __init__(self, sought: Literal, weight: float) -> None:
        self.sought, self.weight = sought, weight
        self._normal = normalise(sought.typed)
        self._pattern: re.Pattern[str] | None = None
        if not is_han(self._normal):
            end = r"(?!\.?[0-9])" if self._normal[-1:].isdigit() else ""
            # Signs may stand between two letters or digits, never where a sign is looked for: no place is tried twice.
            signs = ["", *(SIGNS if a.isalnum() and b.isalnum() else "" for a, b in itertools.pairwise(sought.plain))]
            body = zip(signs, sought.plain, strict=True)
            self._pattern = re.compile(
                r"(?<![0-9a-z])(?<![0-9]\.)" + "".join(sign + re.escape(character) for sign, character in body) + end
            )

    def stands_in(self, text: str) -> bool:
        """Whether it is there as it was typed, in a normal text."""
        if self._normal not in text:
            return False
        return self._pattern is None or self._pattern.search(text) is not None

    def stands_otherwise_in(self, text: Text) -> bool:
        """Whether it is there with other signs between its characters, or with other numerals."""
        if self.sought.is_counted and self.sought.counted in text.counted:
            return True
        if self._pattern is not None:
            return self._pattern.search(text.normal) is not None
        return self.sought.plain in text.plain


def _levels(question: Query, lines: Sequence[LectureLine], texts: Sequence[str]) -> list[int]:
    """How each line holds what was typed: 0 for most."""
    whole = question.whole
    if not whole.plain or not lines:
        return [0] * len(lines)
    levels = [Text(text).level(whole) if whole.raw in text else 0 for text in texts]
    joined = join(line.text for line in lines)
    everything = Text(joined)
    # Written with other signs, with spaces between, across the end of a line: only a few lines are looked at so.
    if sum(text.count(whole.raw) for text in texts) < everything.count(whole):
        ends: list[int] = []
        for line in lines:
            ends.append(joined.find(line.text, ends[-1] if ends else 0) + len(line.text))
        for start, stop in spans(joined, [whole]):
            place = bisect_right(ends, start)
            # With its neighbours, which tell whether it is a part of a longer word.
            around = Text(joined[max(0, start - 1) : stop + 1])
            levels[place] = max(levels[place], around.level(whole))
    if len(question.runs) > 1:
        characters = [spelled(run.plain) for run in question.runs if not run.is_counted]
        for place, text in enumerate(texts):
            if levels[place] < RUNS and all(c in text for run in characters for c in run):
                levels[place] = max(levels[place], question.level([Text(lines[place].text)]))
    return [
        ALONE if level and Text(line.text).plain == whole.plain else level
        for level, line in zip(levels, lines, strict=True)
    ]


def best_lines(scored: Sequence[Scored], count: int = 3) -> list[LectureLine]:
    """The best, none right beside another that is offered already, in the order they are said."""
    chosen: list[LectureLine] = []
    for candidate in sorted(scored, key=lambda s: (-s.score, s.line.seq)):
        if all(abs(candidate.line.seq - line.seq) > 1 for line in chosen):
            chosen.append(candidate.line)
            if len(chosen) == count:
                break
    return sorted(chosen, key=lambda line: line.seq)
