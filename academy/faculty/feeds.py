"""Calendars of the programme as iCalendar feeds: the forum, a class, a lecturer's own teaching."""

import datetime as dt

from icalendar import Event
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.classes.api import Holiday, HolidayKind, TrainingClass
from academy.core import clock
from academy.core.calendars import new_feed
from academy.core.database import Tx
from academy.core.i18n import Message, msg, translator_for
from academy.faculty.class_attendance import lectures_of_class
from academy.faculty.forum import evenings_between, forum_between
from academy.faculty.kinds import LectureState, TeachingPart
from academy.faculty.lecture_queries import LectureRow, lecture_rows
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture
from academy.faculty.rules import CLASS_HOUR

REFRESH = dt.timedelta(hours=6)
KEPT = dt.timedelta(days=60)
"""How long what is over stays in the forum's calendar."""
EVENING = dt.timedelta(minutes=2 * CLASS_HOUR)
"""How long an evening is shown of which the lecture is not known yet."""
ZONES_FROM, ZONES_TO = dt.date(2020, 1, 1), dt.date(2040, 1, 1)
FORUM = msg("领导干部讲坛")
TEACHING = msg("我的授课")


class Feed:
    """A calendar being written: `host` makes its identifiers unique, `address` is the root of the academy's pages."""

    def __init__(self, name: str | Message, host: str, language: str, address: str) -> None:
        self.host, self.address, self.translate = host, address, translator_for(language)
        shown = name if isinstance(name, str) else self.translate(name)
        self.calendar = new_feed(shown, host, "programme", REFRESH)

    def add_lecture(self, line: LectureRow, page: str) -> None:
        """A lecture; one that is cancelled, or to which nobody came, stays and says so."""
        row = line.lecture
        is_off = row.state in (LectureState.CANCELLED, LectureState.NO_SHOW)
        since = row.calendar_changed_at or row.created_at
        event = self._event(f"lecture-{row.public_id}", since)
        event.add("last-modified", since)
        begin = _at(row.day, row.minute)
        event.add("dtstart", begin)
        event.add("dtend", begin + dt.timedelta(minutes=row.class_hour_tenths * CLASS_HOUR // 10))
        event.add("summary", self.translate(msg("已取消：%(title)s", title=row.title)) if is_off else row.title)
        event.add("description", self.translate(msg("主讲：%(names)s", names=line.names)) if line.names else "")
        if row.classroom is not None:
            event.add("location", " ".join(filter(None, (row.classroom.name, row.classroom.address))))
        event.add("status", "CANCELLED" if is_off else "CONFIRMED")
        event.add("sequence", row.calendar_sequence)
        event.add("url", f"{self.address}{page}")
        self.calendar.add_component(event)

    def add_evening(self, day: dt.date, minute: int, since: dt.datetime) -> None:
        """An evening of the forum of which the lecture is not known yet."""
        event = self._event(f"forum-{day.isoformat()}", since)
        event.add("dtstart", _at(day, minute))
        event.add("dtend", _at(day, minute) + EVENING)
        event.add("summary", self.translate(msg("领导干部讲坛（题目待定）")))
        event.add("status", "TENTATIVE")
        event.add("url", f"{self.address}forum")
        self.calendar.add_component(event)

    def add_holiday(self, row: Holiday) -> None:
        """Days off, as an event of whole days."""
        event = self._event(f"holiday-{row.public_id}", row.created_at)
        event.add("dtstart", row.first_day)
        event.add("dtend", row.last_day + dt.timedelta(days=1))
        event.add("summary", self.translate(msg("%(name)s放假", name=row.name)))
        event.add("transp", "TRANSPARENT")
        self.calendar.add_component(event)

    def _event(self, key: str, since: dt.datetime) -> Event:
        event = Event()
        event.add("uid", f"{key}@{self.host}")
        event.add("dtstamp", since)
        return event

    def text(self) -> bytes:
        """The feed, with the definition of the city's time zone."""
        self.calendar.add_missing_timezones(first_date=ZONES_FROM, last_date=ZONES_TO)
        return bytes(self.calendar.to_ical())


def _at(day: dt.date, minute: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), clock.CITY)


def forum_feed(tx: Tx, host: str, language: str, address: str) -> bytes:
    """The forum of the present terms and those to come: lectures, evenings without one yet, and days off."""
    feed, today = Feed(FORUM, host, language, address), clock.today()
    terms = [term for term in classes.list_terms(tx) if term.last_day >= today - KEPT]
    for term in sorted(terms, key=lambda one: one.first_day):
        lines = forum_between(tx, term.first_day, term.last_day)
        for line in lines:
            feed.add_lecture(line, "forum")
        taken = {line.lecture.day for line in lines}
        for day, minute in sorted(evenings_between(tx, term.first_day, term.last_day).items()):
            if day not in taken and day >= today:
                feed.add_evening(day, minute, term.created_at)
    if terms:
        first, last = min(one.first_day for one in terms), max(one.last_day for one in terms)
        for row in classes.list_holidays(tx, first, last):
            if row.kind == HolidayKind.OFF:
                feed.add_holiday(row)
    return feed.text()


def class_feed(tx: Tx, row: TrainingClass, host: str, language: str, address: str) -> bytes:
    """The timetable of a class."""
    feed = Feed(row.name, host, language, address)
    for line in lecture_rows(tx, lectures_of_class(tx, row)):
        feed.add_lecture(line, f"my/classes/{row.public_id}")
    return feed.text()


def teaching_feed(tx: Tx, member_id: int | None, host: str, language: str, address: str) -> bytes:
    """What a lecturer teaches, by the member that the pool links with them; empty for everybody else."""
    feed = Feed(TEACHING, host, language, address)
    own = (
        select(LectureTeacher.lecture_id)
        .join(PoolMembership, PoolMembership.lecturer_id == LectureTeacher.lecturer_id)
        .where(
            PoolMembership.member_id == member_id,
            PoolMembership.member_id.is_not(None),
            LectureTeacher.part.in_((TeachingPart.PLANNED, TeachingPart.TAUGHT)),
        )
    )
    query = (
        select(ProgrammeLecture)
        .where(ProgrammeLecture.id.in_(own))
        .options(joinedload(ProgrammeLecture.classroom))
        .order_by(ProgrammeLecture.day, ProgrammeLecture.minute, ProgrammeLecture.id)
    )
    for line in lecture_rows(tx, tx.scalars(query).all()):
        feed.add_lecture(line, "teaching")
    return feed.text()


def teaches(tx: Tx, member_id: int | None) -> bool:
    """Whether the pool links a member with a lecturer."""
    linked = select(PoolMembership.id).where(PoolMembership.member_id == member_id)
    return member_id is not None and tx.scalar(linked.limit(1)) is not None
