"""WebVTT by the parsing algorithm of its standard (w3.org/TR/webvtt1, section 6.1), line by line. Pure.

Deviations only to lose nothing: times that a browser would silently ignore are parsed (no fraction, another arrow) or
refused with their line; a block without times, which a browser drops, is joined to the cue above it and counted.
"""

import dataclasses
from collections.abc import Sequence

from academy.media.captions.formats import markup
from academy.media.captions.formats.model import COMMENT, JOINED, UNTIMED, ParseFindings
from academy.media.captions.formats.timing import MOST, Timing, timing_of


def is_webvtt(text: str) -> bool:
    """Whether the file has the format's signature."""
    return text.startswith("WEBVTT") and text[6:7] in {"", " ", "\t", "\n"}


def _timing(line: str) -> Timing | None:
    """The times of a timing line; an arrow written as an entity is text here, as the format requires."""
    return None if "&gt;" in line[:MOST] else timing_of(line)


class _Block:
    """Lines up to a blank one, or up to a timing line that cannot belong to them."""

    def __init__(self, lines: Sequence[str], at: int, *, in_header: bool) -> None:
        self.first = at
        self.timing: Timing | None = None
        self.timing_at = at
        self.text: list[str] = []
        self.next = len(lines)
        for number in range(at, len(lines)):
            line = lines[number]
            timing = _timing(line)
            if timing is not None:
                count = number - at
                if in_header or self.timing is not None or count > 1:
                    self.next = number
                    return
                # The line above it was the cue's identifier.
                self.timing, self.timing_at, self.text = timing, number, []
            elif line == "":
                self.next = number + 1
                return
            else:
                self.text.append(line)


def parse(lines: Sequence[str], found: ParseFindings) -> None:
    """Parse the cues of a WebVTT file whose first line is its signature."""
    at = 1
    if at < len(lines) and lines[at] != "":
        at = _Block(lines, at, in_header=True).next
    number: int | None = None
    open_cue: _Cue | None = None
    while at < len(lines) and not found.is_full:
        if lines[at] == "":
            at += 1
            continue
        block = _Block(lines, at, in_header=False)
        at = block.next
        if block.timing is not None:
            _close(open_cue, found)
            open_cue = _Cue(block.timing_at + 1, block.timing, block.text)
        elif _is_hidden(block.text):
            found.note(COMMENT, block.first + 1, "\n".join(block.text))
        elif _is_number(block.text, number) and _times_follow(lines, at):
            number = int(block.text[0])
        elif words := markup.of_webvtt("\n".join(block.text)):
            found.note(JOINED if open_cue else UNTIMED, block.first + 1, words)
            if open_cue:
                open_cue.text.extend(block.text)
    _close(open_cue, found)


@dataclasses.dataclass
class _Cue:
    line: int
    timing: Timing
    text: list[str]


def _close(cue: _Cue | None, found: ParseFindings) -> None:
    if cue is not None:
        found.add(cue.line, cue.timing.start_ms, cue.timing.end_ms, markup.of_webvtt("\n".join(cue.text)))


def _is_hidden(block: Sequence[str]) -> bool:
    """A comment, style sheet or region."""
    first = block[0] if block else ""
    return (first.startswith("NOTE") and first[4:5] in {"", " ", "\t"}) or first.rstrip() in {"STYLE", "REGION"}


def _is_number(block: Sequence[str], before: int | None) -> bool:
    """An identifier separated from its times by a blank line, as conversions from SubRip leave it."""
    text = block[0].strip() if len(block) == 1 else ""
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    return is_number and int(text) == (1 if before is None else before + 1)


def _times_follow(lines: Sequence[str], at: int) -> bool:
    while at < len(lines) and not lines[at].strip():
        at += 1
    return at < len(lines) and _timing(lines[at]) is not None
