"""Caption files: SubRip, WebVTT, Substation, or a plain text. Pure.

Times that are negative, reversed or unreadable are refused with their line number, because the intention cannot be
guessed. Overlaps are no error (two people talk at once, editors leave them everywhere): cues are sorted, an earlier
one is cut where the next begins, two with one start become one; `ParsedCaptions.trimmed` counts them, and
`ParsedCaptions.places`
counts the other parts of the file that did not become a cue.
"""

import dataclasses
import html
import re
import textwrap
from collections.abc import Mapping, Sequence

from academy.core.i18n import Message
from academy.media.captions.formats import encoding, refusals, subrip, substation, webvtt
from academy.media.captions.formats.markup import of_subrip, of_webvtt, plain
from academy.media.captions.formats.model import (
    MAX_ERRORS,
    MAX_MS,
    MAX_TEXT,
    CueText,
    ParseFindings,
    SkippedPart,
    fitting,
)
from academy.media.captions.formats.refusals import refused
from academy.media.captions.formats.timing import escaped, timing_of

__all__ = ["MAX_ERRORS", "MAX_MS", "MAX_TEXT", "CueText", "SkippedPart", "plain"]

MAX_CAPTION_BYTES = 5 << 20
MAX_CUES = 20_000
MOST_LINE = 28
"""Characters of one caption where we split text ourselves."""
SHORTEST_MS = 100

_SENTENCE = re.compile(r"[^。！？；!?;]+[。！？；!?;”’」』）)]*|[。！？；!?;]+")
_CLAUSE = re.compile(r"[^，、：,:]+[，、：,:]*|[，、：,:]+")
# More than one CR before an LF: files that went through two conversions of line ends.
_LINE_END = re.compile(r"\r{1,8}\n|\r")


@dataclasses.dataclass(frozen=True)
class ParsedCaptions:
    """The content of a caption file; `trimmed` cues were cut or joined because they overlapped."""

    cues: list[CueText]
    trimmed: int
    estimated: bool = False
    """Whether the file had no times: the lines were spread over the lecture by their length."""
    encoding: str = "UTF-8"
    counts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    """How many parts of the file did not become cues of their own, by the kinds of `formats.model`."""
    places: Mapping[str, Sequence[SkippedPart]] = dataclasses.field(default_factory=dict)
    """The first of those parts."""

    @property
    def is_whole(self) -> bool:
        """Whether everything became a cue, so that there is nothing to report to the uploader."""
        return not (self.trimmed or self.counts or self.encoding == "Big5")


def parse_captions(filename: str, data: bytes, duration_ms: int | None = None) -> ParsedCaptions:
    """Parse a caption file; a text without times is spread over `duration_ms`.

    Raises:
        Invalid: not a caption file, or lines that cannot be parsed, each with its number.
    """
    if len(data) > MAX_CAPTION_BYTES:
        raise refused(refusals.TOO_LARGE)
    text, name = encoding.decode(data)
    lines = _LINE_END.sub("\n", text).split("\n")
    if filename.lower().endswith((".txt", ".text")) and not any(map(timing_of, lines)):
        return dataclasses.replace(spread_over_duration(lines, duration_ms), encoding=name)
    found = ParseFindings()
    if webvtt.is_webvtt(lines[0]):
        webvtt.parse(lines, found)
    elif substation.is_substation(filename, lines):
        substation.parse(lines, found)
    else:
        subrip.parse(lines, found)
    if found.errors:
        raise refused(*found.errors)
    if not found.cues:
        raise refused(refusals.NO_CUES)
    if len(found.cues) > MAX_CUES:
        raise refused(Message(refusals.TOO_MANY.text, {"count": MAX_CUES}))
    settled = remove_overlaps(found.cues)
    return dataclasses.replace(settled, encoding=name, counts=found.counts, places=found.places)


def spread_over_duration(lines: list[str], duration_ms: int | None) -> ParsedCaptions:
    """Cues of a text without times: one a line, long ones split into sentences, durations in proportion to length.

    Raises:
        Invalid: no words, too many, or no duration to spread them over.
    """
    if not duration_ms:
        raise refused(refusals.NO_DURATION)
    words = "\n".join(filter(None, (plain(line) for line in lines)))
    if not words:
        raise refused(refusals.NO_CUES)
    cues = sentences_over(words, 0, duration_ms)
    if len(cues) > MAX_CUES or duration_ms / len(cues) < SHORTEST_MS:
        raise refused(refusals.LONGER_THAN_LECTURE)
    return ParsedCaptions(cues, 0, estimated=True)


