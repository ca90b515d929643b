"""Parses a CSV or XLSX file, inside the jailed process (`sheet_reader`); other modules use `sheets`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.roster import sheet_csv
from academy.roster.sheet_table import HeadingQuery, SheetTable


@contextmanager
def read_table(path: Path, wanted: HeadingQuery) -> Iterator[SheetTable]:
    """The table of a file, by its content and not by its name.

    Raises:
        Invalid: not a supported table; the message has advice.
    """
    with path.open("rb") as source:
        start = source.read(8)
    if not start:
        raise Invalid(msg("文件是空的。"))
    if start.startswith(b"PK"):
        from academy.roster import sheet_xlsx

        yield sheet_xlsx.read(path, wanted)
    elif start.startswith(b"\xd0\xcf\x11\xe0"):
        raise Invalid(msg("这是旧版 .xls 或加了密码的表格，请另存为不加密的 .xlsx 或 CSV 再上传。"))
    else:
        with path.open("rb") as source:
            encoding = sheet_csv.detect(source)
            source.seek(0)
            total = sum(block.count(b"\n") for block in iter(lambda: source.read(1 << 20), b""))
        with path.open(encoding=encoding, newline="") as reader:
            yield sheet_csv.read(reader, total, wanted)
