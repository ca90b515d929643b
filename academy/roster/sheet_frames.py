"""The protocol between the jailed reader of a sheet and its parent.

A frame is its length (four bytes, big-endian) and JSON: its kind and content. Rows are sent a column at a time, each
column as one text, so that a city's roster takes a tenth of a second to parse. A reader may have been compromised by
the file: `unpacked_…` accept nothing but plain values within the bounds that the reader itself keeps, and messages
only from a list.
"""

import json
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from academy.core.i18n import Message
from academy.roster.columns import RosterColumn
from academy.roster.sheet_table import (
    BATCH,
    LONGEST_CELL,
    MOST_COLUMNS,
    MOST_ROWS,
    TOP,
    Batch,
    HeadingQuery,
    SheetTable,
)

HEAD = struct.Struct(">I")
MOST_FRAME = 16 << 20
"""Maximum bytes of a frame; a larger batch of rows is halved."""
BETWEEN = "\x7f"
"""Separator of the cells of a column, unescaped in JSON. Inside a cell it becomes `_IN_CELL`, which is invisible too
and refused in every field."""
_IN_CELL = "\x1e"
OUT_OF_MEMORY, UNREADABLE = 70, 71
"""Exit codes of the reader at its memory limit, and for an unsupported file."""
FAILED = "sheet reader: "
MOST_FORMULAS = 10_000
_SENTENCE = re.compile(r"(?:[^%]|%\((\w{1,20})\)s){1,300}")
_PLACES = re.compile(r"%\((\w{1,20})\)s")


class Untrue(ValueError):
    """A frame that the unmodified reader never sends."""


def frame(kind: str, *what: Any) -> bytes:
    """One frame.

    Raises:
        OverflowError: larger than the parent accepts.
    """
    body = json.dumps([kind, *what], ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) > MOST_FRAME:
        raise OverflowError
    return HEAD.pack(len(body)) + body


def frames_of(table: SheetTable) -> Iterator[bytes]:
    """A table as frames, which `sheets` decodes."""
    notes = [note.to_json() for note in table.read_from]
    yield frame("table", table.header, table.total, sorted(table.formulas)[:MOST_FORMULAS], notes)
    for batch in table.batches():
        faults = {line: table.faults.pop(line) for line in list(table.faults) if line <= batch.lines[-1]}
        yield from _rows(batch, {line: fault.to_json() for line, fault in faults.items()})
    lines = table.lines
    yield frame("end", lines.above, lines.rows, lines.blank, lines.continued)


def _rows(batch: Batch, faults: Mapping[int, Any]) -> Iterator[bytes]:
    columns = [
        BETWEEN.join(cells if BETWEEN not in "".join(cells) else [cell.replace(BETWEEN, _IN_CELL) for cell in cells])
        for cells in batch.columns
    ]
    try:
        yield frame("rows", batch.lines, columns, faults)
    except OverflowError:
        if len(batch.lines) == 1:
            raise
        half = len(batch.lines) // 2
        for part in (slice(half), slice(half, None)):
            lines = batch.lines[part]
            mine = {line: fault for line, fault in faults.items() if lines[0] <= line <= lines[-1]}
            yield from _rows(Batch(lines, [column[part] for column in batch.columns]), mine)


def packed_wanted(wanted: HeadingQuery) -> bytes:
    """The heading query, encoded for the reader."""
    offered = [(column.field, column.headings, column.required) for column in wanted.offered]
    return json.dumps([offered, dict(wanted.remembered), list(wanted.header)]).encode()


def unpacked_wanted(given: Any) -> HeadingQuery:
    """The heading query, decoded in the reader."""
    offered, remembered, header = given
    columns = [RosterColumn(field, Message(""), tuple(headings), required) for field, headings, required in offered]
    return HeadingQuery(columns, remembered, header)


def unpacked(body: bytes) -> tuple[str, list[Any]]:
    """The kind and content of a frame.

    Raises:
        Untrue: invalid.
    """
    try:
        kind, *what = json.loads(body)
    except (ValueError, TypeError, RecursionError) as error:
        raise Untrue from error
    if not isinstance(kind, str):
        raise Untrue
    return kind, what


def unpacked_table(what: Sequence[Any]) -> SheetTable:
    """A table without its rows."""
    try:
        header, total, formulas, notes = what
        ok = (
            _all(header, str)
            and _is_whole("".join(header))
            and len(header) <= MOST_COLUMNS
            and all(len(cell) <= LONGEST_CELL + 2 for cell in header)
            and type(total) is int
            and _all(notes, dict)
            and len(notes) <= 9
            and len(formulas) <= MOST_FORMULAS
            and all(_all(place, int) and len(place) == 2 for place in formulas)
        )
    except (ValueError, TypeError) as error:
        raise Untrue from error
    if not ok:
        raise Untrue
    messages = [unpacked_message(note) for note in notes]
    return SheetTable(
        header, iter(()), max(0, total), frozenset((line, column) for line, column in formulas), read_from=messages
    )


def unpacked_rows(what: Sequence[Any], after: int) -> tuple[Batch, dict[int, Message]]:
    """A batch of rows, all below line `after`, and the errors of their lines."""
    try:
        lines, columns, faults = what
        ok = (
            _all(lines, int)
            and 0 < len(lines) <= BATCH
            and after < lines[0]
            and lines[-1] <= MOST_ROWS + TOP
            and all(a < b for a, b in pairwise(lines))
            and _all(columns, str)
            and all(map(_is_whole, columns))
            and 0 < len(columns) <= MOST_COLUMNS
            and isinstance(faults, dict)
            and len(faults) <= len(lines)
        )
        if not ok:
            raise Untrue
        cells = [column.split(BETWEEN) for column in columns]
        errors = {int(line): unpacked_message(fault) for line, fault in faults.items()}
    except (ValueError, TypeError) as error:
        raise Untrue from error
    if any(len(column) != len(lines) or max(map(len, column)) > LONGEST_CELL + 1 for column in cells):
        raise Untrue
    return Batch(lines, cells), errors


def unpacked_lines(what: Sequence[Any]) -> tuple[int, int, int, int]:
    """Counts of lines: above, rows, blank, continued."""
    if not (_all(what, int) and len(what) == 4 and all(0 <= count < 1 << 40 for count in what)):
        raise Untrue
    return what[0], what[1], what[2], what[3]


def unpacked_message(given: Any, nested: int = 1) -> Message:
    """A message with plain parameters."""
    if not isinstance(given, dict) or not isinstance(text := given.get("text"), str):
        raise Untrue
    params = given.get("params")
    if not isinstance(params, dict) or len(params) > 9 or not (_SENTENCE.fullmatch(text) and _is_whole(text)):
        raise Untrue
    if not set(_PLACES.findall(text)) <= set(params):
        raise Untrue
    plain: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, dict) and nested:
            plain[name] = unpacked_message(value, nested - 1)
        elif type(value) is int or (type(value) is str and len(value) <= LONGEST_CELL and _is_whole(value)):
            plain[name] = value
        else:
            raise Untrue
    return Message(text, plain)


def _is_whole(text: str) -> bool:
    """Whether a text can be stored: JSON may contain lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _all(values: Any, kind: type) -> bool:
    return type(values) is list and all(type(value) is kind for value in values)
