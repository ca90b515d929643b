"""Timed text from files as people have them: SRT, VTT, ASS, in UTF-8, UTF-16 or GB18030. Pure.

Times that are negative, reversed or unreadable are refused with the number of their line, because
nobody can guess what was meant. Overlaps are no error (two people talk at once, editors leave them
everywhere): cues are sorted, an earlier one is cut where the next begins, two with one start become
one; `Parsed.trimmed` says how many, so that the page can say it.
"""

import codecs
import dataclasses
import html
import re
import textwrap

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg

MAX_BYTES = 5 << 20
MAX_CUES = 20_000
MAX_TEXT = 500
MOST_LINE = 28
"""Characters of one caption, where we cut it ourselves."""
MAX_ERRORS = 10
SHORTEST_MS = 100
PEEK = 1 << 16
MAX_MS = 48 * 3600 * 1000

_ARROW = re.compile(r"^\s*(\S+)\s*-->\s*(\S+)(?:\s.*)?$")
_TIME = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)[,.](\d{1,3})")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_SENTENCE = re.compile(r"[^。！？；!?;]+[。！？；!?;”’」』）)]*|[。！？；!?;]+")
_CLAUSE = re.compile(r"[^，、：,:]+[，、：,:]*|[，、：,:]+")
_INSTANT = re.compile(r"(\d+):([0-5]?\d):([0-5]?\d)\.(\d{1,3})")


@dataclasses.dataclass(frozen=True)
class CueText:
    """One line of a transcript, before it has a row."""

    start_ms: int
    end_ms: int
    text: str
    confidence: float | None = None


@dataclasses.dataclass(frozen=True)
class Parsed:
    """What a caption file says; `trimmed` cues were cut or joined because they overlapped."""

    cues: list[CueText]
    trimmed: int
    estimated: bool = False
    """There were no times in it: the lines were spread over the lecture by their length."""


def parse(filename: str, data: bytes, duration_ms: int | None = None) -> Parsed:
    """Read a caption file; a text without times is spread over `duration_ms`.

    Raises:
        Invalid: not a caption file, or lines that cannot be read, each with its number.
    """
    if len(data) > MAX_BYTES:
        raise _refused(msg("字幕文件超过 5 MB，请检查是否选错了文件。"))
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if filename.lower().endswith((".txt", ".text")) and "-->" not in text:
        return spread(lines, duration_ms)
    errors: list[Message] = []
    if "[script info]" in text[:2000].lower() or filename.lower().endswith((".ass", ".ssa")):
        cues = _parse_ass(lines, errors)
    else:
        cues = _parse_arrows(lines, errors)
    if errors:
        raise _refused(*errors)
    if not cues:
        raise _refused(msg("没有找到字幕。支持 SRT、VTT、ASS 字幕和 TXT 讲稿。"))
    if len(cues) > MAX_CUES:
        raise _refused(msg("字幕超过 %(count)s 条，请检查是否选错了文件。", count=MAX_CUES))
    return settle(cues)


def spread(lines: list[str], duration_ms: int | None) -> Parsed:
    """A text without times: line by line, long ones cut into sentences, each as long as its share of the words.

    Raises:
        Invalid: no words, too many, or no length to spread them over.
    """
    if not duration_ms:
        raise _refused(msg("讲稿要等视频处理好、知道时长之后才能导入。"))
    words = "\n".join(filter(None, (plain(line) for line in lines)))
    if not words:
        raise _refused(msg("没有找到字幕。支持 SRT、VTT、ASS 字幕和 TXT 讲稿。"))
    cues = sentences_over(words, 0, duration_ms)
    if len(cues) > MAX_CUES or duration_ms / len(cues) < SHORTEST_MS:
        raise _refused(msg("讲稿比视频长得多，请检查是否选错了文件。"))
    return Parsed(cues, 0, estimated=True)


def sentences_over(text: str, start_ms: int, end_ms: int, most: int = MOST_LINE) -> list[CueText]:
    """A text cut at lines, stops and, where a sentence is longer than `most` characters, at pauses; the time
    between start and end is shared out by length."""
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


