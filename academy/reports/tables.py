"""A report as data: tables with texts, for the page and for every kind of file."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from academy.core.i18n import Message, Translator
from academy.core.paging import Page
from academy.reports.sheet_files import open_sheet
from academy.reports.spreadsheets import Quantity, Value

Cell = Value | Message
TEXT, NUMBER, DAY, SHARE = "text", "number", "day", "share"
EVERY = 500


@dataclass(frozen=True)
class ReportColumn:
    """A column: heading, format of its cells, width in letters."""

    label: Message | str
    kind: str = TEXT
    width: int = 14


@dataclass(frozen=True)
class ReportRow:
    """One row: its cells, and the link of its first cell (an endpoint with its values)."""

    cells: Sequence[Cell]
    link: tuple[str, dict[str, str]] | None = None
    bar: float | None = None
    """The value drawn in the chart beside the table: a percentage."""
    total: bool = False


@dataclass(frozen=True)
class ReportTable:
    """Rows with headings; `page` where the list is long, so that a page shows a part of it."""

    key: str
    title: Message | str
    columns: Sequence[ReportColumn]
    lines: Iterable[ReportRow]
    page: Page[ReportRow] | None = None
    note: Message | str = ""
    chart: bool = False


@dataclass(frozen=True)
class Report:
    """A report: scope, definition, as-of time, tables."""

    title: Message | str
    subject: str
    definition: Message
    tables: Sequence[ReportTable] = field(default_factory=tuple)
    figures: Sequence[tuple[Message, int, Message | str]] = ()
    """Key figures at its head: label, number, definition."""


def write(
    report: Report,
    translate: Translator,
    kind: str,
    path: Path,
    progress: Callable[[int], None],
    total: int | None = None,
) -> int:
    """Write all tables of a report into one file; returns how many rows there are."""
    widest = max(report.tables, key=lambda table: len(table.columns))
    written = 0
    with open_sheet(path, kind, translate(report.title), [c.width for c in widest.columns], header_row=2) as sheet:
        sheet.row([f"{translate(report.title)} · {report.subject}"])
        sheet.row([translate(report.definition)])
        for number, table in enumerate(report.tables):
            if number:
                sheet.row([])
                sheet.row([translate(table.title)])
            sheet.row([translate(column.label) for column in table.columns], head=True)
            for line in table.lines:
                cells = zip(line.cells, table.columns, strict=True)
                sheet.row([render_cell(cell, translate, column.kind) for cell, column in cells])
                written += 1
                if written % EVERY == 0:
                    progress(min(990, 1000 * written // max(1, total or written * 2)))
    return written


def render_cell(cell: Cell, translate: Translator, kind: str = SHARE) -> Value:
    """A cell in the reader's language; `kind` is its column's."""
    if isinstance(cell, Message):
        return translate(cell)
    return Quantity(cell) if isinstance(cell, float) and kind != SHARE else cell


def day_or(day: dt.date | None, otherwise: Message) -> Cell:
    """A day, or the text for none."""
    return day if day is not None else otherwise
