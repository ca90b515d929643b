"""An integer program: columns, and rows that bound sums of them."""

import math
from collections.abc import Iterable


class Infeasible(Exception):
    """No assignment satisfies the rows."""


class Program:
    """Columns are whole numbers from 0 to an upper bound."""

    def __init__(self) -> None:
        self.upper: list[int] = []
        """The upper bound of each column."""
        self.rows: list[tuple[dict[int, int], float, float]] = []
        """Factor by column, and between which bounds their sum is."""

    def column(self, upper: int = 1) -> int:
        """A new column; gives its index."""
        self.upper.append(upper)
        return len(self.upper) - 1

    def columns(self, number: int) -> list[int]:
        """So many new columns of 0 or 1."""
        return [self.column() for _ in range(number)]

    def row(self, terms: Iterable[tuple[int, int]], lower: float = -math.inf, upper: float = math.inf) -> None:
        """Bound a sum. A column that occurs twice counts twice."""
        summed: dict[int, int] = {}
        for column, factor in terms:
            summed[column] = summed.get(column, 0) + factor
        self.rows.append((summed, lower, upper))
