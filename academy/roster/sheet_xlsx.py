"""Rows of a workbook: chooses the sheet with the list, and adds cell properties that calamine leaves out."""

import datetime as dt
import io
import re
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    SheetMetadata,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from academy.core.archives import BROKEN_ARCHIVE
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.roster.sheet_marks import Marks, MarkScanner, Style, styles_of
from academy.roster.sheet_table import TOP, HeadingQuery, Row, Rows, SheetTable, bounded, header_place

MOST_BYTES = 700 * 1024 * 1024
"""Maximum unpacked size of a workbook: a whole city of 200,000 rows is about a fifth of it."""
MOST_RATIO = 200
"""Maximum compression ratio. A sheet of text packs to a tenth; a bomb to a thousandth."""
SMALL = 16 * 1024 * 1024
"""Unpacked size that is harmless at any ratio."""
LARGE = 1 << 20
"""Size above which a second thread is worth its start."""
MOST_PARTS = 2000
MOST_SHEETS = 20
"""Maximum number of sheets searched for the list."""
HEAD = 8 << 20
_DAMAGED = msg("表格文件已损坏或加了密码，打不开。请重新另存为 .xlsx。")
_SHEET = re.compile(rb"<(?:\w{1,20}:)?sheet\s[^<>]{1,2000}>")
_RELATION = re.compile(rb"<(?:\w{1,20}:)?Relationship\s[^<>]{1,2000}>")
_SHEET_ID = re.compile(rb"\s\w{1,20}:id=[\"']([^\"'<>]{1,200})[\"']")

_CLASSIC = frozenset(("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"))
Values = list[Any]


@dataclass
class _Candidate:
    """A sheet, with its first lines and its best candidate for the headings."""

    name: str
    is_hidden: bool
    score: float
    place: int
    top: list[tuple[int, Values]]
    rest: Iterator[tuple[int, Values]]
    first_column: int
    height: int
    marks: Marks

    def rank(self, enough: int) -> tuple[bool, bool, float]:
        """Sort key: sheets with all required headings first, then visible ones."""
        return self.score >= max(1, enough), not self.is_hidden, self.score if self.score >= 1 else 0


def read(path: Path, wanted: HeadingQuery) -> SheetTable:
    """The table on the sheet most similar to one; of equals the first.

    Raises:
        Invalid: a bomb, encrypted, broken or empty.
    """
    ahead = _Ahead(path)
    marks = inspect(path)
    best: _Candidate | None = None
    others: list[_Candidate] = []
    try:
        for one in _candidates(ahead, wanted, marks):
            if best is None or one.rank(wanted.enough) > best.rank(wanted.enough):
                best, one = one, best
            if one is not None:
                one.rest = iter(())  # releases the sheet
                others.append(one)
    except CalamineError as error:
        raise _newer_error(marks) or Invalid(_DAMAGED) from error
    if best is None:
        raise Invalid(msg("文件是空的。"))
    return _table(best, others, wanted)


def _newer_error(marks: Sequence[Marks]) -> Invalid | None:
    """Error values that calamine does not know prevent reading the sheet: find the first of them."""
    for sheet in marks:
        for line, cells in sorted(sheet.cells.items()):
            for column, what in cells:
                if isinstance(what, str) and what not in _CLASSIC:
                    words = msg("第 %(line)s 行第 %(column)s 列是错误值 %(shown)s，请改成实际内容再上传。",
                                line=line, column=column + 1, shown=what[:20])  # fmt: skip
                    return Invalid(words)
    return None


