"""Parses uploaded caption files in the jail: a process of its own with limits of time and memory, without access to
other files. docs/decisions explains why it is not a job (a file takes a tenth of a second)."""

import itertools
import json
import logging
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from academy.core.errors import Busy
from academy.core.i18n import Message, msg
from academy.media import tools
from academy.media.captions.caption_files import (
    MAX_CAPTION_BYTES,
    MAX_CUES,
    MAX_ERRORS,
    MAX_MS,
    MAX_TEXT,
    CueText,
    ParsedCaptions,
    SkippedPart,
)
from academy.media.captions.formats import refusals
from academy.media.captions.formats.encoding import ENCODINGS
from academy.media.captions.formats.model import EXCERPT, KINDS, MAX_EXAMPLES, MOMENT_MS
from academy.media.storage.file_storage import full_disk_reported
from academy.media.tools import Limits, ToolFailed

log = logging.getLogger(__name__)

LIMITS = Limits(seconds=30, cpu_s=20, memory_mib=1024, file_mib=1)
"""The slowest file of 5 MB takes 3 s of processor time and 150 MiB."""
AT_ONCE = 2
WAIT_S = 10.0
"""Seconds that a request waits for a parser slot: it occupies one of the server's threads meanwhile."""

_PARSER = "academy.media.captions.parse_captions"
_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa", ".txt", ".text")
_MOST_ROWS = MAX_CUES + 4 * MAX_CAPTION_BYTES // MAX_TEXT
"""Cues longer than the maximum become several."""
_LAST_MS = MAX_MS + MOMENT_MS
_turns = threading.BoundedSemaphore(AT_ONCE)


def parse_captions_jailed(filename: str, data: bytes, duration_ms: int | None = None) -> ParsedCaptions:
    """Parse an uploaded file as `parse_captions` does. Not for use within a transaction.

    Raises:
        Invalid: as `parse_captions` raises it, or the parser reached one of its limits.
        Busy: other files are being parsed; nothing was done.
        StorageFull: no space for the parser's log.
    """
    if len(data) > MAX_CAPTION_BYTES:
        raise refusals.refused(refusals.TOO_LARGE)
    if not _turns.acquire(timeout=WAIT_S):
        raise Busy(msg("正在读取其他字幕文件，请过几秒再试。"))
    try:
        output = _run(next((one for one in _SUFFIXES if filename.lower().endswith(one)), ""), data, duration_ms)
    finally:
        _turns.release()
    try:
        found = json.loads(output)
        if "refused" in found:
            raise refusals.refused(*_refusals(found["refused"]))
        return _parsed(found)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        log.error("captions.parser_output_invalid", extra={"fault": type(error).__name__})
        raise refusals.refused(_UNREADABLE) from error


_UNREADABLE = msg("读不出这个字幕文件，请另存为 SRT 后再上传。")
_SLOW = msg("读这个字幕文件用了太长时间，已停止。请检查是否选错了文件，或者另存为 SRT 后再上传。")


def _run(suffix: str, data: bytes, duration_ms: int | None) -> str:
    arguments = [suffix, str(duration_ms or 0)]
    try:
        with full_disk_reported(), tempfile.TemporaryDirectory(prefix="captions-") as folder:
            return tools.run_module(_PARSER, arguments, folder=Path(folder), limits=LIMITS, given=data)
    except ToolFailed as error:
        log.warning("captions.not_parsed", extra={"code": error.code, "late": error.timed_out})
        raise refusals.refused(_SLOW if error.timed_out else _UNREADABLE) from error


def _parsed(found: Mapping[str, Any]) -> ParsedCaptions:
    """Convert the parser's output.

    Raises:
        ValueError, TypeError, KeyError: not the parser's output format.
    """
    rows, encoding = found["cues"], found["encoding"]
    _require(0 < len(rows) <= _MOST_ROWS and encoding in ENCODINGS)
    cues = [
        CueText(_number(start, _LAST_MS), _number(end, _LAST_MS), _text(text, MAX_CAPTION_BYTES))
        for start, end, text in rows
    ]
    _require(all(cue.text and cue.start_ms < cue.end_ms for cue in cues))
    _require(all(a.start_ms <= b.start_ms for a, b in itertools.pairwise(cues)))
    _require(sum(len(cue.text) for cue in cues) <= MAX_CAPTION_BYTES)
    _require(set(found["counts"]) <= KINDS and set(found["places"]) <= KINDS)
    _require(all(len(places) <= MAX_EXAMPLES for places in found["places"].values()))
    _require(isinstance(found["estimated"], bool))
    return ParsedCaptions(
        cues,
        _number(found["trimmed"], MAX_CAPTION_BYTES),
        estimated=found["estimated"],
        encoding=encoding,
        counts={kind: _number(count, MAX_CAPTION_BYTES) for kind, count in found["counts"].items()},
        places={
            kind: [SkippedPart(_number(line, MAX_CAPTION_BYTES), _text(text, EXCERPT)) for line, text in places]
            for kind, places in found["places"].items()
        },
    )


def _refusals(rows: Any) -> list[Message]:
    """Only sentences of our own, each with its number."""
    _require(isinstance(rows, list) and 0 < len(rows) <= MAX_ERRORS)
    made = []
    for text, number in rows:
        name = refusals.PARAMETERS[text]
        made.append(Message(text, {name: _number(number, MAX_CAPTION_BYTES)} if name else {}))
    return made


def _number(value: Any, most: int) -> int:
    _require(type(value) is int and 0 <= value <= most)
    return int(value)


def _text(value: Any, most: int) -> str:
    _require(isinstance(value, str) and len(value) <= most and "\0" not in value)
    value.encode()  # a lone surrogate cannot be stored
    return str(value)


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("the parser printed something else")
