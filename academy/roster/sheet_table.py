"""A table of a file: its headings, its rows, and what became of every line.

The table may have a title above its headings, and may stand on another sheet than the first. Every line of
the file is accounted for (`Lines`), and where the headings were found is said in words (`Table.read_from`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import NamedTuple

from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.roster import columns

MOST_ROWS = 500_000
MOST_COLUMNS = 100
LONGEST_CELL = 500
TOP = 20
"""So many lines at most stand above the headings: a title, who made the list, how to fill it in."""

BATCH = 4000
"""Rows that are handed on together."""

Row = list[str]
Rows = Iterator[tuple[int, Row]]


class Batch(NamedTuple):
    """Some rows, a column at a time; rows that end early are filled up with blanks."""

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]

    def rows(self) -> Rows:
        """The same row by row."""
        for line, *cells in zip(self.lines, *self.columns, strict=True):
            yield line, cells

    def row(self, place: int) -> Row:
        """The cells of one row."""
        return [column[place] for column in self.columns]


def batched(rows: Rows) -> Iterator[Batch]:
    """Rows, some thousands at a time."""
    while block := list(islice(rows, BATCH)):
        lines, cells = zip(*block, strict=True)
        yield Batch(lines, list(zip_longest(*cells, fillvalue="")))


@dataclass
class Lines:
    """What became of every line of a file; filled in while its rows are read."""

    above: int = 0
    """Lines above the headings."""
    rows: int = 0
    blank: int = 0
    continued: int = 0
    """Lines that belong to a cell which runs over several."""

    @property
    def total(self) -> int:
        """All of them, the headings included."""
        return self.above + 1 + self.rows + self.blank + self.continued


@dataclass
class SheetTable:
    """A header and the rows below it."""

    header: Row
    rows: Rows
    total: int
    """About how many rows there are, for a progress bar."""
    formulas: frozenset[tuple[int, int]] = frozenset()
    """Cells (line, column from 0) that hold a formula."""
    faults: dict[int, Message] = field(default_factory=dict)
    """Line → why its cells cannot be told apart; filled in before the row is handed out."""
    read_from: list[Message] = field(default_factory=list)
    """Which sheet and line the headings were found on, and what was not read."""
    lines: Lines = field(default_factory=Lines)
    arriving: Iterator[Batch] | None = None
    """Where the rows come in batches, those batches; `rows` are out of them."""

    def batches(self) -> Iterator[Batch]:
        """The rows, a column at a time; of these and of `rows` only one is read."""
        return batched(self.rows) if self.arriving is None else self.arriving

    def replace_rows(self, rows: Rows) -> None:
        """Have other rows stand in for them."""
        self.rows, self.arriving = rows, None


@dataclass(frozen=True)
class HeadingQuery:
    """What the headings of the table are recognised by."""

    offered: Sequence[columns.RosterColumn] = ()
    remembered: Mapping[str, str] = field(default_factory=dict)
    """Field → heading in an earlier file of the same office."""
    header: Sequence[str] = ()
    """The headings as an earlier look at this very file found them; they win."""

    def score(self, row: Sequence[str]) -> float:
        """How much a row looks like the headings: fields that it names, or nearly 1 where it only has several cells."""
        filled = sum(1 for cell in row if cell.strip())
        if self.header and [cell.strip()[:60] for cell in row] == list(self.header):
            return 1000.0
        named = len(columns.guess(self.offered, row, self.remembered)) if filled > 1 else 0
        return named or min(filled, 9) / 10

    @property
    def enough(self) -> int:
        """So many fields are named by headings that hold all that is required."""
        return sum(1 for column in self.offered if column.required)


def header_place(rows: Sequence[Row], wanted: HeadingQuery) -> tuple[float, int]:
    """How much the likeliest of some rows looks like the headings, and which it is; of equals the first.

    Raises:
        Invalid: there is no row at all.
    """
    if not rows:
        raise Invalid(msg("文件是空的。"))
    scores = [wanted.score(row) for row in rows]
    best = max(scores)
    return best, scores.index(best)


def bounded(row: list[str], line: int) -> Row:
    """The row with its cells cut to what can be looked at.

    Raises:
        Invalid: there are too many rows or columns.
    """
    if line > MOST_ROWS + TOP:
        raise Invalid(msg("行数超过 %(most)s，请分成几个文件。", most=MOST_ROWS))
    if len(row) > MOST_COLUMNS:
        raise Invalid(msg("第 %(line)s 行超过 %(most)s 列，文件可能有误。", line=line, most=MOST_COLUMNS))
    if max(map(len, row), default=0) > LONGEST_CELL:
        return [cell[: LONGEST_CELL + 1] for cell in row]
    return row
