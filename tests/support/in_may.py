"""A day in May, in the middle of a term, on which the tests of a file take place that imports `in_may`."""

import datetime as dt
from collections.abc import Iterator

import pytest

from academy.core import clock

NOON = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)
"""A Wednesday."""


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    """Hold the clock at that day's noon."""
    with clock.frozen(NOON):
        yield
