"""Reading a table out of a CSV or XLSX file that somebody sent: its rows, and nothing that bites."""

import codecs
import csv
import datetime as dt
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from python_calamine import CalamineError, CalamineWorkbook

from academy.core.errors import Invalid
from academy.core.i18n import msg

MOST_BYTES = 700 * 1024 * 1024
"""Most that a workbook may unpack to: a whole city of 200,000 rows is about a fifth of it."""
MOST_RATIO = 200
"""A sheet of text packs to a tenth; a bomb to a thousandth."""
SMALL = 16 * 1024 * 1024
"""Below this nobody is hurt, whatever the ratio."""
MOST_PARTS = 2000
MOST_ROWS = 500_000
MOST_COLUMNS = 100
LONGEST_CELL = 500

_FORMULA = re.compile(rb'<(?:\w+:)?c\b[^>]*?\br="([A-Z]{1,3})([0-9]{1,7})"[^>]*>\s*<(?:\w+:)?f[\s>/]')
_FIRST_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*?\br:id=\"([^\"]+)\"")

Row = list[str]


@dataclass
class Table:
    """A header and the rows below it. `formulas` are cells (line, column from 0) that hold a formula."""

    header: Row
    rows: Iterator[tuple[int, Row]]
    total: int
    """About how many rows there are, for a progress bar."""
    formulas: frozenset[tuple[int, int]] = field(default_factory=frozenset)


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table of a file, by what is in it and not by its name.

    Raises:
        Invalid: not a table we can read; the sentence says why and what to do.
    """
    with path.open("rb") as source:
        start = source.read(8)
    if not start:
        raise Invalid(msg("文件是空的。"))
    if start.startswith(b"PK"):
        yield _workbook(path)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(msg("这是旧版 .xls 或加了密码的表格，请另存为不加密的 .xlsx 或 CSV 再上传。"))
    else:
        with path.open("rb") as source:
            encoding = detect(source)
            source.seek(0)
            total = sum(block.count(b"\n") for block in iter(lambda: source.read(1 << 20), b""))
        with path.open(encoding=encoding, newline="") as reader:
            yield _text(reader, total)


# ---- CSV ----


def _text(reader: TextIO, total: int) -> Table:
    first = reader.readline(65536)
    if "\x00" in first:
        raise Invalid(msg("这不是表格文件，请上传 .xlsx 或 CSV。"))
    delimiter = max(",\t;", key=first.count)
    reader.seek(0)
    lines = _csv_rows(csv.reader(reader, delimiter=delimiter))
    try:
        _, header = next(lines)
    except StopIteration:
        raise Invalid(msg("文件是空的。")) from None
    return Table(header, lines, total)


def _csv_rows(reader: Any) -> Iterator[tuple[int, Row]]:
    try:
        line = 1
        for row in reader:
            # The line of the file where the row begins; a quoted cell may run over several.
            if any(cell and not cell.isspace() for cell in row):
                yield line, _bounded(row, line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(msg("第 %(line)s 行读不下去：引号或单元格有误。", line=reader.line_num)) from error


def detect(source: io.BufferedReader) -> str:
    """utf-8 (with or without its mark), utf-16 with its mark, else GB18030; every byte is tried.

    Raises:
        Invalid: it is none of them.
    """
    source.seek(0)
    start = source.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        source.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while block := source.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise Invalid(msg("看不懂文件的编码，请用 UTF-8 或 GB18030 另存为 CSV。"))


def _bounded(row: list[str], line: int) -> Row:
    if line > MOST_ROWS + 1:
        raise Invalid(msg("行数超过 %(most)s，请分成几个文件。", most=MOST_ROWS))
    if len(row) > MOST_COLUMNS:
        raise Invalid(msg("第 %(line)s 行超过 %(most)s 列，文件可能有误。", line=line, most=MOST_COLUMNS))
    return [cell[: LONGEST_CELL + 1] for cell in row]


# ---- XLSX ----


def _workbook(path: Path) -> Table:
    formulas = inspect(path)
    try:
        workbook = CalamineWorkbook.from_path(path)
        sheet = workbook.get_sheet_by_index(0)
        begin = sheet.start
        rows = sheet.iter_rows()
    except (CalamineError, IndexError) as error:
        raise Invalid(msg("表格文件已损坏或加了密码，打不开。请重新另存为 .xlsx。")) from error
    if begin is None:
        raise Invalid(msg("文件是空的。"))
    lines = _sheet_rows(rows)
    try:
        top, header = next(lines)
    except StopIteration:
        raise Invalid(msg("文件是空的。")) from None
    # calamine counts columns from the first one in use; a formula's place is counted from A.
    formulas = frozenset((line, column - begin[1]) for line, column in formulas)
    heads = [f"={cell}" if (top, column) in formulas else cell for column, cell in enumerate(header)]
    return Table(heads, lines, sheet.total_height, formulas)


def _sheet_rows(rows: Iterator[list[Any]]) -> Iterator[tuple[int, Row]]:
    for line, row in enumerate(rows, 1):
        cells = [_cell(value) for value in row]
        if any(cells):
            yield line, _bounded(cells, line)


def _cell(value: Any) -> str:
    """A cell as it would be typed."""
    if isinstance(value, str):
        return value if not value.isspace() else ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def inspect(path: Path) -> frozenset[tuple[int, int]]:
    """Unpack a workbook into nothing: count its true bytes, and find the first sheet's formulas.

    What the archive says about its own size is not believed: calamine would unpack until memory ends.

    Raises:
        Invalid: a bomb, encrypted or broken.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as raw:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS:
                raise Invalid(msg("表格文件的内部结构不正常，请重新另存为 .xlsx。"))
            sheet = _first_sheet(archive)
            left = min(MOST_BYTES, max(SMALL, path.stat().st_size * MOST_RATIO))
            formulas: set[tuple[int, int]] = set()
            for part in parts:
                finder = _FormulaFinder(formulas) if part.filename.lstrip("/") == sheet else None
                for block in _unpacked(raw, part):
                    left -= len(block)
                    if left < 0:
                        raise Invalid(msg("表格解压后过大，已拒绝。请只保留名册一张表，重新另存为 .xlsx。"))
                    if finder is not None:
                        finder.feed(block)
            return frozenset(formulas)
    except (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, KeyError) as error:
        raise Invalid(msg("表格文件已损坏或加了密码，打不开。请重新另存为 .xlsx。")) from error


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


