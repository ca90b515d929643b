"""Reads the table of an uploaded CSV or XLSX file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from academy.roster.sheet_process import READER, ReaderLimits, SheetProcess
from academy.roster.sheet_table import HeadingQuery, SheetTable


@contextmanager
def open_table(path: Path, wanted: HeadingQuery | None = None, limits: ReaderLimits = READER) -> Iterator[SheetTable]:
    """The table of a file, by its content and not by its name.

    It is parsed by a jailed process, while its first rows are processed here.

    Raises:
        Invalid: not a supported table, or over the limits; the message has advice. Also while the rows are read.
    """
    with SheetProcess(path, wanted or HeadingQuery(), limits) as process:
        yield process.table()
