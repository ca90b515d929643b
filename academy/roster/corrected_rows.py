"""Corrected rows, uploaded alone: they replace lines of the file when it is read again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.roster.sheet_table import HeadingQuery, Row, Rows, SheetTable
from academy.roster.sheets import open_table

SENT, KEPT = "mended", "mended.json"
MOST = 50_000


def receive_corrections(folder: Path, header: Sequence[str], wanted: HeadingQuery) -> Message | None:
    """Read the uploaded sheet, if there is one, and keep its rows; returns the error if it cannot be read."""
    sent = folder / SENT
    if not sent.exists():
        return None
    try:
        rows = corrections(folder) | dict(_rows(sent, header, wanted))
    except Invalid as error:
        return error.message
    finally:
        sent.unlink()
    draft = folder / f"{KEPT}.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    draft.replace(folder / KEPT)
    return None


def _rows(sent: Path, header: Sequence[str], wanted: HeadingQuery) -> Iterator[tuple[int, Row]]:
    """The sheet's rows by the line number in its first column, with the corrected cells."""
    wide = len(header)
    with open_table(sent, HeadingQuery(wanted.offered, wanted.remembered)) as table:
        if [heading.strip()[:60] for heading in table.header[1 : wide + 1]] != list(header):
            raise Invalid(msg("这不是从本页下载的“需要修改的行”：表头不一样。请在下载的表格里修改，再传回来。"))
        for count, (_, row) in enumerate(table.rows):
            line = row[0].strip() if row else ""
            if count >= MOST or not (line.isascii() and line.isdecimal() and len(line) < 8):
                raise Invalid(msg("第一列应是原文件的行号，“%(shown)s”不是。", shown=line[:20]))
            yield int(line), [*row[1 : wide + 1], *[""] * (wide + 1 - len(row))]


def corrections(folder: Path) -> dict[int, Row]:
    """Line of the file → its corrected cells."""
    path = folder / KEPT
    return {int(line): row for line, row in json.loads(path.read_text("utf-8")).items()} if path.exists() else {}


def apply_corrections(table: SheetTable, mended: Mapping[int, Row]) -> None:
    """Replace rows by their corrections; an emptied one is left out, and counted as blank."""
    if mended:
        table.formulas = frozenset(place for place in table.formulas if place[0] not in mended)
        table.replace_rows(_replaced(table.rows, table, mended))


def _replaced(rows: Rows, table: SheetTable, mended: Mapping[int, Row]) -> Rows:
    for line, row in rows:
        if line not in mended:
            yield line, row
            continue
        table.faults.pop(line, None)
        if "".join(mended[line]).strip():
            yield line, mended[line]
        else:
            table.lines.rows -= 1
            table.lines.blank += 1
