"""A member's own learning record: completed courses and study hours by calendar year of the city's time zone."""

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.learning.models import Completion, CreditHour
from academy.library.models import Course, CourseVersion

PAGE = 50


@dataclass(frozen=True)
class RecordYear:
    """One calendar year: completions (as in the period reports) and net minutes of study."""

    year: int
    courses: int
    minutes: int


@dataclass(frozen=True)
class RecordEntry:
    """One completion with the net minutes credited for its course in that year."""

    course: Course
    completed_at: dt.datetime
    evidence: str
    minutes: int


@dataclass(frozen=True)
class RecordOfYear:
    """A page of completions, with all net minutes of the year and those that belong to none of its completions:
    corrections of earlier years."""

    page: Page[RecordEntry]
    minutes: int
    other_minutes: int


def record_years(tx: Tx, member_id: int) -> list[RecordYear]:
    """Every year with a completion or a credit, the latest first; two queries.

    Minutes are net: hours that a correction struck are subtracted in the year in which they were struck, as in the
    period reports.
    """
    courses: defaultdict[int, int] = defaultdict(int)
    minutes: defaultdict[int, int] = defaultdict(int)
    for at in tx.scalars(select(Completion.completed_at).where(Completion.member_id == member_id)):
        courses[clock.to_city(at).year] += 1
    credits = select(CreditHour.earned_at, CreditHour.minutes).where(CreditHour.member_id == member_id)
    for at, gained in tx.execute(credits):
        minutes[clock.to_city(at).year] += gained
    return [RecordYear(year, courses[year], minutes[year]) for year in sorted({*courses, *minutes}, reverse=True)]


def record_of_year(tx: Tx, member_id: int, year: int, page: int = 1, size: int = PAGE) -> RecordOfYear:
    """Completions of one calendar year, the latest first, and the net hours of that year."""
    start, end = year_bounds(year)
    credited: defaultdict[str, int] = defaultdict(int)
    credits = select(CreditHour.source, CreditHour.minutes).where(
        CreditHour.member_id == member_id, CreditHour.earned_at >= start, CreditHour.earned_at < end
    )
    for source, gained in tx.execute(credits):
        credited[source.partition("#")[0]] += gained
    # Hours are credited once a course, versions are completed each: they stand beside the first of the year.
    is_first = func.row_number().over(partition_by=Course.id, order_by=Completion.completed_at) == 1
    query = (
        select(Course, Completion.completed_at, Completion.evidence, is_first)
        .select_from(Completion)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.member_id == member_id, Completion.completed_at >= start, Completion.completed_at < end)
        .order_by(Completion.completed_at.desc(), Course.id, Completion.course_version)
        .options(joinedload(Course.published).joinedload(CourseVersion.category))
    )
    found = page_of(tx, query, page, size)
    rows = [
        RecordEntry(course, at, evidence, credited[f"course:{course.public_id}"] if first else 0)
        for course, at, evidence, first in found.rows
    ]
    completed = select(Completion.course_id).where(
        Completion.member_id == member_id, Completion.completed_at >= start, Completion.completed_at < end
    )
    in_list = tx.scalars(select(Course.public_id).where(Course.id.in_(completed)))
    beside = sum(credited[f"course:{public_id}"] for public_id in in_list)
    minutes = sum(credited.values())
    return RecordOfYear(Page(rows, found.total, found.number, found.size), minutes, minutes - beside)


def year_bounds(year: int) -> tuple[dt.datetime, dt.datetime]:
    """First instant of a year in the city's time zone, and of the next."""
    return clock.day_bounds(dt.date(year, 1, 1))[0], clock.day_bounds(dt.date(year + 1, 1, 1))[0]
