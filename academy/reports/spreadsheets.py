"""XLSX and CSV output, written row by row, so that a city's names need no memory."""

import csv
import datetime as dt
from collections.abc import Sequence
from typing import Any, Protocol

from academy.core.months import Month

__all__ = ["REPORT_FORMATS", "Quantity", "Sheet", "Value", "defuse_cell"]


class Quantity(float):
    """A number of something and no share: 1.0 is one hour, not a hundred per cent."""


Value = str | int | float | dt.date | None
REPORT_FORMATS = ("xlsx", "csv", "pdf")
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def defuse_cell(value: Value) -> Value:
    """Prefix an apostrophe to text that a spreadsheet would execute as a formula."""
    if isinstance(value, str) and value.startswith(_DANGEROUS):
        return "'" + value
    return value


class Sheet(Protocol):
    """Interface of a sheet."""

    def row(self, values: Sequence[Value], *, head: bool = False) -> None:
        """Add a row; `head` where it contains the column names of a further table."""


class CsvSheet:
    """A CSV file, as spreadsheets open it."""

    def __init__(self, handle: Any) -> None:
        self._writer = csv.writer(handle)

    def row(self, values: Sequence[Value], *, head: bool = False) -> None:
        self._writer.writerow(["" if v is None else defuse_cell(v) for v in values])


class XlsxSheet:
    """The one worksheet of an XLSX workbook."""

    def __init__(self, book: Any, sheet: Any, header_row: int) -> None:
        self._sheet, self._next, self._header_row = sheet, 0, header_row
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#F3EFE8"})

    def row(self, values: Sequence[Value], *, head: bool = False) -> None:
        number, sheet = self._next, self._sheet
        self._next += 1
        style = self._title if number == 0 else self._head if head or number == self._header_row else None
        for column, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, Month):
                sheet.write_string(number, column, str(value), style)
            elif isinstance(value, dt.date):
                sheet.write_datetime(number, column, value, self._day)
            elif isinstance(value, str):
                sheet.write_string(number, column, str(defuse_cell(value)), style)
            else:
                sheet.write_number(number, column, value, style)
