"""Results of the parsers of this package. Pure."""

import dataclasses

from academy.core.i18n import Message
from academy.media.captions.formats import refusals
from academy.media.captions.formats.refusals import at_line

MAX_TEXT = 500
"""Maximum characters of one cue."""
MAX_ERRORS = 10
MAX_MS = 48 * 3600 * 1000
MAX_EXAMPLES = 20
"""Reported parts of each kind; all are counted."""
EXCERPT = 60
MOMENT_MS = 2_000
"""Duration in ms of a cue whose end is its start; the next cue cuts it."""

COMMENT, DRAWING, UNTIMED, JOINED = "comment", "drawing", "untimed", "joined"
KINDS = frozenset({COMMENT, DRAWING, UNTIMED, JOINED})


@dataclasses.dataclass(frozen=True)
class CueText:
    """One cue, before it has a row."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None = None


@dataclasses.dataclass(frozen=True)
class SkippedPart:
    """A part of a file that did not become a cue of its own: its first line's number, and its beginning."""

    line: int
    text: str


@dataclasses.dataclass
class ParseFindings:
    """Results of a parser so far: cues, lines that cannot be parsed, parts that were left out."""

    cues: list[CueText] = dataclasses.field(default_factory=list)
    errors: list[Message] = dataclasses.field(default_factory=list)
    counts: dict[str, int] = dataclasses.field(default_factory=dict)
    places: dict[str, list[SkippedPart]] = dataclasses.field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether further errors would not be reported."""
        return len(self.errors) >= MAX_ERRORS

    def note(self, kind: str, line: int, text: str) -> None:
        """Count a part that was left out (or joined to the cue before it)."""
        self.counts[kind] = self.counts.get(kind, 0) + 1
        examples = self.places.setdefault(kind, [])
        if len(examples) < MAX_EXAMPLES:
            examples.append(SkippedPart(line, " ".join(text[: EXCERPT * 4].split())[:EXCERPT]))

    def add(self, line: int, start_ms: int | None, end_ms: int | None, text: str) -> None:
        """Add a cue, or an error when its times are impossible; `line` is the number of its timing line."""
        if start_ms is None or end_ms is None:
            self.errors.append(at_line(refusals.UNREADABLE_TIMES, line))
        elif start_ms < 0 or end_ms < 0:
            self.errors.append(at_line(refusals.NEGATIVE_TIMES, line))
        elif end_ms < start_ms:
            self.errors.append(at_line(refusals.REVERSED_TIMES, line))
        elif end_ms > MAX_MS:
            self.errors.append(at_line(refusals.IMPOSSIBLE_TIMES, line))
        elif text:
            self.cues.extend(fitting(CueText(start_ms, max(end_ms, start_ms + (end_ms == start_ms) * MOMENT_MS), text)))


def fitting(cue: CueText) -> list[CueText]:
    """Split a cue with more than the maximum of characters into several that share its time."""
    if len(cue.text) <= MAX_TEXT:
        return [cue]
    pieces, length = pieces_of(cue.text, MAX_TEXT), cue.end_ms - cue.start_ms
    if len(pieces) > length:  # a thousand pieces a millisecond: no player could show them one by one
        pieces[length - 1 :] = ["\n".join(pieces[length - 1 :])]
    edges = [cue.start_ms + length * number // len(pieces) for number in range(len(pieces) + 1)]
    return [CueText(edges[n], edges[n + 1], piece, cue.confidence) for n, piece in enumerate(pieces)]


def pieces_of(text: str, most: int) -> list[str]:
    """A text in pieces of at most `most` characters, split at the last line end or space that fits, if any."""
    pieces, at = [], 0
    while len(text) - at > most:
        cut = max(text.rfind("\n", at + 1, at + most), text.rfind(" ", at + 1, at + most))
        cut = cut if cut > at + most // 2 else at + most
        pieces.append(text[at:cut].strip())
        at = cut
    return [piece for piece in [*pieces, text[at:].strip()] if piece]
