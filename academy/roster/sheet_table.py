"""A table of a file: its headings, its rows, and the count of its lines.

The table may have a title above its headings, and may be on another sheet than the first. Every line of the file is
accounted for (`Lines`), and the place of the headings is reported (`Table.read_from`).
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
"""Maximum lines above the headings: a title, the author, instructions."""

BATCH = 4000
"""Rows of one batch."""

Row = list[str]
Rows = Iterator[tuple[int, Row]]


class Batch(NamedTuple):
    """Some rows, a column at a time; short rows are padded with blanks."""

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
    """Rows in batches of some thousands."""
    while block := list(islice(rows, BATCH)):
        lines, cells = zip(*block, strict=True)
        yield Batch(lines, list(zip_longest(*cells, fillvalue="")))


@dataclass
class Lines:
    """Counts of a file's lines by kind; complete once its rows are read."""

    above: int = 0
    """Lines above the headings."""
    rows: int = 0
    blank: int = 0
    continued: int = 0
    """Continuation lines of cells."""

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
    """Estimated number of rows, for a progress bar."""
    formulas: frozenset[tuple[int, int]] = frozenset()
    """Cells (line, column from 0) that hold a formula."""
    faults: dict[int, Message] = field(default_factory=dict)
    """Line → why its cells are ambiguous; set before the row is yielded."""
    read_from: list[Message] = field(default_factory=list)
    """Sheet and line of the headings, and what was not read."""
    lines: Lines = field(default_factory=Lines)
    arriving: Iterator[Batch] | None = None
    """The batches, where the rows come in batches; `rows` iterates over the same."""

    def batches(self) -> Iterator[Batch]:
        """The rows, a column at a time; either this or `rows` may be read, once."""
        return batched(self.rows) if self.arriving is None else self.arriving

    def replace_rows(self, rows: Rows) -> None:
        """Replace the iterator of rows."""
        self.rows, self.arriving = rows, None


@dataclass(frozen=True)
class HeadingQuery:
    """How the headings of the table are recognised."""

    offered: Sequence[columns.RosterColumn] = ()
    remembered: Mapping[str, str] = field(default_factory=dict)
    """Field → heading in an earlier file of the same organisation."""
    header: Sequence[str] = ()
    """Headings confirmed for this very file; they have priority."""

    def score(self, row: Sequence[str]) -> float:
        """Similarity of a row to headings: number of fields named, or nearly 1 where it only has several cells."""
        filled = sum(1 for cell in row if cell.strip())
        if self.header and [cell.strip()[:60] for cell in row] == list(self.header):
            return 1000.0
        named = len(columns.guess(self.offered, row, self.remembered)) if filled > 1 else 0
        return named or min(filled, 9) / 10

    @property
    def enough(self) -> int:
        """Number of fields above which headings with all required fields are certain."""
        return sum(1 for column in self.offered if column.required)


def header_place(rows: Sequence[Row], wanted: HeadingQuery) -> tuple[float, int]:
    """The best score among some rows, and its index; of equals the first.

    Raises:
        Invalid: there is no row at all.
    """
    if not rows:
        raise Invalid(msg("文件是空的。"))
    scores = [wanted.score(row) for row in rows]
    best = max(scores)
    return best, scores.index(best)


def bounded(row: list[str], line: int) -> Row:
    """The row with its cells cut to the maximum length.

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
