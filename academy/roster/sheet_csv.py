"""Parses text files: encoding, separator, stray quotes; accounts for every line."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from typing import NamedTuple, TextIO

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.roster.sheet_table import TOP, HeadingQuery, Rows, SheetTable, bounded, header_place

_END = "\x1a"
"""Programs of old end a file with it."""
SEPARATORS = ",\t;|，"
_ENCODING = msg("看不懂文件的编码，请用 UTF-8 或 GB18030 另存为 CSV。")
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)


def read(reader: TextIO, total: int, wanted: HeadingQuery) -> SheetTable:
    """The table of a text whose encoding is known."""
    separator, skipped = _separator(reader, wanted)
    reader.seek(0)
    for _ in range(skipped):
        reader.readline()
    table = SheetTable([], iter(()), total)
    records = _records(reader, separator, skipped + 1, table.faults)
    top: list[_Record] = []
    for record in records:
        if not record.is_blank:
            top.append(record)
        if len(top) == TOP:
            break
    _, place = header_place([record.row for record in top], wanted)
    # Lines read ahead are read again: blank ones among them are counted there.
    line, table.header = top[place].line, bounded(top[place].row, top[place].line)
    reader.seek(0)
    for _ in range(skipped):
        reader.readline()
    table.faults.clear()
    records = _records(reader, separator, skipped + 1, table.faults)
    for record in records:
        if record.line == line:
            break
    table.lines.above = line - 1
    table.lines.continued = top[place].lines - 1
    table.rows = _below(records, separator, table)
    table.read_from = [msg("第 %(line)s 行是表头。", line=line)]
    return table


def _separator(reader: TextIO, wanted: HeadingQuery) -> tuple[str, int]:
    """The separator of cells, and how many lines only declare it."""
    first = reader.readline(65536)
    if "\x00" in first:
        raise Invalid(msg("这不是表格文件，请上传 .xlsx 或 CSV。"))
    declaration = first.strip().strip('"').lower()
    if declaration.startswith("sep=") and len(declaration) <= 5:
        return (declaration[4:] or "\t"), 1
    lines = [first, *(reader.readline(65536) for _ in range(TOP - 1))]

    def likeness(separator: str) -> tuple[float, int]:
        rows = [row for row in csv.reader(lines, delimiter=separator) if row]
        return max(map(wanted.score, rows), default=0), sum(line.count(separator) for line in lines)

    return max(SEPARATORS, key=likeness), 0


class _Source:
    """The lines of a text; those of the current row are kept."""

    def __init__(self, reader: TextIO) -> None:
        self.reader = reader
        self.held: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self.reader).rstrip(_END)
        self.held.append(line)
        return line


class _Record(NamedTuple):
    """A row of cells, its first line and number of lines; `text` is kept for those of several."""

    line: int
    row: list[str]
    lines: int
    text: tuple[str, ...]

    @property
    def is_blank(self) -> bool:
        return not "".join(self.row).strip()


def _records(reader: TextIO, separator: str, line: int, faults: dict[int, Message]) -> Iterator[_Record]:
    """Every row, blank ones included. One with unbalanced quotes is returned unparsed, with its error."""
    source = _Source(reader)
    parser = csv.reader(source, delimiter=separator, strict=True)
    held = source.held
    while True:
        held.clear()
        try:
            row = next(parser)
        except StopIteration:
            return
        except csv.Error:
            if len(held) != 1:
                raise _stray(line, held, separator) from None
            row = held[0].rstrip("\r\n").split(separator)
            faults[line] = msg("这一行的引号不成对。")
        count = len(held)
        yield _Record(line, row, count, tuple(held) if count > 1 else ())
        line += count


def _below(records: Iterator[_Record], separator: str, table: SheetTable) -> Rows:
    """The rows below the headings, each of their lines counted.

    Raises:
        Invalid: a cell over several lines has swallowed rows; the message names the line of its opening quote.
    """
    lines, wide = table.lines, len(table.header)
    for record in records:
        line, row, count, text = record
        odd = len(row) > wide and bool("".join(row[wide:]).strip())
        if text:
            lines.continued += count - 1
            if odd or _swallowed(row, separator):
                raise _stray(line, text, separator)
        if not "".join(row).strip():
            lines.blank += 1
            continue
        if odd:
            found = msg("这一行有 %(n)s 格，表头只有 %(wide)s 格：多了分隔符，请核对各列。", n=len(row), wide=wide)
            table.faults.setdefault(line, found)
        lines.rows += 1
        yield line, bounded([_forced(cell) for cell in row], line)


def _forced(cell: str) -> str:
    """The text of a cell that a program kept from being taken for a number: ="0012", '0012."""
    if cell[:2] == '="' and cell[-1:] == '"' and '"' not in cell[2:-1]:
        return cell[2:-1]
    return cell[1:] if cell[:1] == "'" and "'" not in cell[1:] else cell