class _Ahead:
    """A workbook whose first sheet is read while its XML is scanned: both take a second for a city.

    Should it be a bomb, the limits of the process stop calamine until `inspect` has found out.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread: threading.Thread | None = None
        self._first: CalamineSheet | BaseException | None = None
        if path.stat().st_size > LARGE:
            self._thread = threading.Thread(target=self._read, daemon=True)
            self._thread.start()

    def _read(self) -> None:
        try:
            self._first = CalamineWorkbook.from_path(self._path).get_sheet_by_index(0)
        except BaseException as error:
            self._first = error

    def sheets(self) -> Iterator[tuple[int, SheetMetadata, CalamineSheet]]:
        """The worksheets: number, name and kind, cells."""
        workbook = CalamineWorkbook.from_path(self._path)
        for number, about in enumerate(workbook.sheets_metadata[:MOST_SHEETS]):
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            if number == 0 and self._thread is not None:
                self._thread.join()
                first, self._first = self._first, None
                if isinstance(first, BaseException):
                    raise first
                if first is not None:
                    yield number, about, first
            else:
                yield number, about, workbook.get_sheet_by_index(number)


def _candidates(workbook: _Ahead, wanted: HeadingQuery, marks: Sequence[Marks]) -> Iterator[_Candidate]:
    for number, about, sheet in workbook.sheets():
        if sheet.start is None:
            continue
        numbered = enumerate(sheet.iter_rows(), 1)
        top = list(islice(((line, row) for line, row in numbered if any(cell != "" for cell in row)), TOP))
        if top:
            score, place = header_place([[_cell(cell) for cell in row] for _, row in top], wanted)
            hidden = about.visible != SheetVisibleEnum.Visible
            known = marks[number] if number < len(marks) else Marks()
            yield _Candidate(
                about.name, hidden, score, place, top, numbered, sheet.start[1], sheet.total_height, known
            )  # fmt: skip


def _table(found: _Candidate, others: Sequence[_Candidate], wanted: HeadingQuery) -> SheetTable:
    top, head = found.top[found.place]
    # calamine counts columns from the first one in use; the marks' are counted from A.
    formulas = frozenset((line, column - found.first_column) for line, column in found.marks.formulas)
    shown = _shown(top, head, found)
    header = bounded([f"={cell}" if (top, place) in formulas else cell for place, cell in enumerate(shown)], top)
    table = SheetTable(header, iter(()), found.height, formulas, read_from=_notes(found, others, wanted, top))
    table.lines.above = top - 1
    table.rows = _rows(chain(found.top[found.place + 1 :], found.rest), found, table)
    return table


def _notes(found: _Candidate, others: Sequence[_Candidate], wanted: HeadingQuery, top: int) -> list[Message]:
    hidden = msg("（隐藏）") if found.is_hidden else ""
    notes = [
        msg(
            "读的是工作表“%(sheet)s”%(hidden)s，第 %(line)s 行是表头。", sheet=found.name[:100], hidden=hidden, line=top
        )
    ]
    alike = [one.name for one in others if one.score >= max(1, wanted.enough) and len(one.top) > one.place + 1]
    if alike:
        notes.append(msg("工作表“%(sheets)s”也像名册，没有读；要导入请单独存成文件。", sheets="”“".join(alike)[:200]))
    if left := [one.name for one in others if one.name not in alike]:
        notes.append(msg("没有读的工作表：%(sheets)s。", sheets="、".join(left)[:200]))
    return notes


def _rows(filled: Iterator[tuple[int, Values]], found: _Candidate, table: SheetTable) -> Rows:
    lines, marked, before = table.lines, found.marks.cells, table.lines.above + 1
    for line, values in filled:
        cells = (
            _shown(line, values, found)
            if line in marked
            else [value if value.__class__ is str else _cell(value) for value in values]
        )
        lines.blank += line - before - 1
        before = line
        if "".join(cells).strip():
            lines.rows += 1
            yield line, bounded(cells, line)
        else:
            lines.blank += 1


def _shown(line: int, values: Values, found: _Candidate) -> Row:
    """The cells of a row as displayed: with errors, leading zeros, and months without their day."""
    cells = [_cell(value) for value in values]
    for column, what in found.marks.cells.get(line, ()):
        place = column - found.first_column
        if not 0 <= place < len(cells):
            continue
        text = what.written(values[place]) if isinstance(what, Style) else what
        if text is not None:
            cells[place] = text
    return cells


def _cell(value: Any) -> str:
    """A cell as it would be typed."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def _number(value: float) -> str:
    if value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    text = repr(value)
    if text.endswith(".1") and 1900 <= value < 2100:
        # A month typed as 1980.10 becomes the number 1980.1: which of the two it was is unknown.
        return f"{text}/{text}0"
    return text


def inspect(path: Path) -> list[Marks]:
    """Unpack a workbook without storing it: count its true bytes, and scan each sheet, in their order.

    The sizes in the archive's directory are not trusted: calamine would unpack until memory ends.

    Raises:
        Invalid: a bomb, encrypted or broken.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise Invalid(msg("表格文件的内部结构不正常，请重新另存为 .xlsx。"))
            sheets = _sheets(archive)
            styles = styles_of(_head(archive, "xl/styles.xml"))
            left = min(MOST_BYTES, max(SMALL, path.stat().st_size * MOST_RATIO))
            found: dict[str, Marks] = {}
            for part in parts:
                name = part.filename.lstrip("/")
                scanner = MarkScanner(styles) if name in sheets else None
                for block in _unpacked(raw, part):
                    left -= len(block)
                    if left < 0:
                        raise Invalid(msg("表格解压后过大，已拒绝。请只保留名册一张表，重新另存为 .xlsx。"))
                    if scanner is not None:
                        scanner.feed(block)
                if scanner is not None:
                    found[name] = scanner.finish()
            return [found.get(name, Marks()) for name in sheets]
    except BROKEN_ARCHIVE as error:
        raise Invalid(_DAMAGED) from error


def _unpacked(raw: io.BufferedReader, part: zipfile.ZipInfo) -> Iterator[bytes]:
    if part.flag_bits & 1 or part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile
    raw.seek(part.header_offset)
    name, extra = struct.unpack("<26xHH", raw.read(30))
    raw.seek(part.header_offset + 30 + name + extra)
    unpack = zlib.decompressobj(-15) if part.compress_type == zipfile.ZIP_DEFLATED else None
    waiting = part.compress_size
    while waiting > 0 and (block := raw.read(min(waiting, 65536))):
        waiting -= len(block)
        while unpack is not None and block:
            yield unpack.decompress(block, 1 << 20)
            block = unpack.unconsumed_tail
        if unpack is None:
            yield block


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    try:
        with archive.open(name) as part:
            return part.read(HEAD)
    except KeyError:
        return b""


def _sheets(archive: zipfile.ZipFile) -> list[str]:
    """The parts of the workbook's sheets, in its order, as calamine counts them."""
    targets = {}
    for relation in _RELATION.findall(_head(archive, "xl/_rels/workbook.xml.rels")):
        number = re.search(rb"\sId=[\"']([^\"'<>]{1,200})[\"']", relation)
        target = re.search(rb"\sTarget=[\"']([^\"'<>]{1,500})[\"']", relation)
        if number and target:
            name = target[1].decode("utf-8", "replace").lstrip("/")
            targets[number[1]] = name if name.startswith("xl/") else f"xl/{name}"
    with archive.open("xl/workbook.xml") as part:
        found = [_SHEET_ID.search(sheet) for sheet in _SHEET.findall(part.read(HEAD))]
    return [targets.get(number[1], "") if number else "" for number in found]
