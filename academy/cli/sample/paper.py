"""Documents of the sample: real text in a PDF, so that pages can be searched, read aloud and enlarged."""

import datetime as dt
from pathlib import Path

import fpdf
from fpdf.fonts import TTFFont

from academy.cli.sample import slides, statutes
from academy.core.fonts import find_font, simplified_face

MARGIN, WIDTH, FOOT = 20.0, 170.0, 20.0
"""Millimetres of the page; it is read on a phone, so the text is large and the margins are narrow."""
TITLE, HEADING, BODY, SMALL = 26.0, 19.0, 17.0, 11.0
"""Points."""
POINT = 0.3528
LEADING = 1.62
INK, QUIET, ACCENT = (34, 32, 29), (110, 103, 95), (164, 40, 31)
_NEVER_FIRST = "，。；、：！？）》”"


class SamplePaper(fpdf.FPDF):
    """A4 upright: the law's name above every page, its number below."""

    def __init__(self, law: str, font: Path) -> None:
        super().__init__(orientation="P", format="A4")
        self.law = law
        self.add_font("cjk", fname=font, collection_font_number=simplified_face(font))
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(False)
        self.set_title(law)
        self.set_lang("zh-CN")
        # Reproducible: the same text gives the same file.
        self.set_creation_date(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
        self.add_page()

    def header(self) -> None:
        """The law's name; omitted on the first page, where the title follows."""
        if self.page_no() > 1:
            self._write(self.law, SMALL, QUIET)
            self.ln(5)

    def footer(self) -> None:
        """The page's number."""
        self.set_y(-FOOT + 6)
        self.set_font("cjk", size=SMALL)
        self.set_text_color(*QUIET)
        self.cell(WIDTH, 6, f"{self.page_no()} / {{nb}}", align="R")

    def heading(self, text: str, below: int) -> None:
        """An article's number, kept on one page with the `below` lines that follow it."""
        needed = (HEADING + BODY * min(2, below)) * POINT * LEADING
        if self.get_y() + needed > self.h - FOOT:
            self.add_page()
        self._write(text, HEADING, ACCENT)

    def words(self, lines: list[str]) -> None:
        """Lines of text, over as many pages as needed."""
        for line in lines:
            if self.get_y() + BODY * POINT * LEADING > self.h - FOOT:
                self.add_page()
            self._write(line, BODY, INK)

    def _write(self, text: str, size: float, ink: tuple[int, int, int]) -> None:
        self.set_font("cjk", size=size)
        self.set_text_color(*ink)
        self.cell(WIDTH, size * POINT * LEADING, text, new_x="LMARGIN", new_y="NEXT")

    def title_block(self, subtitle: str) -> None:
        """The title on top of the first page."""
        self._write(self.law, TITLE, INK)
        self._write(subtitle, SMALL, QUIET)
        self.ln(6)


def write(law: str, articles: list[statutes.StatutePage], file: Path) -> None:
    """A PDF of articles to read.

    Raises:
        slides.NoFont: this machine has no Chinese font.
    """
    font = find_font()
    if font is None:
        raise slides.NoFont("no font with Chinese characters; run `make setup`")
    paper = SamplePaper(law, font)
    try:
        paper.title_block(f"{articles[0].heading}至{articles[-1].heading}")
        for article in articles:
            lines = wrap("".join(article.sentences), int(WIDTH / (BODY * POINT)) - 1)
            paper.heading(article.heading, len(lines))
            paper.words(lines)
            paper.ln(5)
        paper.output(str(file))
    finally:
        for one in paper.fonts.values():
            # fpdf2 reads the font lazily and leaves the file open.
            if isinstance(one, TTFFont):
                one.ttfont.close()


def wrap(text: str, most: int) -> list[str]:
    """Lines of at most `most` Chinese characters; a punctuation mark that follows hangs at the end of its line."""
    lines = [""]
    for character in text:
        if len(lines[-1]) >= most and character not in _NEVER_FIRST:
            lines.append("")
        lines[-1] += character
    return lines
