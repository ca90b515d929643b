"""Extracts from a sheet's XML what calamine leaves out: formulas, errors, and number formats.

The XML is scanned in blocks for a few fixed words; the surroundings of a match are examined within a fixed distance. So
the time is linear in the length of the sheet, whatever its content.
"""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from academy.core.errors import Invalid
from academy.core.i18n import msg

NEAR = 2000
"""Bytes around a match in which its cell must lie."""
MOST_FORMULAS = 10_000
MOST_STYLED = 2_000_000

_PLACE = re.compile(rb"\sr=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_CELL = re.compile(rb"<(?:\w{1,20}:)?c\s")
_VALUE = re.compile(rb"<(?:\w{1,20}:)?v>([^<>]{1,40})<")
_FORMULA = re.compile(rb"<(?:\w{1,20}:)?f[\s>/]")
_ERRORS = (b' t="e"', b" t='e'")
_FORMAT = re.compile(rb"<(?:\w{1,20}:)?numFmt\s([^<>]{1,2000})>")
_CELL_FORMATS = re.compile(rb"<(?:\w{1,20}:)?cellXfs[\s>]")
_CELL_FORMATS_END = re.compile(rb"</(?:\w{1,20}:)?cellXfs>")
_XF = re.compile(rb"<(?:\w{1,20}:)?xf\s([^<>]{1,2000})>")
_ID = re.compile(rb"\bnumFmtId=[\"']([0-9]{1,6})[\"']")
_CODE = re.compile(rb"\bformatCode=(?:\"([^\"]{0,500})\"|'([^']{0,500})')")
_PADDED = re.compile(r'(?:"([^"]{0,20})")?(0{2,30})(?:"([^"]{0,20})")?')
_DECIMALS = re.compile(r"0\.(0{1,9})_?\s?")
_LITERAL = re.compile(r'"[^"]{0,255}"|\\.|\[[^\[\]]{0,255}\]')
_MONTHS = frozenset((17, 27, 36, 50, 52, 57))
"""Built-in formats that show a year and a month only (those of Chinese editions included)."""


@dataclass(frozen=True)
class Style:
    """Number format of a cell."""

    width: int = 0
    """Minimum number of digits: leading zeros."""
    before: str = ""
    after: str = ""
    decimals: int = 0
    is_month: bool = False
    """The day of the month is not shown."""

    def written(self, value: Any) -> str | None:
        """The value as the sheet shows it; None where the format is irrelevant."""
        if isinstance(value, dt.date):
            return f"{value.year}-{value.month:02}" if self.is_month else None
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < 1e15:
            return None
        if self.width and value == int(value):
            return f"{self.before}{int(value):0{self.width}}{self.after}"
        return f"{value:.{self.decimals}f}" if self.decimals and value != int(value) else None


@dataclass
class Marks:
    """Results for one sheet. Columns are counted from 0 at A."""

    formulas: set[tuple[int, int]] = field(default_factory=set)
    cells: dict[int, list[tuple[int, Style | str]]] = field(default_factory=dict)
    """Line → cells with the error or the format of their value."""
    count: int = 0


def styles_of(xml: bytes) -> dict[int, Style]:
    """Style number → its format, for relevant ones."""
    codes = {}
    for match in _FORMAT.finditer(xml):
        number, code = _ID.search(match[1]), _CODE.search(match[1])
        if number and code:
            codes[int(number[1])] = unescape((code[1] or code[2] or b"").decode("utf-8", "replace"))
    begin = _CELL_FORMATS.search(xml)
    end = _CELL_FORMATS_END.search(xml, begin.end()) if begin else None
    if begin is None or end is None:
        return {}
    found = {}
    for place, match in enumerate(_XF.finditer(xml, begin.end(), end.start())):
        number = _ID.search(match[1])
        style = _style(int(number[1]), codes.get(int(number[1]), "")) if number else None
        if style is not None:
            found[place] = style
    return found


def _style(number: int, code: str) -> Style | None:
    first = code.split(";", 1)[0].strip()
    if padded := _PADDED.fullmatch(first):
        return Style(width=len(padded[2]), before=padded[1] or "", after=padded[3] or "")
    if number == 2 or _DECIMALS.fullmatch(first):
        return Style(decimals=2 if number == 2 else first.count("0") - 1)
    letters = _LITERAL.sub("", first).lower()
    if number in _MONTHS or ("y" in letters and "m" in letters and not set(letters) & set("dhs")):
        return Style(is_month=True)
    return None


class MarkScanner:
    """Scans the XML of a sheet in blocks."""

    def __init__(self, styles: dict[int, Style]) -> None:
        self.marks, self.rest = Marks(), b""
        self.styles: list[tuple[bytes, Style]] = [
            (b" s=%c%d%c" % (quote, number, quote), style) for number, style in styles.items() for quote in b"\"'"
        ]

    def feed(self, block: bytes) -> None:
        """Scan one more block."""
        text = self.rest + block
        # The end of the block is scanned again with the next one, when its cell is complete.
        stop = max(0, len(text) - NEAR)
        self._look(text, stop)
        self.rest = text[max(0, stop - NEAR) :]
        self._offset = stop - max(0, stop - NEAR)

    def finish(self) -> Marks:
        """Scan the rest."""
        self._look(self.rest, len(self.rest))
        return self.marks

    _offset = 0
    """`rest` has been scanned up to here."""

    def _look(self, text: bytes, stop: int) -> None:
        if b"<f" in text or b":f" in text:
            # The name may extend beyond the scanned range.
            for match in _FORMULA.finditer(text, self._offset, stop + 32):
                if match.start() < stop:
                    self._formula(text, match.start())
        for needle in _ERRORS:
            for at in _places(text, needle, self._offset, stop):
                self._mark(text, at, _error(text, at))
        for needle, style in self.styles:
            for at in _places(text, needle, self._offset, stop):
                self._mark(text, at, style)

    def _formula(self, text: bytes, at: int) -> None:
        tag = text[max(0, at - NEAR) : at]
        begin = tag.rfind(b"<")
        place = _PLACE.search(tag, begin) if begin >= 0 and _CELL.match(tag, begin) else None
        if place:
            self.marks.formulas.add((int(place[2]), column(place[1])))
            if len(self.marks.formulas) > MOST_FORMULAS:
                raise Invalid(msg("表里到处是公式，请先“选择性粘贴为数值”再上传。"))

    def _mark(self, text: bytes, at: int, what: Style | str) -> None:
        begin = text.rfind(b"<", max(0, at - NEAR), at)
        end = text.find(b">", at, at + NEAR)
        if begin < 0 or end < 0 or not _CELL.match(text, begin):
            return
        place = _PLACE.search(text, begin, end)
        if place is None:
            return
        self.marks.count += 1
        if self.marks.count > MOST_STYLED:
            raise Invalid(msg("表格文件的内部结构不正常，请重新另存为 .xlsx。"))
        self.marks.cells.setdefault(int(place[2]), []).append((column(place[1]), what))


def _places(text: bytes, needle: bytes, start: int, stop: int) -> Iterator[int]:
    at = text.find(needle, start)
    while 0 <= at < stop:
        yield at
        at = text.find(needle, at + 1)


def _error(text: bytes, at: int) -> str:
    """The error value of a cell."""
    value = _VALUE.search(text, at, min(len(text), at + NEAR))
    return unescape(value[1].decode("utf-8", "replace")).strip() if value else "#N/A"


def column(letters: bytes) -> int:
    """A, B … as 0, 1 …"""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
