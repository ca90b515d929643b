"""One page of a long list, and where it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func, select

from academy.core.db import Tx

T = TypeVar("T")
SIZE = 20
LAST = 100_000  # further pages are nobody's wish, and a huge OFFSET is the database's burden


@dataclass(frozen=True)
class Page(Generic[T]):
    """`items` of page `page` (counted from 1) of a list of `total`."""

    items: Sequence[T]
    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_previous(self) -> bool:
        return self.page > 1

    @property
    def has_next(self) -> bool:
        return self.page < self.pages

    @property
    def first(self) -> int:
        """The place of the first item shown, counted from 1; 0 when there is none."""
        return (self.page - 1) * self.size + 1 if self.items else 0

    @property
    def last(self) -> int:
        """The place of the last item shown."""
        return (self.page - 1) * self.size + len(self.items)


def number(text: str | None) -> int:
    """The page number in a query string; whatever cannot be one is the first page."""
    return min(LAST, max(1, int(text))) if text and text.isascii() and text.isdigit() else 1


def paged(tx: Tx, statement: Select[Any], page: int = 1, size: int = SIZE, *, scalars: bool = True) -> Page[Any]:
    """Run an ordered statement for one page: two queries, whatever the length of the list."""
    total = tx.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    page = min(page, max(1, -(-total // size)))
    shown = statement.limit(size).offset((page - 1) * size)
    items = list(tx.scalars(shown).unique() if scalars else tx.execute(shown))
    return Page(items, page, size, total)
