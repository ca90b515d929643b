"""Dates of which only the month is known."""

import datetime as dt


class Month(dt.date):
    """A month without its day, as registers keep it: counted as the first of the month, shown as 1980-01.

    A plain date is a known day; the type distinguishes the two.
    """

    def isoformat(self) -> str:
        """``1980-01``: the day is not known, so it is not written."""
        return f"{self.year:04}-{self.month:02}"

    __str__ = isoformat

    @property
    def first(self) -> dt.date:
        """The earliest day that it may be."""
        return dt.date(self.year, self.month, 1)

    @property
    def last(self) -> dt.date:
        """The latest day that it may be."""
        after = dt.date(self.year + self.month // 12, self.month % 12 + 1, 1)
        return after - dt.timedelta(days=1)


def month_of(day: dt.date) -> Month:
    """The month of a day."""
    return Month(day.year, day.month, 1)


def earliest(day: dt.date) -> dt.date:
    """The earliest day that a date may be."""
    return day.first if isinstance(day, Month) else day


def latest(day: dt.date) -> dt.date:
    """The latest day that a date may be."""
    return day.last if isinstance(day, Month) else day


def same(one: dt.date | None, other: dt.date | None) -> bool:
    """Whether two dates are equal: 1980-01 is not the first of January, though both sort alike."""
    return one == other and isinstance(one, Month) == isinstance(other, Month)
