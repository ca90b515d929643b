"""Rules of speech recognition: silences to pieces, recognised lines to captions, error rate. Pure."""

import dataclasses
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from academy.core.text import normal_form
from academy.media.captions.caption_files import CueText, sentences_over

LONGEST_PIECE_MS = 20_000
SHORTEST_PIECE_MS = 300
LONGEST_CUE_MS = 7_000
LONGEST_TEXT = 2_000_000
"""Maximum characters compared; a lecture of three hours has about forty thousand."""
MOST_WIDE = 28
"""Chinese characters in one caption; a Latin letter counts half."""

_SILENCE = re.compile(r"silence_(start|end): (-?[\d.]+)")
_STOPS = "。！？；!?;.…"
_PAUSES = "，、,：:"


def silences(log: str) -> list[tuple[int, int]]:
    """Silent stretches from the output of ffmpeg's `silencedetect`; an open end is 1 << 40."""
    found: list[tuple[int, int]] = []
    start = 0
    for kind, text in _SILENCE.findall(log):
        at = max(0, round(float(text) * 1000))
        if kind == "start":
            start = at
            found.append((at, 1 << 40))
        elif found:
            found[-1] = (start, at)
    return found


def pieces(
    quiet: Sequence[tuple[int, int]], duration_ms: int, longest_ms: int = LONGEST_PIECE_MS
) -> list[tuple[int, int]]:
    """Stretches between silences, padded, neighbours joined up to `longest_ms`, longer ones cut evenly."""
    kept: list[tuple[int, int]] = []
    at = 0
    for start, end in [*quiet, (duration_ms, duration_ms)]:
        low, high = max(0, at - 200), min(duration_ms, start + 200)
        if start - at >= SHORTEST_PIECE_MS:
            if kept and high - kept[-1][0] <= longest_ms:
                kept[-1] = (kept[-1][0], high)
            else:
                kept.append((max(low, kept[-1][1] if kept else 0), high))
        at = min(duration_ms, end)
    cut: list[tuple[int, int]] = []
    for start, end in kept:
        parts = -(-(end - start) // longest_ms)
        edges = [start + (end - start) * n // parts for n in range(parts + 1)]
        cut.extend(itertools.pairwise(edges))
    return cut


@dataclasses.dataclass(frozen=True)
class TimedWord:
    """A word with its time and the engine's confidence."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float


def to_cues(recognised: Iterable[dict[str, Any]]) -> list[CueText]:
    """Captions of readable length, from the lines of `recogniser.py`."""
    made: list[CueText] = []
    for one in recognised:
        words = [TimedWord(*word) for word in one["words"]]
        if words:
            made.extend(_from_words(words))
        elif one["text"]:
            lines = sentences_over(one["text"], one["start"], one["end"], most=MOST_WIDE)
            made.extend(dataclasses.replace(cue, confidence=one["confidence"]) for cue in lines)
    return made


def _from_words(words: Sequence[TimedWord]) -> list[CueText]:
    groups: list[list[TimedWord]] = [[]]
    for word in words:
        text = "".join(w.text for w in groups[-1])
        full = wide(text + word.text) > MOST_WIDE or (
            groups[-1] and word.end_ms - groups[-1][0].start_ms > LONGEST_CUE_MS
        )
        ended = text.rstrip().endswith(tuple(_STOPS)) or (
            text.rstrip().endswith(tuple(_PAUSES)) and wide(text) > MOST_WIDE / 2
        )
        if groups[-1] and (full or ended):
            groups.append([])
        groups[-1].append(word)
    return [
        CueText(
            group[0].start_ms,
            max(group[-1].end_ms, group[0].start_ms + 100),
            "".join(word.text for word in group).strip(),
            round(sum(word.confidence for word in group) / len(group), 3),
        )
        for group in groups
        if "".join(word.text for word in group).strip()
    ]


def wide(text: str) -> float:
    """Width of a text, in Chinese characters."""
    return sum(1.0 if ord(c) > 0x2E7F else 0.5 for c in text)


def plain(text: str) -> str:
    """Letters and digits only, of one width and case: the basis of an error rate."""
    return "".join(c for c in normal_form(text, LONGEST_TEXT).casefold() if c.isalnum())


def distance(a: str, b: str) -> int:
    """Edits between two texts (insert, remove, replace), by Myers' bit vectors as long integers."""
    if not a:
        return len(b)
    places: dict[str, int] = {}
    for at, letter in enumerate(a):
        places[letter] = places.get(letter, 0) | 1 << at
    full, top = (1 << len(a)) - 1, 1 << (len(a) - 1)
    plus, minus, edits = full, 0, len(a)
    for letter in b:
        here = places.get(letter, 0)
        across = (((here & plus) + plus) ^ plus) | here | minus
        up, down = minus | (~(across | plus) & full), plus & across
        edits += bool(up & top) - bool(down & top)
        up, down = (up << 1 | 1) & full, (down << 1) & full
        plus, minus = down | (~((here | minus) | up) & full), up & (here | minus)
    return edits


def character_error_rate(hypothesis: str, truth: str) -> tuple[int, int, float]:
    """Edits, characters of the reference, and their quotient: the character error rate."""
    recognised, right = plain(hypothesis), plain(truth)
    edits = distance(recognised, right)
    return edits, len(right), round(edits / max(1, len(right)), 4)
