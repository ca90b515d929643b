"""The pool as a sheet: its columns, what is read from a file, and what is written into one."""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.faculty.kinds import LecturerLevel
from academy.faculty.pool_columns import COLUMNS, LIST_MARK
from academy.faculty.queries import PoolRow
from academy.faculty.words import LEVEL_NAMES, POOL_STATE_NAMES
from academy.roster import api as roster
from academy.roster.api import HeadingQuery

MOST_LINES = 500
LONGEST_CELL = 200
FIELDS = tuple(column.field for column in COLUMNS)
Translate = Callable[[Message], str]


@dataclass(frozen=True)
class SheetLine:
    """A line of a file: its number, counted from 1, and its cells by field."""

    number: int
    cells: dict[str, str]


def read_pool_sheet(path: Path) -> list[SheetLine]:
    """The lines of an XLSX or CSV file; it is parsed by a confined process.

    Raises:
        Invalid: not a table, a column is missing, no line or too many, or a line that cannot be read.
    """
    with roster.open_table(path, HeadingQuery(offered=COLUMNS)) as table:
        places = roster.guess(COLUMNS, table.header)
        missing = [column.headings[0] for column in COLUMNS if column.required and column.field not in places]
        if missing:
            raise Invalid(fields={"file": msg("表里缺少这些列：%(names)s。", names=LIST_MARK.join(missing))})
        found: list[SheetLine] = []
        for number, cells in table.rows:
            if number in table.faults:
                raise Invalid(fields={"file": table.faults[number]})
            if len(found) == MOST_LINES:
                raise Invalid(fields={"file": msg("一次最多导入 %(most)s 行，请分几次。", most=MOST_LINES)})
            values = {name: cells[place] if place < len(cells) else "" for name, place in places.items()}
            found.append(SheetLine(number, {name: values.get(name, "").strip()[:LONGEST_CELL] for name in FIELDS}))
    if not found:
        raise Invalid(fields={"file": msg("表里没有讲师。")})
    return found


def lines_as_text(lines: Sequence[SheetLine]) -> str:
    """Lines as a form carries them from the dry run to the confirmation."""
    return json.dumps([[line.number, *(line.cells[name] for name in FIELDS)] for line in lines], ensure_ascii=False)


def lines_from_text(text: str) -> list[SheetLine]:
    """Lines of a form. They are checked again as if they came from a file.

    Raises:
        Invalid: not what `lines_as_text` wrote.
    """
    try:
        rows: Any = json.loads(text)
        lines = [SheetLine(int(number), dict(zip(FIELDS, cells, strict=True))) for number, *cells in rows]
    except (ValueError, TypeError, RecursionError):
        lines = []
    whole = all(isinstance(cell, str) and len(cell) <= LONGEST_CELL for line in lines for cell in line.cells.values())
    if not 1 <= len(lines) <= MOST_LINES or not whole:
        raise Invalid(fields={"file": msg("请重新上传表格。")})
    return lines


def pool_workbook(rows: Sequence[PoolRow], numbers: dict[int, str], translate: Translate) -> bytes:
    """The pool as an XLSX file that can be imported again: a line for each present post. Every cell is text, so that no
    formula runs. `numbers` are member numbers by lecturer."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        sheet = book.add_worksheet(translate(msg("师资库")))
        sheet.set_column(0, len(COLUMNS) - 1, 18, text)
        sheet.freeze_panes(1, 1)
        for place, column in enumerate(COLUMNS):
            sheet.write_string(0, place, column.headings[0], bold)
        line = 0
        for row in rows:
            lecturer = row.membership.lecturer
            for post in row.posts:
                line += 1
                cells = (
                    *(
                        lecturer.name,
                        lecturer.office,
                        post.organisation.code,
                        str(LEVEL_NAMES[LecturerLevel(post.level)]),
                    ),
                    *(post.valid_from.isoformat(), str(POOL_STATE_NAMES[row.state]), LIST_MARK.join(row.subjects)),
                    numbers.get(row.membership.lecturer_id, ""),
                )
                for place, cell in enumerate(cells):
                    sheet.write_string(line, place, cell, text)
    return target.getvalue()


def pool_template(translate: Translate) -> bytes:
    """An empty sheet with the headings."""
    return roster.roster_template(COLUMNS, translate)