def decode(data: bytes) -> str:
    """Text from bytes in one of the encodings that Chinese editors write.

    Raises:
        Invalid: none of them fits.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        names = ["utf-16"]
    elif b"\0" in data[:PEEK]:
        # Spaces and line ends have an empty half: which half it is tells the order of bytes.
        names = ["utf-16-le" if data[1:PEEK:2].count(0) > data[:PEEK:2].count(0) else "utf-16-be"]
    else:
        names = ["utf-8-sig", "gb18030"]
    for name in names:
        try:
            return data.decode(name)
        except UnicodeDecodeError:
            continue
    raise _refused(msg("认不出字幕文件的文字编码，请另存为 UTF-8 后再上传。"))


def settle(cues: list[CueText]) -> Parsed:
    """Sort cues and take overlaps out."""
    kept: list[CueText] = []
    trimmed = 0
    for cue in sorted(cues, key=lambda c: (c.start_ms, c.end_ms)):
        before = kept[-1] if kept else None
        if before is None or cue.start_ms >= before.end_ms:
            kept.append(cue)
            continue
        trimmed += 1
        if cue.start_ms - before.start_ms >= SHORTEST_MS:
            kept[-1] = dataclasses.replace(before, end_ms=cue.start_ms)
            kept.append(cue)
        else:
            text = before.text if cue.text == before.text else f"{before.text}\n{cue.text}"
            kept[-1] = dataclasses.replace(before, end_ms=max(before.end_ms, cue.end_ms), text=text)
    return Parsed(kept, trimmed)


def clean(text: str) -> str:
    """Words only, as much as one caption may hold."""
    return plain(text)[:MAX_TEXT]


def plain(text: str) -> str:
    """Words only: no tags, no control or direction characters, no blank lines."""
    text = html.unescape(_TAG.sub("", text))
    text = _TAG.sub("", text).replace("\\N", "\n").replace("\\n", "\n").replace("\\h", " ")
    text = _CONTROL.sub("", text.replace("\t", " "))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


def to_vtt(cues: list[CueText]) -> str:
    """WebVTT; what people wrote is escaped, so that no line can become markup or a cue of its own."""
    blocks = ["WEBVTT\n"]
    for cue in cues:
        text = html.escape(clean(cue.text), quote=False)
        blocks.append(f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}\n{text}\n")
    return "\n".join(blocks)


def to_srt(cues: list[CueText]) -> str:
    """SubRip, as every editor reads it."""
    blocks = []
    for number, cue in enumerate(cues, 1):
        times = f"{stamp(cue.start_ms)} --> {stamp(cue.end_ms)}".replace(".", ",")
        blocks.append(f"{number}\n{times}\n{clean(cue.text)}\n")
    return "\n".join(blocks)


def to_txt(cues: list[CueText]) -> str:
    """The words only, a line a caption."""
    return "".join(f"{clean(cue.text)}\n" for cue in cues)


def stamp(ms: int) -> str:
    """Milliseconds as ``01:02:03.004``."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}"


def _parse_arrows(lines: list[str], errors: list[Message]) -> list[CueText]:
    """SRT and VTT differ too little to be told apart: an arrow line, then words up to a blank line."""
    cues: list[CueText] = []
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        if line.startswith(("NOTE", "STYLE", "REGION")) and "-->" not in line:
            while number < len(lines) and lines[number].strip():
                number += 1
        if "-->" not in line:
            continue
        at = number
        words = []
        while number < len(lines) and lines[number].strip():
            if "-->" in lines[number]:
                break
            words.append(lines[number])
            number += 1
        if number < len(lines) and "-->" in lines[number] and words and words[-1].strip().isdigit():
            words.pop()  # the next cue's number, where the blank line before it is missing
        match = _ARROW.match(line)
        times = (_time(match[1]), _time(match[2])) if match else (None, None)
        _take(cues, errors, at, times, clean("\n".join(words)))
        if len(errors) >= MAX_ERRORS:
            break
    return cues


def _parse_ass(lines: list[str], errors: list[Message]) -> list[CueText]:
    columns = ["layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text"]
    cues: list[CueText] = []
    in_events = False
    for number, line in enumerate(lines, 1):
        kind, _, rest = line.partition(":")
        if line.startswith("["):
            in_events = line.strip().lower() == "[events]"
        elif in_events and kind.strip().lower() == "format":
            columns = [c.strip().lower() for c in rest.split(",")]
        elif in_events and kind.strip().lower() == "dialogue":
            values = dict(zip(columns, (v.strip() for v in rest.split(",", len(columns) - 1)), strict=False))
            if r"\p1" in values.get("text", ""):
                continue  # a drawing, not words
            times = (_ass_time(values.get("start", "")), _ass_time(values.get("end", "")))
            _take(cues, errors, number, times, clean(values.get("text", "")))
            if len(errors) >= MAX_ERRORS:
                break
    return cues


def _take(
    cues: list[CueText], errors: list[Message], line: int, times: tuple[int | None, int | None], text: str
) -> None:
    start, end = times
    if start is None or end is None:
        errors.append(msg("第 %(line)s 行：时间写法不对，应像 00:01:02,500 --> 00:01:05,000。", line=line))
    elif start < 0 or end < 0:
        errors.append(msg("第 %(line)s 行：时间不能是负数。", line=line))
    elif end < start:
        errors.append(msg("第 %(line)s 行：结束时间早于开始时间。", line=line))
    elif end > MAX_MS:
        errors.append(msg("第 %(line)s 行：时间超出了合理范围。", line=line))
    elif text and end > start:
        cues.append(CueText(start, end, text))


def _time(text: str) -> int | None:
    """Milliseconds; negative where the text says so; None where it says nothing readable."""
    sign = -1 if text.startswith("-") else 1
    match = _TIME.fullmatch(text.lstrip("-")) if text.isascii() else None
    if match is None:
        return None
    hours, minutes, seconds, part = match.groups()
    total = ((int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(part.ljust(3, "0"))
    return sign * total - (1 if sign < 0 and total == 0 else 0)


def _ass_time(text: str) -> int | None:
    sign = -1 if text.startswith("-") else 1
    match = _INSTANT.fullmatch(text.lstrip("-")) if text.isascii() else None
    if match is None:
        return None
    total = ((int(match[1]) * 60 + int(match[2])) * 60 + int(match[3])) * 1000 + int(match[4].ljust(3, "0"))
    return sign * total


def _refused(*errors: Message) -> Invalid:
    return Invalid(fields={f"captions.{n}" if n else "captions": message for n, message in enumerate(errors)})
