"""The rows of a simulated school."""

import datetime as dt

from academy.classes.models import Holiday, TeachingTerm, TrainingClass
from academy.core import clock
from academy.core.database import Tx
from academy.faculty import plain
from academy.faculty.kinds import LecturerLevel
from academy.faculty.models import (
    LectureEvidence,
    LecturerPost,
    LectureTeacher,
    ObligationRule,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
    ShareRule,
)
from academy.faculty.simulated_school import SimulatedSchool
from academy.library.models import Lecturer
from academy.people.models import Organisation

LEADING = (LecturerLevel.MUNICIPAL, LecturerLevel.COUNTY_FIRST, LecturerLevel.COUNTY)


def simulated_rules(school: SimulatedSchool) -> list[ObligationRule]:
    """Dated rules: one level's becomes stricter in mid-year, one begins later than the others."""
    first = school.first
    change, begin = dt.date(first.year + 2, 7, 1), dt.date(first.year + 1, 3, 1)
    municipal, top, other = LecturerLevel.MUNICIPAL, LecturerLevel.COUNTY_FIRST, LecturerLevel.COUNTY
    return [
        ObligationRule(level=municipal, lectures=1, years=1, soon_days=90, counts_from=first, valid_from=first),
        ObligationRule(
            level=top, lectures=1, years=5, soon_days=365, counts_from=first, valid_from=first, valid_to=change
        ),
        ObligationRule(level=top, lectures=2, years=3, soon_days=200, counts_from=first, valid_from=change),
        ObligationRule(
            level=other, lectures=1, years=2, tenths_each=10, soon_days=60, counts_from=begin, valid_from=begin
        ),
    ]


def demands_in_force(school: SimulatedSchool, on: dt.date) -> dict[LecturerLevel, plain.PlainDemand]:
    """What is asked for on a day, as plain numbers."""
    found = {}
    for rule in simulated_rules(school):
        if rule.valid_from <= on and (rule.valid_to is None or on < rule.valid_to):
            tenths = rule.tenths_each or 20
            found[LecturerLevel(rule.level)] = plain.PlainDemand(
                rule.lectures, rule.years, tenths * 1000, rule.soon_days, rule.counts_from
            )
    return found


def write_rows(tx: Tx, school: SimulatedSchool) -> None:
    """Write everything that the diary says, into an empty database."""
    tx.add_all(
        Organisation(id=n + 1, code=f"S{n}", name=f"S{n}", kind="committee", path=f"/{n + 1}/", depth=0)
        for n in range(12)
    )
    tx.add_all(Lecturer(id=n + 1, name=f"L{n}") for n in range(school.lecturers))
    tx.add_all(simulated_rules(school))
    tx.add(ShareRule(floor_permille=200, levels=[str(level) for level in LEADING], valid_from=dt.date(1990, 1, 1)))
    tx.add_all(Holiday(name=kind, kind=kind, first_day=first, last_day=last) for first, last, kind in school.notices)
    tx.add_all(
        TeachingTerm(id=n + 1, name=f"T{n}", first_day=first, last_day=last)
        for n, (first, last) in enumerate(school.terms)
    )
    tx.flush()
    _write_people(tx, school)
    _write_lectures(tx, school)


def _write_people(tx: Tx, school: SimulatedSchool) -> None:
    states = {spell.lecturer: spell.what for spell in school.states}
    tx.add_all(PoolMembership(id=n + 1, lecturer_id=n + 1, state=states[n]) for n in range(school.lecturers))
    tx.flush()
    tx.add_all(
        PoolSpell(membership_id=one.lecturer + 1, state=one.what, valid_from=one.first, valid_to=one.end)
        for one in school.states
    )
    tx.add_all(
        LecturerPost(
            lecturer_id=one.lecturer + 1,
            organisation_id=one.unit + 1,
            level=one.what,
            title="P",
            valid_from=one.first,
            valid_to=one.end,
        )
        for one in school.posts
    )
    for number, is_main in school.main_classes.items():
        first, last = school.terms[school.class_terms[number]]
        tx.add(
            TrainingClass(
                id=number + 1,
                term_id=school.class_terms[number] + 1,
                name=f"C{number}",
                is_main=is_main,
                organisation_id=1,
                first_day=first,
                last_day=last,
            )
        )
    tx.flush()


def _write_lectures(tx: Tx, school: SimulatedSchool) -> None:
    for number, lecture in enumerate(school.lectures, 1):
        tx.add(
            ProgrammeLecture(
                id=number,
                term_id=lecture.term + 1,
                kind="forum" if lecture.class_number is None else "class",
                class_id=None if lecture.class_number is None else lecture.class_number + 1,
                day=lecture.day,
                title="L",
                class_hour_tenths=lecture.tenths,
                state=lecture.state,
                confirmed_at=clock.now() if lecture.state == "held" else None,
            )
        )
    tx.flush()
    for number, lecture in enumerate(school.lectures, 1):
        for lecturer in lecture.absent:
            part = "replaced" if lecture.substituted else "absent"
            tx.add(LectureTeacher(lecture_id=number, lecturer_id=lecturer + 1, share_permille=0, part=part))
        for lecturer, share in lecture.taught:
            tx.add(LectureTeacher(lecture_id=number, lecturer_id=lecturer + 1, share_permille=share, part="taught"))
        if lecture.state == "held":
            tx.add(LectureEvidence(lecture_id=number, kind="roll", reference="R"))
    tx.flush()
