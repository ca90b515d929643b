"""A lecture of the forum that was held, its lecturer and those who were there: for tests of rolls and evaluations."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from academy.classes.models import ClassMember
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.faculty.evaluation_models import LectureAttendance
from academy.faculty.evaluations import forms
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer
from tests.support import factories as make
from tests.support import faculty as school

DAY = dt.date(2026, 3, 4)
NOON = dt.datetime(2026, 3, 5, 4, tzinfo=dt.UTC)
GOOD = {"q1": "5", "q2": "4", "q3": "5", "q4": "3"}


@dataclass
class Scene:
    """A held lecture and the people around it."""

    lecture: ProgrammeLecture
    lecturer: Lecturer
    office: Actor
    teacher: Actor
    students: list[Actor]


def in_march() -> Iterator[None]:
    """A day after the lecture."""
    with clock.frozen(NOON):
        yield


def scene(tx: Tx, groups: tuple[int, ...]) -> Scene:
    """A held lecture of the forum with so many students of each class (the first number: of none)."""
    forms.seed_forms(tx, dt.date(2026, 1, 1))
    city = make.organisation(tx, level="city")
    term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
    lecturer = school.lecturer(tx, city)
    membership = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == lecturer.id)).one()
    taught_by = make.member(tx, city)
    membership.member_id = taught_by.id
    lecture = school.lecture(tx, term, DAY, (lecturer, 1000))
    students = []
    for number, count in enumerate(groups):
        of_class = school.training_class(tx, term, city) if number else None
        for _ in range(count):
            member = make.member(tx, city)
            tx.add(LectureAttendance(lecture_id=lecture.id, member_id=member.id))
            if of_class is not None:
                tx.add(ClassMember(class_id=of_class.id, member_id=member.id, joined_on=dt.date(2026, 3, 1)))
            students.append(Actor(member_id=member.id, label="student"))
    tx.flush()
    office = Actor(scopes=(Scope(Role.NODE_ADMINISTRATOR, city.id, city.path),), label="office")
    return Scene(lecture, lecturer, office, Actor(member_id=taught_by.id, label="teacher"), students)
