"""What was meant: pinyin read as words, and characters that sound right but are wrong.

Only asked when nothing has all the words; the answer is used only if the library has it.
"""

from collections.abc import Iterator

from academy.search.backend import SearchBackend
from academy.search.question import STOP, Question
from academy.search.sounds import is_pinyin, sound
from academy.search.text import Segmenter, is_han, normalise

LONGEST_WORD = 6
MOST_READINGS = 3
MOST_OFFERS = 12


def pinyin_words(text: str, index: SearchBackend) -> list[str]:
    """The text with what is typed in pinyin written in characters: likeliest first; none if there is no pinyin."""
    pieces = normalise(text).split()
    latin = [piece.replace("'", "") for piece in pieces]
    if not any(is_pinyin(piece) for piece in latin):
        return []
    offers: list[list[str]] = []
    number = 0
    while number < len(pieces):
        taken, words = _longest(latin, number, index)
        if taken:
            offers.append(words[:MOST_READINGS])
            number += taken
        else:
            offers.append([pieces[number]])
            number += 1
    best = [words[0] for words in offers]
    found = [" ".join(best)]
    for place, words in enumerate(offers):
        found += [" ".join([*best[:place], word, *best[place + 1 :]]) for word in words[1:]]
    return [reading for reading in found if reading != " ".join(pieces)][:MOST_OFFERS]


def _longest(pieces: list[str], start: int, index: SearchBackend) -> tuple[int, list[str]]:
    """The longest run of pieces that is one word of the library; else one piece read as several words."""
    for end in range(min(len(pieces), start + LONGEST_WORD), start, -1):
        joined = "".join(pieces[start:end])
        if all(is_pinyin(piece) for piece in pieces[start:end]):
            words = index.sounding([joined]).get(joined)
            if words and (end > start + 1 or len(joined) > 1):
                return end - start, [word for word, _ in words]
    if is_pinyin(pieces[start]):
        words_of = _cut(pieces[start], index)
        if words_of:
            return 1, [" ".join(words_of)]
    return 0, []


def _cut(letters: str, index: SearchBackend) -> list[str]:
    """Letters without spaces as the fewest words of the library, the more frequent of equals."""
    ends = [(i, j) for i in range(len(letters)) for j in range(i + 2, min(len(letters), i + 24) + 1)]
    heard = index.sounding({letters[i:j] for i, j in ends if is_pinyin(letters[i:j])})
    best: list[tuple[float, list[str]] | None] = [(0.0, [])] + [None] * len(letters)
    for i, j in sorted(ends):
        here, words = best[i], heard.get(letters[i:j])
        if here is None or not words:
            continue
        cost = here[0] + 1.0 + (2.0 if len(words[0][0]) == 1 else 0.0) + 1.0 / (1 + words[0][1])
        there = best[j]
        if there is None or cost < there[0]:
            best[j] = (cost, [*here[1], words[0][0]])
    last = best[-1]
    return last[1] if last else []


def repairs(text: str, segmenter: Segmenter, index: SearchBackend) -> list[str]:
    """The text with one stretch replaced by a word of the library that sounds the same, likeliest first."""
    normal = normalise(text)
    stretches = [(i, j) for i, j in _stretches(normal) if sound(normal[i:j])]
    heard = index.sounding({sound(normal[i:j]) for i, j in stretches})
    own = index.frequencies({normal[i:j] for i, j in stretches})
    offers: list[tuple[float, str]] = []
    cuts = _boundaries(normal, segmenter)
    for i, j in stretches:
        for word, documents in heard.get(sound(normal[i:j]), [])[:MOST_READINGS]:
            if word == normal[i:j] or len(word) != j - i or word in STOP:
                continue
            # A stretch that was cut as one word, or falls to pieces, is the likelier mistake; so is a longer one.
            gain = (documents + 1) / (own.get(normal[i:j], 0) + 1)
            whole = (i in cuts) + (j in cuts)
            offers.append((-(whole * 10 + (j - i) + min(gain, 1000) / 1000), normal[:i] + word + normal[j:]))
    return list(dict.fromkeys(offer for _, offer in sorted(offers)))[:MOST_OFFERS]


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


def near_terms(question: Question, index: SearchBackend, limit: int = 6) -> list[str]:
    """Words that the library has and that resemble what was asked: parts of it, and what sounds like it."""
    pieces = {question.normal[i:j] for i, j in _stretches(question.normal)}
    known = {word: n for word, n in index.frequencies(pieces | set(question.words)).items() if n and word not in STOP}
    heard = index.sounding({sound(piece) for piece in pieces} - {""})
    for words in heard.values():
        known |= dict(words[:2])
    return sorted(known, key=lambda word: (-len(word), -known[word], word))[:limit]
