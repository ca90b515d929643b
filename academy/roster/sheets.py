"""Reading a table out of a CSV or XLSX file that somebody sent: its rows, and nothing that bites."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from academy.roster.sheet_process import READER, ReaderLimits, SheetProcess
from academy.roster.sheet_table import HeadingQuery, SheetTable


@contextmanager
def open_table(path: Path, wanted: HeadingQuery | None = None, limits: ReaderLimits = READER) -> Iterator[SheetTable]:
    """The table of a file, by what is in it and not by its name.

    It is parsed by a process that is shut in, while its first rows are looked at here.

    Raises:
        Invalid: not a table we can read, or more than the limits allow; the sentence says why and what to do. Also
            while the rows are read.
    """
    with SheetProcess(path, wanted or HeadingQuery(), limits) as process:
        yield process.table()
