"""Paging of lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from academy.core.database import Tx

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a longer list, and its position. Pages are counted from 1."""

    rows: Sequence[T]
    total: int
    number: int
    size: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Position of the first row shown, counted from 1; 0 when there is none."""
        return (self.number - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.number < self.pages else None


def page_of(tx: Tx, query: Select[*tuple[Any, ...]], number: int, size: int) -> Page[Any]:
    """Run an ordered query for one page; a number past the end gives the last page."""
    total = count_of(tx, query)
    number = min(max(1, number), max(1, -(-total // size)))
    result = tx.execute(query.limit(size).offset((number - 1) * size))
    rows: Sequence[Any] = result.all() if len(query.column_descriptions) > 1 else result.scalars().all()
    return Page(rows, total, number, size)


def count_of(tx: Tx, query: Select[*tuple[Any, ...]]) -> int:
    """How many rows a query has: the total of its pages, and the figure that leads to them."""
    return tx.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def number_in(text: str | None) -> int:
    """The page number in a query string; 1 for anything that is not one."""
    # Limited: a huge OFFSET is expensive, and nobody needs such a page.
    return min(100_000, max(1, int(text))) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 1
