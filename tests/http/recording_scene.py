"""A lecture that was held, and those who make a course of its recording."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.faculty import particulars, recordings
from academy.faculty.kinds import ConsentKind
from academy.faculty.models import LecturerConsent, PoolMembership, ProgrammeLecture
from academy.library import api as library
from academy.library.models import Course, Lecturer
from academy.media.models import Asset
from academy.people.models import Organisation
from tests.support import factories as make
from tests.support import faculty as school

NOON = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)
RECORD, PUBLISH = ConsentKind.RECORD, ConsentKind.PUBLISH


@pytest.fixture(autouse=True)
def in_may() -> Iterator[None]:
    """The day of the scene; a test file that imports this has it for all its tests."""
    with clock.frozen(NOON):
        yield


@dataclass
class Scene:
    """A lecture that was held by a lecturer who consents, a trainer and a reviewer of the city, the office."""

    top: Organisation
    lecture: ProgrammeLecture
    person: Lecturer
    membership: PoolMembership
    teacher: Actor
    office: Actor
    trainer: Account
    reviewer: Account

    def publish(self, tx: Tx, asset: Asset | None = None) -> Course:
        """The recording on the shelf, the usual way."""
        who = make.actor_of(tx, self.trainer)
        course = recordings.begin_recording(tx, who, self.lecture)
        self.add_film(tx, course, asset or make.asset(tx, self.trainer))
        self.shelve(tx, course)
        return course

    def add_film(self, tx: Tx, course: Course, asset: Asset) -> None:
        library.add_item(tx, make.actor_of(tx, self.trainer), course, kind="video", title="全程", asset=asset)

    def shelve(self, tx: Tx, course: Course) -> None:
        library.submit_course(tx, make.actor_of(tx, self.trainer), course)
        library.approve_course(tx, make.actor_of(tx, self.reviewer), course)
        library.publish_course(tx, make.actor_of(tx, self.trainer), course)

    def withdraw(self, tx: Tx, kind: ConsentKind = PUBLISH) -> int:
        return particulars.withdraw_lecturer_consent(tx, self.teacher, tx.merge(self.membership), kind)

    def consent(self, tx: Tx, kind: ConsentKind = PUBLISH) -> None:
        membership = tx.merge(self.membership)
        particulars.give_consent(tx, self.office, membership, kind, given_on=TODAY, evidence="再次同意")


def scene(tx: Tx, *, consents: tuple[ConsentKind, ...] = (RECORD, PUBLISH)) -> Scene:
    library.seed_categories(tx)
    top = make.organisation(tx, level="city")
    member = make.member(tx, make.organisation(tx, top))
    person = school.lecturer(tx, top, name="周正")
    membership = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == person.id)).one()
    membership.member_id = member.id
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    lecture = school.lecture(tx, term, dt.date(2026, 5, 13), (person, 1000))
    for kind in consents:
        tx.add(LecturerConsent(lecturer_id=person.id, kind=kind, given_on=school.SINCE, evidence="同意书 1 号"))
    tx.flush()
    accounts = [make.account(tx, None, (role, top)) for role in (Role.TRAINER, Role.REVIEWER, Role.NODE_ADMINISTRATOR)]
    teacher = make.actor_of(tx, make.account(tx, member))
    return Scene(top, lecture, person, membership, teacher, make.actor_of(tx, accounts[2]), accounts[0], accounts[1])