def _first_sheet(archive: zipfile.ZipFile) -> str:
    """The part that holds the workbook's first sheet, as calamine counts them."""

    def head(name: str) -> bytes:
        with archive.open(name) as part:
            return part.read(1 << 20)

    found = _FIRST_SHEET.search(head("xl/workbook.xml"))
    wanted = re.escape(found[1]) if found else b"rId1"
    for relation in re.findall(rb"<(?:\w+:)?Relationship\b[^>]*>", head("xl/_rels/workbook.xml.rels")):
        target = re.search(rb'\bTarget="([^"]+)"', relation)
        if target and re.search(rb'\bId="' + wanted + rb'"', relation):
            name = target[1].decode("utf-8", "replace").lstrip("/")
            return name if name.startswith("xl/") else f"xl/{name}"
    return "xl/worksheets/sheet1.xml"


class _FormulaFinder:
    """Finds cells with a formula in a sheet that passes by in blocks."""

    KEEP = 4096

    def __init__(self, found: set[tuple[int, int]]) -> None:
        self.found, self.rest = found, b""

    def feed(self, block: bytes) -> None:
        text = self.rest + block
        if b"<f" in text or b":f" in text:
            for match in _FORMULA.finditer(text):
                self.found.add((int(match[2]), _column(match[1])))
                if len(self.found) > 10_000:
                    raise Invalid(msg("表里到处是公式，请先“选择性粘贴为数值”再上传。"))
        self.rest = text[-self.KEEP :]


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
