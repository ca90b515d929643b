"""A lecture as indexed, and its division into windows. Pure."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from academy.search.text import is_han

WINDOW_MS = 60_000
OVERLAP = 12
"""Minimum characters shared by neighbouring windows: a text of this length is always found in one."""


@dataclass(frozen=True, slots=True)
class LectureLine:
    """One cue with its time ``[start_ms, end_ms)``; or a sentence of a document's page."""

    seq: int
    start_ms: int
    end_ms: int
    text: str
    page: int = 0
    """From 1 in a document; 0 in a transcript."""


@dataclass(frozen=True)
class LecturePart:
    """One item of a lecture, with its lines (none for an item without text)."""

    item_id: int
    title: str
    lines: list[LectureLine] = field(default_factory=list)


@dataclass(frozen=True)
class Lecture:
    """Unit of indexing: a published course with all its text."""

    lecture_id: int
    title: str
    lecturer: str = ""
    category: str = ""
    summary: str = ""
    parts: list[LecturePart] = field(default_factory=list)

    def digest(self) -> int:
        """48 bits over its content: detects an outdated index entry."""
        state = hashlib.blake2b(digest_size=6)
        for text in (self.title, self.lecturer, self.category, self.summary):
            state.update(text.encode() + b"\0")
        for part in self.parts:
            state.update(f"{part.item_id}\0{part.title}\0".encode())
            for line in part.lines:
                state.update(f"{line.seq} {line.start_ms} {line.text}\0".encode())
        return int.from_bytes(state.digest())


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive lines of about a minute: the unit of ranking."""

    item_id: int
    first: int
    last: int
    text: str


def join(texts: Iterable[str]) -> str:
    """Lines as one text: a word continued in the next line stays a word, two Latin words stay two."""
    whole = ""
    for text in texts:
        glue = " " if whole[-1:].isalnum() and text[:1].isalnum() and not (is_han(whole[-1]) or is_han(text[0])) else ""
        whole += glue + text
    return whole


def windows(part: LecturePart, span_ms: int = WINDOW_MS) -> Iterator[Window]:
    """Windows of a minute; each begins with the last line of the one before.

    The overlap is for text across a boundary: very short lines overlap by several, and lines longer than a minute form
    pairs. A window does not cross a page.
    """
    lines = part.lines
    start = 0
    while start < len(lines):
        end = _least(lines, start)
        while end < len(lines) and _fits(lines[start], lines[end], span_ms):
            end += 1
        yield Window(part.item_id, lines[start].seq, lines[end - 1].seq, join(line.text for line in lines[start:end]))
        if end >= len(lines):
            return
        start = _overlap(lines, start, end) if lines[end].page == lines[start].page else end


def _least(lines: Sequence[LectureLine], start: int) -> int:
    """Earliest end of a window: after its second line, and when two overlaps fit in."""
    end, size = start + 1, len(lines[start].text)
    while end < len(lines) and lines[end].page == lines[start].page and (end == start + 1 or size < 2 * OVERLAP):
        size += len(lines[end].text)
        end += 1
    return end


def _overlap(lines: Sequence[LectureLine], start: int, end: int) -> int:
    """Start of the window after one."""
    place = end - 1
    while place - 1 > start and sum(len(line.text) for line in lines[place:end]) < OVERLAP:
        place -= 1
    return place


def _fits(first: LectureLine, last: LectureLine, span_ms: int) -> bool:
    return last.end_ms - first.start_ms <= span_ms and last.page == first.page
