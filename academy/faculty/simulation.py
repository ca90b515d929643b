"""Compares obligations, class hours and evenings of a simulated school with its diary (`flask faculty simulate`).

The rows are written to a database of its own, which is thrown away: the academy's rows are not touched.
"""

import datetime as dt
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from academy.classes import api as classes
from academy.classes.models import TeachingTerm
from academy.core.database import Base, Database, Tx
from academy.faculty import hours, obligations, plain, recount, simulated_rows
from academy.faculty.kinds import LecturerLevel
from academy.faculty.simulated_school import DAY, SimulatedSchool

FIRST = dt.date(2023, 1, 1)
MOST_YEARS, MOST_LECTURERS = 30, 2000


@dataclass(frozen=True)
class SimulationResult:
    """How many figures were compared, and those that differ; `counts` is what happened."""

    counts: dict[str, int]
    checks: int
    differences: list[str]
    seconds: float


def simulate(years: int, lecturers: int, seed: int = 1, first: dt.date = FIRST) -> SimulationResult:
    """Simulate a school for some years and compare what is counted from its rows with its diary.

    Raises:
        ValueError: more years or lecturers than are simulated in reasonable time.
    """
    if not (1 <= years <= MOST_YEARS and 1 <= lecturers <= MOST_LECTURERS):
        raise ValueError(f"up to {MOST_YEARS} years and {MOST_LECTURERS} lecturers")
    began = time.monotonic()
    school = SimulatedSchool(seed, years, lecturers, first).run()
    checks, differences = 0, []
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'school.db'}")
        try:
            Base.metadata.create_all(db.engine)
            db.run_in_transaction(lambda tx: simulated_rows.write_rows(tx, school))
            with db.read() as tx:
                for number, found in _compared(tx, school):
                    checks += number
                    differences += found
        finally:
            db.dispose()
    counts = {"terms": len(school.terms), **dict(sorted(school.counts.items()))}
    return SimulationResult(counts, checks, differences, time.monotonic() - began)


def _compared(tx: Tx, school: SimulatedSchool) -> Iterator[tuple[int, list[str]]]:
    for day in _checkpoints(school):
        yield _obligations(tx, school, day)
    terms = tx.scalars(select(TeachingTerm).order_by(TeachingTerm.first_day)).all()
    yield _shares(tx, school, terms)
    yield _evenings(tx, school, terms)
    found = recount.recount_differences(tx, school.last)
    yield 1, [str(one) for one in found]


def _checkpoints(school: SimulatedSchool) -> list[dt.date]:
    """The last day of every quarter, the last of February, and the days after the turn of the year."""
    found = []
    for year in range(school.first.year, school.last.year + 1):
        ends = (dt.date(year, 4, 1), dt.date(year, 7, 1), dt.date(year, 10, 1), dt.date(year + 1, 1, 1))
        found += [dt.date(year, 1, 1), dt.date(year, 3, 1) - DAY, *(day - DAY for day in ends)]
    return found


def _obligations(tx: Tx, school: SimulatedSchool, on: dt.date) -> tuple[int, list[str]]:
    counted = {
        (one.lecturer_id - 1, one.assessment.demand.level): (str(one.assessment.state), one.assessment.due_on)
        for one in obligations.list_obligations(tx, on)
    }
    taught: dict[int, list[tuple[dt.date, int]]] = {}
    for lecture in school.lectures:
        for lecturer, share in lecture.taught:
            taught.setdefault(lecturer, []).append((lecture.day, lecture.tenths * share))
    expected = {}
    for level, demand in simulated_rows.demands_in_force(school, on).items():
        for lecturer in range(school.lecturers):
            found = _plain(school, lecturer, level, demand, taught.get(lecturer, []), on)
            if found is not None:
                expected[lecturer, level] = found.state, found.due_on
    wrong = [
        f"{on} lecturer {key}: {counted.get(key)} instead of {expected.get(key)}"
        for key in sorted(counted.keys() | expected.keys())
        if counted.get(key) != expected.get(key)
    ]
    return len(expected), wrong


def _plain(
    school: SimulatedSchool,
    lecturer: int,
    level: LecturerLevel,
    demand: plain.PlainDemand,
    taught: Sequence[tuple[dt.date, int]],
    on: dt.date,
) -> plain.PlainObligation | None:
    held, rests = school.holds[lecturer, level], school.rests[lecturer]
    goes_on = school.last in rests
    return plain.plain_obligation(
        demand,
        held.__contains__,
        lambda day: day in rests or (goes_on and day > school.last),
        taught,
        on,
        school.last + DAY,
    )


def _shares(tx: Tx, school: SimulatedSchool, terms: Sequence[TeachingTerm]) -> tuple[int, list[str]]:
    wrong = []
    for number, share in enumerate(hours.term_shares(tx, terms)):
        leaders = whole = 0
        for lecture in school.lectures:
            if lecture.term != number or lecture.class_number is None or not school.main_classes[lecture.class_number]:
                continue
            for lecturer, part in lecture.taught:
                whole += lecture.tenths * part
                if any(lecture.day in school.holds[lecturer, level] for level in simulated_rows.LEADING):
                    leaders += lecture.tenths * part
        if (share.leaders, share.whole) != (leaders, whole):
            wrong.append(f"term {number}: {share.leaders}/{share.whole} instead of {leaders}/{whole}")
    return len(terms), wrong


def _evenings(tx: Tx, school: SimulatedSchool, terms: Sequence[TeachingTerm]) -> tuple[int, list[str]]:
    wrong = []
    for term in terms:
        evenings = classes.term_evenings(tx, term)
        expected = plain.plain_evenings(term.first_day, term.last_day, 2, school.off)
        # Six in the evening in the city is ten in the morning in UTC, in summer and in winter.
        instants = [dt.datetime(day.year, day.month, day.day, 10, tzinfo=dt.UTC) for day in expected]
        if [one.starts_at for one in evenings] != instants or [one.day for one in evenings] != expected:
            wrong.append(f"evenings of the term from {term.first_day}")
    return len(terms), wrong