def _swallowed(row: Sequence[str], separator: str) -> bool:
    """Whether a cell over several lines contains the cells of following lines."""
    return any(separator in part for cell in row if "\n" in cell or "\r" in cell for part in cell.splitlines()[1:])


def _stray(line: int, text: Sequence[str], separator: str) -> Invalid:
    return Invalid(
        msg(
            "第 %(line)s 行有一个引号没有成对，读到第 %(end)s 行还没有结束，后面的行会被当成同一格。请改好引号再上传。",
            line=line + _opening(text, separator),
            end=line + max(0, len(text) - 1),
        )
    )


def _opening(text: Sequence[str], separator: str) -> int:
    """The line (from 0) of the last quote that is still open at its line's end."""
    quoted, begun, found = False, 0, 0
    for number, line in enumerate(text):
        fresh, escaped = not quoted, False
        for place, character in enumerate(line):
            if escaped:
                escaped = False
            elif quoted:
                if character == '"':
                    escaped = line[place + 1 : place + 2] == '"'
                    quoted = escaped
            elif character == '"' and fresh:
                quoted, begun, fresh = True, number, False
            else:
                fresh = character == separator
        if quoted:
            found = begun
    return found


def detect(source: io.BufferedReader) -> str:
    """utf-8, utf-16 or utf-32 by byte order mark, utf-16 and utf-8 without one, else GB18030; every byte is checked.

    Raises:
        Invalid: none of them, or one of them with a damaged place, whose line is named.
    """
    source.seek(0)
    start = source.read(4096)
    marked = next((name for mark, name in _MARKS if start.startswith(mark)), None) or _unmarked(start)
    for encoding in (marked,) if marked else ("utf-8-sig", "gb18030"):
        fault = _fault(source, encoding)
        if fault is None:
            return encoding
        line, sound, broken = fault
        if marked or (encoding == "utf-8-sig" and sound > 20 * broken):
            # Hardly any other encoding is valid UTF-8 for so long: it is damaged UTF-8.
            raise Invalid(msg("第 %(line)s 行有读不出来的字，文件可能损坏，请重新另存为 CSV。", line=line))
    raise Invalid(_ENCODING)


def _unmarked(start: bytes) -> str | None:
    """UTF-16 without a byte order mark: every other byte of its digits and separators is zero."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if even + odd < 4 or len(start) % 2:
        return None
    # Some Chinese characters, such as 一, end in a zero byte.
    if odd > 4 * even:
        return "utf-16-le"
    return "utf-16-be" if even > 4 * odd else None


def _fault(source: io.BufferedReader, encoding: str) -> tuple[int, int, int] | None:
    """Line of the first invalid byte, bytes before it and number of invalid places; None: all valid."""
    source.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    try:
        while block := source.read(1 << 20):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        source.seek(0)
        text = source.read(4 << 20).decode(encoding, errors="replace")
        broken = text.count("\ufffd")
        place = text.find("\ufffd")
        sound = sum(1 for character in text[: 1 << 16] if not character.isascii()) - text[: 1 << 16].count("\ufffd")
        return text.count("\n", 0, max(0, place)) + 1, sound, max(1, broken)
    return None
