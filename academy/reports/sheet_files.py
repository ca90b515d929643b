"""Opens the file of a report in the format that was asked for."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import xlsxwriter

from academy.reports.spreadsheets import CsvSheet, Sheet, XlsxSheet


@contextlib.contextmanager
def open_sheet(path: Path, kind: str, name: str, widths: Sequence[int], header_row: int) -> Iterator[Sheet]:
    """A new file of one sheet; rows above `header_row` describe it, the first of them is its title."""
    if kind == "csv":
        # With a byte order mark, without which a common spreadsheet misreads Chinese.
        with path.open("w", encoding="utf-8-sig", newline="") as handle:
            yield CsvSheet(handle)
        return
    if kind == "pdf":
        from academy.reports.pdf import open_pdf  # fpdf2 is large, and only a worker needs it

        with open_pdf(path, widths, header_row) as paper:
            yield paper
        return
    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)}) as book:
        sheet = book.add_worksheet(name[:31])
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(header_row + 1, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(header_row)
        yield XlsxSheet(book, sheet, header_row)
