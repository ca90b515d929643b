"""Small makers of lecturers, terms and lectures for tests."""

import datetime as dt
import itertools

from academy.classes.models import TeachingTerm, TrainingClass
from academy.core import clock
from academy.core.database import Tx
from academy.faculty.models import (
    LectureEvidence,
    LecturerPost,
    LectureTeacher,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
)
from academy.library.models import Lecturer
from academy.people.models import Organisation

_count = itertools.count(1)
SINCE = dt.date(2024, 1, 1)


def lecturer(
    tx: Tx, unit: Organisation, level: str = "municipal", *, since: dt.date = SINCE, name: str = ""
) -> Lecturer:
    """A confirmed lecturer of the pool who holds one post since a day."""
    number = next(_count)
    person = Lecturer(name=name or f"讲师{number}", office=f"职务{number}", is_leader=level != "other")
    tx.add(person)
    tx.flush()
    membership = PoolMembership(lecturer_id=person.id, state="confirmed")
    tx.add(membership)
    tx.flush()
    tx.add(PoolSpell(membership_id=membership.id, state="confirmed", valid_from=since))
    post(tx, person, unit, level, since)
    return person


def post(
    tx: Tx, person: Lecturer, unit: Organisation, level: str, since: dt.date, until: dt.date | None = None
) -> LecturerPost:
    """A post of a lecturer."""
    made = LecturerPost(
        lecturer_id=person.id,
        organisation_id=unit.id,
        level=level,
        title=person.office,
        valid_from=since,
        valid_to=until,
    )
    tx.add(made)
    tx.flush()
    return made


def term(tx: Tx, first: dt.date, last: dt.date) -> TeachingTerm:
    """A term."""
    made = TeachingTerm(name=f"学期{next(_count)}", first_day=first, last_day=last)
    tx.add(made)
    tx.flush()
    return made


def training_class(tx: Tx, of: TeachingTerm, unit: Organisation, *, main: bool = True) -> TrainingClass:
    """A class that lasts as long as its term."""
    made = TrainingClass(
        term_id=of.id,
        name=f"培训班{next(_count)}",
        is_main=main,
        organisation_id=unit.id,
        first_day=of.first_day,
        last_day=of.last_day,
    )
    tx.add(made)
    tx.flush()
    return made


def lecture(
    tx: Tx,
    of: TeachingTerm,
    day: dt.date,
    *teachers: tuple[Lecturer, int],
    lesson_of: TrainingClass | None = None,
    tenths: int = 20,
    state: str = "held",
) -> ProgrammeLecture:
    """A lecture with its lecturers and their shares in permille; a held one has its evidence."""
    made = ProgrammeLecture(
        term_id=of.id,
        kind="class" if lesson_of else "forum",
        class_id=lesson_of.id if lesson_of else None,
        day=day,
        title=f"讲课{next(_count)}",
        class_hour_tenths=tenths,
        state=state,
        confirmed_at=clock.now() if state == "held" else None,
    )
    tx.add(made)
    tx.flush()
    part = {"held": "taught", "no_show": "absent"}.get(state, "planned")
    for person, share in teachers:
        tx.add(LectureTeacher(lecture_id=made.id, lecturer_id=person.id, share_permille=share, part=part))
    if state == "held":
        tx.add(LectureEvidence(lecture_id=made.id, kind="roll", reference="签到表"))
    tx.flush()
    return made
