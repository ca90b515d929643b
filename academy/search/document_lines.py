"""Pages of documents as lines, so that documents are searched like transcripts. Pure."""

import re
from collections.abc import Iterable, Iterator

from academy.search.lectures import LectureLine, join

PACE_MS = 200
"""Reading time of a character in ms: five a second. Windows of a page are then as long as those of speech."""
LONGEST = 120
_FULL = 0.8
"""A row at least this long, relative to the page's longest, was wrapped at the margin; a shorter one is a line of its
own."""
_END = re.compile(r"(?<=[。！？!?；;])")
_ENDS = tuple("。！？!?；;：:")


def page_lines(pages: Iterable[tuple[int, str]]) -> list[LectureLine]:
    """Sentences of the pages (number from 1, text with a row a line), numbered through the document.

    Times continue from page to page, in reading time: they order and measure, and are not shown.
    """
    lines: list[LectureLine] = []
    clock = 0
    for number, text in pages:
        for sentence in _sentences(text):
            span = PACE_MS * len(sentence)
            lines.append(LectureLine(len(lines), clock, clock + span, sentence, number))
            clock += span
    return lines


def _sentences(text: str) -> Iterator[str]:
    for paragraph in _paragraphs(text.split("\n")):
        for sentence in _END.split(paragraph):
            sentence = sentence.strip()
            for start in range(0, len(sentence), LONGEST):
                yield sentence[start : start + LONGEST]


def _paragraphs(rows: list[str]) -> Iterator[str]:
    """Rows wrapped at the margin, joined again; items of a list stay apart."""
    rows = [row.strip() for row in rows if row.strip()]
    full = _FULL * max(map(len, rows), default=0)
    held: list[str] = []
    for row in rows:
        held.append(row)
        if len(row) < full or row.endswith(_ENDS):
            yield join(held)
            held = []
    if held:
        yield join(held)
