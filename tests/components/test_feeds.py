"""Calendars of the programme, read by a reader of their own: evenings, cancelled lectures, days off, change of year."""

import dataclasses
import datetime as dt
import random
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from academy.classes.models import Classroom, Holiday, TeachingTerm
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.faculty import feeds, lecture_edits
from academy.faculty.forum import forum_month
from academy.faculty.models import LectureTeacher, PoolMembership, ProgrammeLecture
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.read_calendar import ReadEvent, read_calendar

NOON = dt.datetime(2026, 9, 10, 4, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 9, 1), dt.date(2027, 1, 20)
WHERE = ("academy.example", "zh", "https://academy.example/")
CITY = dt.timezone(dt.timedelta(hours=8))


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


def forum(tx: Tx) -> dict[str, ReadEvent]:
    events = read_calendar(feeds.forum_feed(tx, *WHERE))
    found = {one.uid.partition("@")[0]: one for one in events}
    assert len(found) == len(events)
    return found


def wednesdays() -> list[dt.date]:
    days = [FIRST + dt.timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    return [day for day in days if day.weekday() == 2]


@pytest.mark.parametrize("seed", range(12))
def test_the_forum_equals_a_plain_loop_over_its_days(runtime: Runtime, seed: int) -> None:
    lots = random.Random(seed)
    with runtime.db.begin() as tx:
        term = school.term(tx, FIRST, LAST)
        off: dict[dt.date, str] = {}
        for number in range(lots.randint(0, 5)):
            begin = FIRST + dt.timedelta(days=lots.randint(-3, 140))
            length, kind = lots.randint(1, 9), lots.choice(["off", "off", "working"])
            end = begin + dt.timedelta(days=length - 1)
            tx.add(Holiday(name=f"节{number}", kind=kind, first_day=begin, last_day=end))
            for day in (begin + dt.timedelta(days=n) for n in range(length)):
                if kind == "working":
                    off[day] = "working"
                elif off.get(day) != "working":
                    off[day] = "off"
        planned = {}
        for day in lots.sample(wednesdays(), 6):
            state = lots.choice(["planned", "held", "cancelled", "no_show"])
            planned[day] = school.lecture(tx, term, day, state=state)
        tx.flush()
        found = forum(tx)
        for day in wednesdays():
            lecture = planned.get(day)
            if lecture is not None:
                event = found.pop(f"lecture-{lecture.public_id}")
                is_off = lecture.state in ("cancelled", "no_show")
                assert event.values["STATUS"] == ("CANCELLED" if is_off else "CONFIRMED")
            elif off.get(day) == "off" or day < clock.today():
                assert f"forum-{day}" not in found
                continue
            else:
                event = found.pop(f"forum-{day}")
                assert event.values["STATUS"] == "TENTATIVE"
            assert event.begin == dt.datetime.combine(day, dt.time(18), CITY)
            assert event.end == dt.datetime.combine(day, dt.time(19, 30), CITY)
        assert all(key.startswith("holiday-") for key in found)
        touching = [one for one in tx.scalars(select(Holiday)) if one.first_day <= LAST and one.last_day >= FIRST]
        spans = {(one.first_day, one.last_day + dt.timedelta(days=1)) for one in touching if one.kind == "off"}
        assert {(one.begin, one.end) for one in found.values()} == spans
        assert feeds.forum_feed(tx, *WHERE) == feeds.forum_feed(tx, *WHERE)


def test_wednesday_at_six_across_the_change_of_year(runtime: Runtime) -> None:
    """In 2025 New Year's Eve is a Wednesday; in 2031 New Year's Day is."""
    for year in (2025, 2030):
        last_evening = dt.date(year, 12, 31) if year == 2025 else dt.date(year + 1, 1, 1)
        with clock.frozen(dt.datetime(year, 12, 1, 4, tzinfo=dt.UTC)), runtime.db.begin() as tx:
            school.term(tx, dt.date(year, 9, 1), dt.date(year + 1, 1, 20))
            event = forum(tx)[f"forum-{last_evening}"]
            assert event.begin == dt.datetime.combine(last_evening, dt.time(10), dt.UTC)
            off = Holiday(name="元旦", first_day=dt.date(year + 1, 1, 1), last_day=dt.date(year + 1, 1, 3))
            tx.add(off)
            tx.flush()
            found = forum(tx)
            assert (f"forum-{last_evening}" in found) == (year == 2025)
            assert found[f"holiday-{off.public_id}"].end == dt.date(year + 1, 1, 4)


def test_a_moved_holiday_moves_evenings_and_leaves_a_lecture_where_it_is(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        term = school.term(tx, FIRST, LAST)
        one, two = wednesdays()[4:6]
        lecture = school.lecture(tx, term, one, state="planned")
        off = Holiday(name="中秋节", first_day=two, last_day=two)
        tx.add(off)
        tx.flush()
        assert f"forum-{two}" not in forum(tx)
        off.first_day = off.last_day = one
        tx.flush()
        found = forum(tx)
        assert f"forum-{two}" in found and found[f"lecture-{lecture.public_id}"].values["STATUS"] == "CONFIRMED"


@pytest.mark.parametrize(
    "change",
    [
        {"state": "cancelled"},
        {"day": dt.date(2026, 9, 23)},
        {"minute": 9 * 60},
        {"title": "另一个题目"},
        {"class_hour_tenths": 30},
    ],
)
def test_what_calendars_show_counts_its_changes(runtime: Runtime, change: dict[str, object]) -> None:
    with runtime.db.begin() as tx:
        lecture = school.lecture(tx, school.term(tx, FIRST, LAST), dt.date(2026, 9, 16), state="planned")
        key, lecture_id = f"lecture-{lecture.public_id}", lecture.id
        before = forum(tx)[key]
        assert before.values["SEQUENCE"] == "0"
    later = NOON + dt.timedelta(hours=1)
    with clock.frozen(later), runtime.db.begin() as tx:
        row = tx.get_one(ProgrammeLecture, lecture_id)
        for name, value in change.items():
            setattr(row, name, value)
        tx.flush()
        after = forum(tx)[key]
        assert (after.uid, after.values["SEQUENCE"]) == (before.uid, "1")
        assert after.values["LAST-MODIFIED"] == f"{later:%Y%m%dT%H%M%SZ}" > before.values["LAST-MODIFIED"]
        row.reason = "说明"
        tx.flush()
        assert forum(tx)[key] == after, "what they do not show does not count"


def test_another_lecturer_is_a_change_that_calendars_take(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        one, other = school.lecturer(tx, city), school.lecturer(tx, city)
        term = school.term(tx, FIRST, LAST)
        lecture = school.lecture(tx, term, dt.date(2026, 9, 16), (one, 1000), state="planned")
        key, lecture_id, teachers = f"lecture-{lecture.public_id}", lecture.id, ((other.id, 1000),)
        office = Actor(scopes=(Scope(Role.NODE_ADMINISTRATOR, city.id, city.path),), label="office")
        before = forum(tx)[key]
    with clock.frozen(NOON + dt.timedelta(hours=1)), runtime.db.begin() as tx:
        lecture = tx.get_one(ProgrammeLecture, lecture_id)
        after = dataclasses.replace(lecture_edits.values_of(tx, lecture), teachers=teachers)
        lecture_edits.edit_lecture(tx, office, lecture, after)
        found = forum(tx)[key]
        assert found.values["DESCRIPTION"] != before.values["DESCRIPTION"]
        assert int(found.values["SEQUENCE"]) > int(before.values["SEQUENCE"])
        assert found.values["LAST-MODIFIED"] > before.values["LAST-MODIFIED"]


def test_a_month_names_days_off_and_no_day_that_is_worked(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        school.term(tx, FIRST, LAST)
        day = dt.date(2026, 10, 7)
        tx.add(Holiday(name="国庆节", first_day=dt.date(2026, 10, 1), last_day=day))
        tx.add(Holiday(name="调休上班", kind="working", first_day=day, last_day=dt.date(2026, 10, 10)))
        tx.flush()
        shown = {one.day: one for week in forum_month(tx, 2026, 10) for one in week}
        named = {day for day, one in shown.items() if one.holiday}
        assert named == {dt.date(2026, 10, number) for number in range(1, 7)}
        assert shown[day].minute is not None, "the forum meets on a day that is worked"


@pytest.mark.parametrize(
    "title",
    ["长" * 120, "逗号,分号;反斜杠\\冒号:", "一\n二", "👩‍🌾" * 20, "BEGIN:VEVENT", "END:VCALENDAR\r\nX", "a" * 120],
)
def test_odd_titles_stay_one_value(runtime: Runtime, title: str) -> None:
    with runtime.db.begin() as tx:
        lecture = school.lecture(tx, school.term(tx, FIRST, LAST), dt.date(2026, 9, 16), state="planned")
        hall = Classroom(name="一号厅,东", seats=9, address="党校;主楼")
        tx.add(hall)
        tx.flush()
        lecture.title, lecture.classroom_id = title, hall.id
        tx.flush()
        event = forum(tx)[f"lecture-{lecture.public_id}"]
        assert event.values["SUMMARY"].split() == title.split()
        assert event.values["LOCATION"] == "一号厅,东 党校;主楼"


def test_a_lecturer_follows_what_they_teach_and_nothing_else(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        term = school.term(tx, FIRST, LAST)
        person, other = school.lecturer(tx, city), school.lecturer(tx, city)
        member = make.member(tx, city)
        tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one().member_id = member.id
        own = school.lecture(tx, term, wednesdays()[1], (person, 1000), state="planned")
        school.lecture(tx, term, wednesdays()[2], (other, 1000), state="planned")
        given_up = school.lecture(tx, term, wednesdays()[3], (person, 1000), state="planned")
        for part in tx.scalars(select(LectureTeacher).where(LectureTeacher.lecture_id == given_up.id)):
            part.part = "replaced"
        tx.flush()
        events = read_calendar(feeds.teaching_feed(tx, member.id, *WHERE))
        assert [one.uid for one in events] == [f"lecture-{own.public_id}@academy.example"]
        for nobody in (None, make.member(tx, city).id):
            assert read_calendar(feeds.teaching_feed(tx, nobody, *WHERE)) == []
        assert feeds.teaches(tx, member.id) and not feeds.teaches(tx, None)


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        (("planned", "planned"), (0, 1)),
        (("replaced", "taught"), (1,)),
        (("taught", "replaced"), (0,)),
        (("absent", "taught"), (1,)),
        (("absent", "absent"), (0, 1)),
    ],
)
def test_a_lecture_names_who_teaches_it(runtime: Runtime, parts: tuple[str, str], named: tuple[int, ...]) -> None:
    with runtime.db.begin() as tx:
        city = make.organisation(tx, level="city")
        people = [school.lecturer(tx, city) for _ in parts]
        state = "no_show" if set(parts) == {"absent"} else "planned"
        shares = [(one, 500) for one in people]
        made = school.lecture(tx, school.term(tx, FIRST, LAST), wednesdays()[1], *shares, state=state)
        for row, part in zip(tx.scalars(select(LectureTeacher).order_by(LectureTeacher.id)), parts, strict=True):
            row.part = part
        tx.flush()
        shown = forum(tx)[f"lecture-{made.public_id}"].values["DESCRIPTION"]
        assert shown == "主讲：" + "、".join(people[one].name for one in named)


def test_a_class_timetable_has_its_own_lectures(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        term: TeachingTerm = school.term(tx, FIRST, LAST)
        row = school.training_class(tx, term, make.organisation(tx, level="city"))
        own = school.lecture(tx, term, dt.date(2026, 12, 31), lesson_of=row, state="planned")
        own.minute = 8 * 60 + 30
        school.lecture(tx, term, wednesdays()[2], state="planned")
        tx.flush()
        (event,) = read_calendar(feeds.class_feed(tx, row, *WHERE))
        assert event.begin == dt.datetime(2026, 12, 31, 0, 30, tzinfo=dt.UTC)
        assert event.values["URL"] == f"https://academy.example/my/classes/{row.public_id}"
