"""A lecture that was held, and those who make a course of its recording."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select

from academy.accounts.models import Account
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
from tests.support.in_may import TODAY

RECORD, PUBLISH = ConsentKind.RECORD, ConsentKind.PUBLISH


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
        course = self.record(tx, asset)
        self.shelve(tx, course)
        return course

    def record(self, tx: Tx, asset: Asset | None = None) -> Course:
        """A draft with the film in it."""
        course = recordings.begin_recording(tx, make.actor_of(tx, self.trainer), self.lecture)
        self.add_film(tx, course, asset or make.asset(tx, self.trainer))
        return course

    def add_film(self, tx: Tx, course: Course, asset: Asset) -> None:
        library.add_item(tx, make.actor_of(tx, self.trainer), course, kind="video", title="全程", asset=asset)

    def approve(self, tx: Tx, course: Course) -> None:
        library.submit_course(tx, make.actor_of(tx, self.trainer), course)
        library.approve_course(tx, make.actor_of(tx, self.reviewer), course)

    def shelve(self, tx: Tx, course: Course) -> None:
        self.approve(tx, course)
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
