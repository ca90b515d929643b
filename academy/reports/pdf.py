"""PDF output of rows: one table after another, A4, with an embedded Chinese font.

fpdf2 is pure Python, so it needs nothing installed; it keeps its output in memory, so the number of rows is limited.
"""

import contextlib
import re
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import fpdf
from fpdf.fonts import TTFFont

from academy.core.errors import Invalid
from academy.core.fonts import find_font, simplified_face
from academy.core.i18n import msg
from academy.reports.spreadsheets import Quantity, Value

MOST = 5_000
"""Maximum rows of one file: a hundred and fifty pages, more than anybody would print."""
MARGIN, FOOT = 12.0, 14.0
SIZE, LINE = 9.0, 4.6
POINT = 0.3528
"""Millimetres of a point."""
_WORDS = re.compile(r"[!-~]+|.", re.S)
_CLOSING = frozenset("，。；：、！？）》」』】”’…")
_HEAD, _RULE, _QUIET = (243, 239, 232), (200, 195, 186), (95, 95, 95)


class PdfSheet(fpdf.FPDF):
    """A sheet of rows (`spreadsheets.Sheet`): title, definition, then tables."""

    def __init__(self, widths: Sequence[int], header_row: int, font: Path, *, portrait: bool = False) -> None:
        super().__init__(orientation="P" if portrait else "L", format="A4")
        self._padding = 0.5 if portrait else 1.6
        self._share = _shares(widths)
        self._header_row, self._number, self._rows = header_row, 0, 0
        self._columns: list[str] = []
        self.add_font("cjk", fname=font, collection_font_number=simplified_face(font))
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(False)
        self.add_page()

    def footer(self) -> None:
        """The page number."""
        self.set_y(-FOOT + 4)
        self.set_font("cjk", size=8)
        self.set_text_color(*_QUIET)
        self.cell(self.epw, 5, f"{self.page_no()} / {{nb}}", align="R")
        self.set_text_color(0, 0, 0)

    def row(self, values: Sequence[Value], *, head: bool = False) -> None:
        """Add a row.

        Raises:
            Invalid: too many rows.
        """
        number = self._number
        self._number += 1
        texts = [_text(value) for value in values]
        if number < self._header_row or (len(texts) <= 1 and not head):
            self._sentence(texts[0] if texts else "", 14 if number == 0 else 9, quiet=0 < number < self._header_row)
            return
        if head or number == self._header_row:
            self._columns = texts
            self._line(texts, head=True)
            return
        self._rows += 1
        if self._rows > MOST:
            raise Invalid(msg("PDF 最多 %(most)s 行。请缩小范围，或改用 XLSX。", most=MOST))
        self._line(texts, values=values)

    def widths(self, widths: Sequence[int]) -> None:
        """Give the tables that follow other widths."""
        self._share = _shares(widths)

    def section(self, text: str) -> None:
        """A heading inside a table, kept together with the row that follows."""
        self.ln(1.5)
        self._sentence(text, 10.5)

    def _sentence(self, text: str, size: float, *, quiet: bool = False) -> None:
        if not text:
            self.ln(4)
            self._columns = []
            return
        self._new_page_for(12)
        self.set_font("cjk", size=size)
        self.set_text_color(*(_QUIET if quiet else (0, 0, 0)))
        for line in _wrapped(text, self.epw, size):
            self.cell(self.epw, size * 0.55, line, new_x="LMARGIN", new_y="NEXT")
        self.ln(1)
        self.set_text_color(0, 0, 0)

    def _line(self, texts: list[str], *, head: bool = False, values: Sequence[Value] = ()) -> None:
        widths = self._widths(len(texts))
        self.set_font("cjk", size=SIZE)
        cells = [_wrapped(text, width - 2, SIZE) for text, width in zip(texts, widths, strict=True)]
        height = LINE * max(len(lines) for lines in cells) + self._padding
        if self._new_page_for(height) and not head and self._columns:
            self._line(self._columns, head=True)
        top = self.get_y()
        if head:
            self.set_fill_color(*_HEAD)
            self.rect(MARGIN, top, sum(widths), height, style="F")
        left = MARGIN
        for place, (lines, width) in enumerate(zip(cells, widths, strict=True)):
            align = "R" if not head and isinstance(values[place], (int, float)) else "L"
            for n, line in enumerate(lines):
                self.set_xy(left, top + self._padding / 2 + n * LINE)
                self.cell(width, LINE, line, align=align)
            left += width
        self.set_draw_color(*_RULE)
        self.line(MARGIN, top + height, MARGIN + sum(widths), top + height)
        self.set_xy(MARGIN, top + height)

    def _new_page_for(self, height: float) -> bool:
        """Start a new page where this one is full; whether one was started."""
        if self.get_y() + height <= self.h - FOOT:
            return False
        self.add_page()
        return True

    def _widths(self, columns: int) -> list[float]:
        shares = [*self._share[:columns], *[self._share[-1]] * (columns - len(self._share))]
        return [self.epw * share / sum(shares) for share in shares]


@contextlib.contextmanager
def open_pdf(path: Path, widths: Sequence[int], header_row: int, *, portrait: bool = False) -> Iterator[PdfSheet]:
    """A new PDF; it is written when the block ends.

    Raises:
        Invalid: this machine has no Chinese font.
    """
    font = find_font()
    if font is None:
        raise Invalid(msg("这台服务器没有中文字体，做不了 PDF。请改用 XLSX。"))
    paper = PdfSheet(widths, header_row, font, portrait=portrait)
    try:
        yield paper
        paper.output(str(path))
    finally:
        for one in paper.fonts.values():
            # fpdf2 reads the font lazily and leaves the file open.
            if isinstance(one, TTFFont):
                one.ttfont.close()


def _shares(widths: Sequence[int]) -> list[float]:
    return [float(width) for width in widths] or [1.0]


def _text(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, Quantity):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, float):
        return f"{value:.1%}" if 0 <= value <= 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _wrapped(text: str, width: float, size: float) -> list[str]:
    """The text in lines of a width in millimetres. Chinese may break anywhere; a word only if longer than a line."""
    most, lines = width / (size * POINT), []
    line: list[str] = []
    for word in _WORDS.findall(text.replace("\n", " ")):
        for part in [word] if _letters(word) <= most else word:
            if line and _letters("".join(line) + part) > most:
                kept = _held(line, part, most)
                lines.append("".join(line[: len(line) - kept]))
                line = line[len(line) - kept :]
            line.append(part)
    return [*lines, "".join(line)]


def _held(line: list[str], part: str, most: float) -> int:
    """How many words at a line's end come along to the next one with what follows: none begins with what closes a
    phrase, if that can be helped."""
    if part not in _CLOSING:
        return 0
    last = next((place for place in range(len(line) - 1, 0, -1) if line[place] not in _CLOSING), None)
    return len(line) - last if last and _letters("".join(line[last:]) + part) <= most else 0


def _letters(text: str) -> float:
    """The width of a text, of which a Chinese character is one."""
    return sum(1.0 if unicodedata.east_asian_width(one) in "WF" else 0.6 for one in text)
