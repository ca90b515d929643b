"""Evenings of a term's forum that a lecturer can be given."""

import datetime as dt

from sqlalchemy import select

from academy.classes import api as classes
from academy.classes.api import HolidayKind
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import Message, msg
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.faculty.plan_models import Assignment
from academy.faculty.plan_problem import comings, free_evenings

FRIDAY = 4
NAMED = 6
"""Evenings that a sentence names."""


class EveningTaken(Conflict):
    """Another lecturer has the evening, or it is none any more; `free` are evenings to choose from instead."""

    def __init__(self, day: dt.date, free: list[dt.date]) -> None:
        self.free = free
        if free:
            text = msg(
                "%(day)s晚上已经给了别的老师，或者放假了。还空着：%(free)s。", day=day, free=_listed(free[:NAMED])
            )
        else:
            text = msg("%(day)s晚上已经给了别的老师，或者放假了。这学期没有别的空晚上，请打电话给学校。", day=day)
        super().__init__(text)


def _listed(days: list[dt.date]) -> Message | dt.date:
    first, *rest = days
    return msg("%(first)s、%(rest)s", first=first, rest=_listed(rest)) if rest else first


def is_free_evening(tx: Tx, row: Assignment, day: dt.date) -> bool:
    """Whether the forum meets on a day to come, and nobody but this assignment's lecturer has it."""
    return day in free_evenings(tx, row.plan.term, clock.today(), but_for=row.id)


def free_days(tx: Tx, lecture: ProgrammeLecture) -> list[dt.date]:
    """Days to which a lecture could be moved: evenings of its term's forum that are free, or working days that are left
    of its class."""
    today, lesson_of = clock.today(), lecture.training_class
    if lesson_of is None:
        return [day for day in free_evenings(tx, lecture.term, today) if day != lecture.day]
    notices = classes.list_holidays(tx, today, lesson_of.last_day)

    def is_kind(day: dt.date, kind: HolidayKind) -> bool:
        return any(one.kind == kind and one.first_day <= day <= one.last_day for one in notices)

    days = [today + dt.timedelta(days=ahead) for ahead in range(1, (lesson_of.last_day - today).days + 1)]
    return [
        day
        for day in days
        if day != lecture.day
        and (is_kind(day, HolidayKind.WORKING) or (day.weekday() <= FRIDAY and not is_kind(day, HolidayKind.OFF)))
    ]


def evenings_for(tx: Tx, row: Assignment) -> list[dt.date]:
    """Free evenings on which the lecturer of an assignment can come, by what the pool knows of them."""
    free = free_evenings(tx, row.plan.term, clock.today(), but_for=row.id)
    person = tx.scalar(select(PoolMembership).where(PoolMembership.lecturer_id == row.lecturer_id))
    if person is None:
        return free
    return comings(tx, [person], free, row.plan.term.forum_minute)[row.lecturer_id]
