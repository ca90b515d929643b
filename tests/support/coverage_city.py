"""A small city with a training, for tests of coverage."""

import datetime as dt
from typing import Any

from sqlalchemy import select

from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.jobs.api import publish
from academy.learning import completions
from academy.learning.events import CourseFinished
from academy.learning.models import Completion
from academy.library.models import Category, Course
from academy.people.events import MembersChanged
from academy.people.models import Member, Organisation
from academy.trainings import service
from academy.trainings.models import Training
from tests.support import factories as make
from tests.support.shelf import course as on_shelf

START = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)


def at(days: int = 0, hours: int = 0) -> dt.datetime:
    return START + dt.timedelta(days=days, hours=hours)


def course(tx: Tx) -> Course:
    shelf = tx.scalar(select(Category)) or Category(slug="shelf", name="书架")
    tx.add(shelf)
    tx.flush()
    holder = tx.scalars(select(Organisation).order_by(Organisation.id)).first() or make.organisation(tx, level="city")
    return on_shelf(
        tx,
        organisation_id=holder.id,
        category_id=shelf.id,
        created_by=make.account(tx).id,
        published_at=START - dt.timedelta(days=60),
    )


def complete(tx: Tx, member: int, course: int, when: dt.datetime, version: int = 1) -> None:
    completions.record_start(tx, member, course, int(when.timestamp() * 1000))
    tx.add(Completion(member_id=member, course_id=course, course_version=version, completed_at=when))
    tx.flush()
    publish(tx, CourseFinished(member, course, version, int(when.timestamp() * 1000)))


def transfer(tx: Tx, person: Member, branch: Organisation) -> None:
    person.organisation_id = branch.id
    tx.flush()
    publish(tx, MembersChanged([person.id]))


def training(tx: Tx, holder: Organisation, courses: list[Course], **changes: Any) -> Training:
    fields: dict[str, Any] = {
        "title": "春季培训",
        "opens_on": START.date(),
        "closes_on": START.date() + dt.timedelta(days=60),
        "courses": [c.id for c in courses],
    }
    return service.create_training(tx, SYSTEM, holder, service.TrainingPlan(**(fields | changes)))


class City:
    """city → county → two towns → two branches each, five members a branch, three courses."""

    def __init__(self, tx: Tx) -> None:
        self.city = make.organisation(tx, level="city")
        self.county = make.organisation(tx, self.city, level="county")
        self.other = make.organisation(tx, self.city, level="county")
        self.towns = [make.organisation(tx, self.county, level="town") for _ in range(2)]
        self.branches = [make.organisation(tx, town) for town in self.towns for _ in range(2)]
        self.people = [make.member(tx, branch) for branch in self.branches for _ in range(5)]
        self.courses = [course(tx) for _ in range(3)]

    def attach(self, tx: Tx) -> None:
        """Let the rows be changed in this transaction."""
        tx.add_all([self.city, self.county, self.other, *self.towns, *self.branches, *self.people])
