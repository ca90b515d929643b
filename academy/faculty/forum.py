"""The forum month by month: its evenings, what is taught on them, and days off."""

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.classes.api import Holiday, HolidayKind
from academy.core import clock
from academy.core.database import Tx
from academy.faculty.kinds import LectureKind
from academy.faculty.lecture_queries import LectureRow, lecture_rows
from academy.faculty.models import ProgrammeLecture


@dataclass(frozen=True)
class ForumDay:
    """A day of the forum's calendar."""

    day: dt.date
    minute: int | None = None
    """When the forum is to meet, in minutes after midnight; None where it does not, and on days that are over."""
    lectures: tuple[LectureRow, ...] = ()
    holiday: str = ""
    """The name of the days off that it belongs to."""

    @property
    def number(self) -> int:
        """The day of its month."""
        return self.day.day

    @property
    def is_empty(self) -> bool:
        """Whether a list of what is on would leave the day out."""
        return self.minute is None and not self.lectures and not self.holiday


def forum_month(tx: Tx, year: int, month: int) -> list[list[ForumDay]]:
    """The weeks of a month, Monday first, with the days of other months that they begin and end with. At most six
    queries and two for each term that it touches."""
    weeks = calendar.Calendar().monthdatescalendar(year, month)
    first, last = weeks[0][0], weeks[-1][-1]
    evenings = evenings_between(tx, max(first, clock.today()), last)
    lectures: dict[dt.date, list[LectureRow]] = {}
    for line in forum_between(tx, first, last):
        lectures.setdefault(line.lecture.day, []).append(line)
    notices = classes.list_holidays(tx, first, last)
    return [
        [ForumDay(day, evenings.get(day), tuple(lectures.get(day, ())), _name_of(notices, day)) for day in week]
        for week in weeks
    ]


def _name_of(notices: Sequence[Holiday], day: dt.date) -> str:
    """The name of the days off; none on a day that another notice declares working."""
    here = [one for one in notices if one.first_day <= day <= one.last_day]
    is_working = any(one.kind == HolidayKind.WORKING for one in here)
    return "" if is_working else next((one.name for one in here), "")


def evenings_between(tx: Tx, first: dt.date, last: dt.date) -> dict[dt.date, int]:
    """Days on which the forum meets → when, in minutes after midnight."""
    found: dict[dt.date, int] = {}
    for term in classes.list_terms(tx):
        if term.first_day <= last and term.last_day >= first:
            days = (evening.day for evening in classes.term_evenings(tx, term))
            found |= {day: term.forum_minute for day in days if first <= day <= last}
    return found


def forum_between(tx: Tx, first: dt.date, last: dt.date) -> list[LectureRow]:
    """The forum's lectures of some days in their order, cancelled ones too. Two queries."""
    query = (
        select(ProgrammeLecture)
        .where(ProgrammeLecture.kind == LectureKind.FORUM, ProgrammeLecture.day.between(first, last))
        .options(joinedload(ProgrammeLecture.classroom))
        .order_by(ProgrammeLecture.day, ProgrammeLecture.minute, ProgrammeLecture.id)
    )
    return lecture_rows(tx, tx.scalars(query).all())
