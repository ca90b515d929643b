"""What stands behind figures of class hours: sums of a term, and the lines of each sum."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes.models import TeachingTerm, TrainingClass
from academy.core.database import Tx
from academy.core.paging import Page
from academy.faculty import rules
from academy.faculty.hours import ClassHourRow, ledger_rows, share_rule_on
from academy.faculty.models import PoolMembership, ProgrammeLecture
from academy.library.models import Lecturer

NO_LEVEL = "none"
"""What the ledger calls lecturers without a post."""


@dataclass(frozen=True)
class HoursFilter:
    """Conditions of the rows behind a figure; blank ones ask for nothing."""

    level: str = ""
    class_id: int | None = None
    lecturer_id: int | None = None
    main: bool = False
    """Main classes only."""
    leaders: bool = False
    """Only levels whose hours count in the leaders' share."""


@dataclass(frozen=True)
class HourLine:
    """A part of a lecture with its names."""

    row: ClassHourRow
    lecture: ProgrammeLecture
    lecturer: Lecturer
    pool_id: str | None
    """Public id in the pool; None for a guest."""


@dataclass(frozen=True)
class TermSums:
    """Ten-thousandths of class hours of a term: by level, by class (None is the forum), by lecturer."""

    whole: int
    by_level: dict[str, int]
    by_class: list[tuple[TrainingClass | None, int]]
    by_lecturer: list[tuple[Lecturer, str | None, int]]


def _rows_of(tx: Tx, term: TeachingTerm, asked: HoursFilter) -> list[ClassHourRow]:
    rule = share_rule_on(tx, term.first_day)
    leading = set(rule.levels) if rule else set()
    return [
        row
        for row in ledger_rows(tx, [term.id], asked.lecturer_id)
        if (not asked.level or (row.level or NO_LEVEL) == asked.level)
        and (asked.class_id is None or row.class_id == asked.class_id)
        and (row.is_main or not asked.main)
        and (row.level in leading or not asked.leaders)
    ]


def hour_lines(tx: Tx, term: TeachingTerm, asked: HoursFilter, number: int = 1, size: int = 50) -> "HourPage":
    """A page of the parts behind a figure, the oldest first, with the sum of all of them. Six queries."""
    rows = _rows_of(tx, term, asked)
    number = min(max(1, number), max(1, -(-len(rows) // size)))
    shown = rows[(number - 1) * size : number * size]
    lectures = select(ProgrammeLecture).where(ProgrammeLecture.id.in_({row.lecture_id for row in shown}))
    known = {one.id: one for one in tx.scalars(lectures.options(joinedload(ProgrammeLecture.training_class)))}
    people = named_lecturers(tx, {row.lecturer_id for row in shown})
    lines = [HourLine(row, known[row.lecture_id], *people[row.lecturer_id]) for row in shown]
    return HourPage(Page(lines, len(rows), number, size), sum(row.parts for row in rows))


@dataclass(frozen=True)
class HourPage:
    """A page of parts, and the sum of all pages."""

    page: Page[HourLine]
    parts: int


def named_lecturers(tx: Tx, lecturer_ids: Iterable[int]) -> dict[int, tuple[Lecturer, str | None]]:
    """Row id of a lecturer → the lecturer, and their public id in the pool; None for a guest."""
    query = (
        select(Lecturer, PoolMembership.public_id)
        .outerjoin(PoolMembership, PoolMembership.lecturer_id == Lecturer.id)
        .where(Lecturer.id.in_(sorted(lecturer_ids)))
    )
    return {person.id: (person, pool_id) for person, pool_id in tx.execute(query)}


def term_sums(tx: Tx, term: TeachingTerm) -> TermSums:
    """The hours of a term, each sum the total of the rows that its link shows. Five queries."""
    rows = ledger_rows(tx, [term.id])
    levels: dict[str, int] = defaultdict(int)
    classes: dict[int | None, int] = defaultdict(int)
    persons: dict[int, int] = defaultdict(int)
    for row in rows:
        levels[row.level or NO_LEVEL] += row.parts
        classes[row.class_id] += row.parts
        persons[row.lecturer_id] += row.parts
    named = {one.id: one for one in tx.scalars(select(TrainingClass).where(TrainingClass.term_id == term.id))}
    people = named_lecturers(tx, persons)
    return TermSums(
        sum(row.parts for row in rows),
        {level: levels[level] for level in (*rules.LEVELS, NO_LEVEL) if levels.get(level)},
        sorted(
            ((named.get(one) if one is not None else None, parts) for one, parts in classes.items()),
            key=lambda pair: (pair[0] is None, -pair[1]),
        ),
        sorted(((*people[one], parts) for one, parts in persons.items()), key=lambda line: (-line[2], line[0].name)),
    )