def sentences_over(text: str, start_ms: int, end_ms: int, most: int = MOST_LINE) -> list[CueText]:
    """A text split at lines, stops and, where a sentence is longer than `most` characters, at pauses; the time between
    start and end is shared out by length."""
    parts: list[str] = []
    for line in text.split("\n"):
        for sentence in filter(None, (one.strip() for one in _SENTENCE.findall(line))):
            parts.extend(_short(sentence, most))
    sizes = [max(1, len(part.encode("gb18030", "replace"))) for part in parts]
    cues, done, whole = [], 0, sum(sizes)
    for part, size in zip(parts, sizes, strict=True):
        first = start_ms + (end_ms - start_ms) * done // whole
        done += size
        cues.append(CueText(first, max(first + 1, start_ms + (end_ms - start_ms) * done // whole), part))
    return cues


def _short(sentence: str, most: int) -> list[str]:
    kept: list[str] = []
    for piece in filter(None, (one.strip() for one in _CLAUSE.findall(sentence))):
        glue = " " if kept and kept[-1][-1:].isascii() and piece[:1].isascii() else ""
        if kept and len((kept[-1] + piece).encode("gb18030", "replace")) <= 2 * most:
            kept[-1] += glue + piece
        else:
            kept.append(piece)
    return [part for piece in kept for part in textwrap.wrap(piece, 2 * most if piece.isascii() else most)]


def decode_captions(data: bytes) -> str:
    """Decode bytes in one of the encodings that Chinese editors write.

    Raises:
        Invalid: none of them fits.
    """
    return encoding.decode(data)[0]


def remove_overlaps(cues: list[CueText]) -> ParsedCaptions:
    """Sort cues and remove overlaps; cues with one start are joined."""
    groups: list[_Group] = []
    trimmed = 0
    for cue in sorted(cues, key=lambda c: (c.start_ms, c.end_ms)):
        before = groups[-1] if groups else None
        if before is None or cue.start_ms >= before.end_ms:
            groups.append(_Group(cue.start_ms, cue.end_ms, cue.confidence, {cue.text: None}))
            continue
        trimmed += 1
        if cue.start_ms - before.start_ms >= SHORTEST_MS:
            before.end_ms = cue.start_ms
            groups.append(_Group(cue.start_ms, cue.end_ms, cue.confidence, {cue.text: None}))
        else:
            before.end_ms = max(before.end_ms, cue.end_ms)
            before.texts[cue.text] = None
    whole = [CueText(one.start_ms, one.end_ms, "\n".join(one.texts), one.confidence) for one in groups]
    return ParsedCaptions([piece for cue in whole for piece in fitting(cue)], trimmed)


@dataclasses.dataclass
class _Group:
    """Cues with one start; `texts` is an ordered set."""

    start_ms: int
    end_ms: int
    confidence: float | None
    texts: dict[str, None]


def clean(text: str) -> str:
    """A typed name or word, without formatting, cut to the length of one caption."""
    return of_subrip(text[: 4 * MAX_TEXT])[:MAX_TEXT]


def to_vtt(cues: list[CueText]) -> str:
    """WebVTT; text is escaped, so that no line can become markup or a cue of its own."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        words = plain(cue.text)
        text = html.escape(words, quote=False)
        if of_webvtt(text) != words:
            text = text.replace("{", "&#123;")
        text = "\n".join(map(escaped, text.split("\n")))
        blocks.append(f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}\n{text}\n")
    return "\n".join(blocks)


def to_srt(cues: list[CueText]) -> str:
    """SubRip. Only text that would be read as markup is escaped: some players show entities literally."""
    blocks = []
    for number, cue in enumerate(cues, 1):
        times = f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}".replace(".", ",")
        words = text = plain(cue.text)
        if of_subrip(words) != words:
            text = "".join(_SUBRIP_ESCAPES.get(letter, letter) for letter in words)
        # Text that contains two times would be parsed as a cue of its own.
        text = "\n".join(map(escaped, text.split("\n")))
        blocks.append(f"{number}\n{times}\n{text}\n")
    return "\n".join(blocks)


_SUBRIP_ESCAPES = {"&": "&amp;", "<": "&lt;", "{": "&#123;", "\\": "&#92;"}


def to_txt(cues: list[CueText]) -> str:
    """The words only, a line a caption."""
    return "".join(f"{plain(cue.text)}\n" for cue in cues)


def stamp(ms: int) -> str:
    """Milliseconds as ``01:02:03.004``."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}"
