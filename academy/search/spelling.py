"""Corrections: pinyin read as words, and homophones of wrong characters.

Used only when nothing has all the words; a correction must occur in the library. Of several the likeliest is the one
whose words occur together most often.
"""

import itertools
import math
import re
from collections.abc import Iterator, Sequence

from academy.search.backends.interface import SearchBackend
from academy.search.pinyin import is_pinyin, sound
from academy.search.query_parser import STOP, Query, parse
from academy.search.text import Segmenter, is_han, normalise

LONGEST_WORD = 6
MOST_READINGS, MOST_HOMOPHONES = 5, 12
MOST_PATHS = 48
MOST_OFFERS = 12
MOST_COUPLED = 4

COMMONEST = 1e6
# Interrogatives (什么, 哪些, 为什么) are typed correctly: replacing them by homophones makes nonsense.
_ASKING = re.compile(
    "|".join(map(re.escape, sorted((word for word in STOP if len(word) > 1 and is_han(word)), key=len, reverse=True)))
)

Path = tuple[float, tuple[str, ...]]
"""Unlikelihood, by the frequency of its words, and the words."""


def pinyin_words(text: str, index: SearchBackend) -> list[str]:
    """The text with its pinyin converted to characters: likeliest first; none if there is no pinyin."""
    pieces = [piece.replace("'", "") for piece in normalise(text).split()]
    if not any(is_pinyin(piece) for piece in pieces):
        return []
    runs = {
        (i, j): "".join(pieces[i:j])
        for i in range(len(pieces))
        for j in range(i + 1, min(len(pieces), i + LONGEST_WORD) + 1)
        if all(is_pinyin(piece) for piece in pieces[i:j])
    }
    homophones = index.sounding({letters for letters in runs.values() if len(letters) > 1})
    reached: list[list[Path]] = [[(0.0, ())], *([] for _ in pieces)]
    for i, piece in enumerate(pieces):
        paths = sorted(reached[i])[:MOST_PATHS]
        for j in range(i + 1, len(pieces) + 1):
            words = homophones.get(runs.get((i, j), ""), [])[:MOST_READINGS]
            if j == i + 1 and not words:
                cut = _cut(piece, index) if is_pinyin(piece) else []
                words = [(" ".join(cut) or piece, 0)]
            for word, documents in words:
                cost = -math.log((documents + 1) / COMMONEST)
                reached[j] += [(sofar + cost, (*before, word)) for sofar, before in paths]
    ranked = sorted(reached[-1])[:MOST_PATHS]
    readings = [words for _, words in ranked if list(words) != pieces]
    worth = _together([" ".join(words).split() for words in readings], index)
    order = sorted(range(len(readings)), key=lambda n: (-worth[n][0], -worth[n][1]))
    return [" ".join(readings[n]) for n in order][:MOST_OFFERS]


def _together(wordings: Sequence[Sequence[str]], index: SearchBackend) -> list[tuple[int, int]]:
    """For each wording, in how many texts all of it occurs together and, where none does, how many pairs of its words
    do."""
    whole = index.together(wordings)
    if any(whole):
        return [(count, 0) for count in whole]
    couples = {couple for words in wordings for couple in itertools.combinations(words[:MOST_COUPLED], 2)}
    known = dict(zip(couples, index.together([*couples]), strict=True))
    return [
        (0, sum(known[couple] > 0 for couple in itertools.combinations(words[:MOST_COUPLED], 2))) for words in wordings
    ]


def _cut(letters: str, index: SearchBackend) -> list[str]:
    """Letters without spaces as the fewest words of the library, the more frequent of equals."""
    ends = [(i, j) for i in range(len(letters)) for j in range(i + 2, min(len(letters), i + 24) + 1)]
    homophones = index.sounding({letters[i:j] for i, j in ends if is_pinyin(letters[i:j])})
    best: list[tuple[float, list[str]] | None] = [(0.0, [])] + [None] * len(letters)
    for i, j in sorted(ends):
        here, words = best[i], homophones.get(letters[i:j])
        if here is None or not words:
            continue
        cost = here[0] + 1.0 + (2.0 if len(words[0][0]) == 1 else 0.0) + 1.0 / (1 + words[0][1])
        there = best[j]
        if there is None or cost < there[0]:
            best[j] = (cost, [*here[1], words[0][0]])
    last = best[-1]
    return last[1] if last else []


def repairs(text: str, segmenter: Segmenter, index: SearchBackend) -> list[str]:
    """The text with one stretch replaced by a homophone from the library, likeliest first."""
    normal = normalise(text)
    asking = [(match.start(), match.end()) for match in _ASKING.finditer(normal)]
    stretches = [
        (i, j)
        for i, j in _stretches(normal)
        if sound(normal[i:j]) and not any(i < end and start < j for start, end in asking)
    ]
    homophones = index.sounding({sound(normal[i:j]) for i, j in stretches})
    own = index.frequencies({normal[i:j] for i, j in stretches})
    offers: list[tuple[float, str]] = []
    cuts = _boundaries(normal, segmenter)
    for i, j in stretches:
        for word, documents in homophones.get(sound(normal[i:j]), [])[:MOST_HOMOPHONES]:
            if word == normal[i:j] or len(word) != j - i or word in STOP:
                continue
            # A stretch that was segmented as one word, or into single characters, is the likelier mistake; so is a
            # longer one.
            gain = (documents + 1) / (own.get(normal[i:j], 0) + 1)
            whole = (i in cuts) + (j in cuts)
            offers.append((-(whole * 10 + (j - i) + min(gain, 1000) / 1000), normal[:i] + word + normal[j:]))
    # A word must not become a stop word (建立者是 as 建立这是): the rest would match more easily.
    typed = _size(_words(text, segmenter))
    cut = {offer: _words(offer, segmenter) for _, offer in sorted(offers)[: 2 * MOST_PATHS]}
    mended = [offer for offer, words in cut.items() if _size(words) >= typed][:MOST_PATHS]
    worth = _together([cut[offer] for offer in mended], index)
    # The order stays, except for wordings that never occur together.
    order = sorted(range(len(mended)), key=lambda n: (not worth[n][0], -worth[n][1]))
    return [mended[n] for n in order][:MOST_OFFERS]


def _words(text: str, segmenter: Segmenter) -> Sequence[str]:
    return parse(text, segmenter).words


def _size(words: Sequence[str]) -> int:
    return sum(map(len, words))


def _stretches(normal: str) -> Iterator[tuple[int, int]]:
    for i in range(len(normal)):
        for j in range(i + 2, min(len(normal), i + LONGEST_WORD) + 1):
            if not all(is_han(c) for c in normal[i:j]):
                break
            yield i, j


def _boundaries(normal: str, segmenter: Segmenter) -> set[int]:
    found, at = {0, len(normal)}, 0
    for word in segmenter.words(normal):
        at = normal.find(word, at)
        found |= {at, at + len(word)}
        at += len(word)
    return found


def near_terms(question: Query, index: SearchBackend, limit: int = 6) -> list[str]:
    """Words of the library similar to the query: parts of it, and homophones."""
    pieces = {question.normal[i:j] for i, j in _stretches(question.normal)}
    known = {word: n for word, n in index.frequencies(pieces | set(question.words)).items() if n and word not in STOP}
    homophones = index.sounding({sound(piece) for piece in pieces} - {""})
    for words in homophones.values():
        known |= dict(words[:2])
    return sorted(known, key=lambda word: (-len(word), -known[word], word))[:limit]
