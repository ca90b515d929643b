"""A member's own learning record agrees with the ledgers that it is read from."""

import datetime as dt
from dataclasses import dataclass

import pytest

from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.learning import record
from academy.learning.models import Completion, CreditHour
from academy.library.models import Course
from tests.support import factories

MIDNIGHT = dt.datetime(2025, 12, 31, 16, tzinfo=dt.UTC)
"""New year's day of 2026 begins in the city."""


@dataclass
class Learner:
    member_id: int
    courses: list[Course]


@pytest.fixture
def held(runtime: Runtime) -> Learner:
    with runtime.db.begin() as tx:
        factories.library.seed_categories(tx)
        county = factories.organisation(tx, level="county")
        trainer = factories.account(tx, None, (Role.TRAINER, county))
        reviewer = factories.account(tx, None, (Role.REVIEWER, county))
        person = factories.member(tx, county)
        courses = [factories.published_course(tx, trainer, reviewer, title=f"课{number}") for number in range(3)]
        return Learner(person.id, courses)


def learn(
    tx: Tx, held: Learner, course: Course, at: dt.datetime, minutes: int = 45, version: int = 1, mark: str = ""
) -> None:
    tx.add(Completion(member_id=held.member_id, course_id=course.id, course_version=version, completed_at=at))
    hours(tx, held, course, at, minutes, mark)


def hours(tx: Tx, held: Learner, course: Course, at: dt.datetime, minutes: int, mark: str = "") -> None:
    source = f"course:{course.public_id}{mark}"
    tx.add(CreditHour(member_id=held.member_id, minutes=minutes, rule="course.completed", source=source, earned_at=at))
    tx.flush()


def test_a_year_begins_at_the_citys_midnight(runtime: Runtime, held: Learner) -> None:
    with runtime.db.begin() as tx:
        learn(tx, held, held.courses[0], MIDNIGHT - dt.timedelta(microseconds=1))
        learn(tx, held, held.courses[1], MIDNIGHT)
    with runtime.db.read() as tx:
        assert record.record_years(tx, held.member_id) == [
            record.RecordYear(2026, 1, 45),
            record.RecordYear(2025, 1, 45),
        ]
        for year, title in ((2025, "课0"), (2026, "课1")):
            found = record.record_of_year(tx, held.member_id, year)
            assert [row.course.title for row in found.page.rows] == [title]
            assert (found.minutes, found.other_minutes) == (45, 0)


def test_hours_stand_once_beside_a_course_of_two_versions(runtime: Runtime, held: Learner) -> None:
    with runtime.db.begin() as tx:
        learn(tx, held, held.courses[0], MIDNIGHT)
        tx.add(
            Completion(
                member_id=held.member_id,
                course_id=held.courses[0].id,
                course_version=2,
                completed_at=MIDNIGHT + dt.timedelta(days=9),
            )
        )
    with runtime.db.read() as tx:
        found = record.record_of_year(tx, held.member_id, 2026)
        assert [row.minutes for row in found.page.rows] == [0, 45], "the latest first"
        assert sum(row.minutes for row in found.page.rows) == found.minutes


def test_struck_hours_are_subtracted_and_those_of_other_years_are_named(runtime: Runtime, held: Learner) -> None:
    with runtime.db.begin() as tx:
        learn(tx, held, held.courses[0], MIDNIGHT)
        hours(tx, held, held.courses[1], MIDNIGHT - dt.timedelta(days=40), 45)
        hours(tx, held, held.courses[1], MIDNIGHT + dt.timedelta(days=40), -45, "#struck")
        learn(tx, held, held.courses[2], MIDNIGHT, 20)
        hours(tx, held, held.courses[2], MIDNIGHT + dt.timedelta(days=1), -20, "#struck")
        hours(tx, held, held.courses[2], MIDNIGHT + dt.timedelta(days=2), 20, "#again")
    with runtime.db.read() as tx:
        found = record.record_of_year(tx, held.member_id, 2026)
        assert {row.course.title: row.minutes for row in found.page.rows} == {"课0": 45, "课2": 20}
        assert (found.minutes, found.other_minutes) == (20, -45)
        years = {one.year: one.minutes for one in record.record_years(tx, held.member_id)}
        assert years == {2025: 45, 2026: 20} and sum(years.values()) == 65


def test_pages_hold_everything_once(runtime: Runtime, held: Learner) -> None:
    with runtime.db.begin() as tx:
        for number, course in enumerate(held.courses):
            learn(tx, held, course, MIDNIGHT + dt.timedelta(hours=number))
    with runtime.db.read() as tx:
        pages = [record.record_of_year(tx, held.member_id, 2026, page, size=2) for page in (1, 2)]
    assert [row.course.title for found in pages for row in found.page.rows] == ["课2", "课1", "课0"]
    assert {found.minutes for found in pages} == {135}, "of the year, not of the page"
