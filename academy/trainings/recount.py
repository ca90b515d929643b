"""Recount: expected cells, derived only from the rows behind them."""

import dataclasses
import datetime as dt
from typing import Any, cast

from sqlalchemy import Date, Subquery, case, func, literal, null, or_, select, union_all
from sqlalchemy import cast as sql_cast

from academy.core.database import Tx
from academy.trainings import coverage_cells, enrolment, sql
from academy.trainings.models import (
    CoverageCell,
    CoverageChange,
    CoverageTotal,
    Enrolment,
    EnrolmentSpell,
    Training,
    TrainingState,
)
from academy.trainings.rules import WHOLE


@dataclasses.dataclass(frozen=True)
class RecountDifference:
    """A difference between stored and expected values."""

    training_id: int
    what: str
    """progress, audience, cell or total."""
    where: str
    kept: str
    recounted: str

    def __str__(self) -> str:
        return f"training {self.training_id} {self.what} {self.where}: kept {self.kept}, recounted {self.recounted}"


def recount_pieces(training_id: int, day: dt.date | None, organisations: Any = None) -> Subquery:
    """Stretches of a training's members in force on a day (None: now): branch, standing, progress.

    `organisations` filters inside each part: SQLite would evaluate the union completely.
    """
    present, past = _stretches(training_id)
    if organisations is not None:
        present = present.where(Enrolment.organisation_id.in_(organisations))
        past = past.where(EnrolmentSpell.organisation_id.in_(organisations))
    if day is None:
        return cast(Subquery, present.subquery())
    past = past.where(EnrolmentSpell.valid_from <= day, EnrolmentSpell.valid_to > day)
    return union_all(present.where(Enrolment.since <= day), past).subquery()


def _stretches(training_id: int) -> tuple[Any, Any]:
    """The present ones and the past ones."""
    e, s = Enrolment, EnrolmentSpell
    present = select(
        e.member_id,
        e.organisation_id,
        e.standing,
        e.since.label("start"),
        sql_cast(null(), Date).label("stop"),
        e.started_on,
        e.completed_on,
    ).where(e.training_id == training_id)
    past = (
        select(
            s.member_id,
            s.organisation_id,
            s.standing,
            s.valid_from.label("start"),
            s.valid_to.label("stop"),
            e.started_on,
            e.completed_on,
        )
        .join(e, (e.training_id == s.training_id) & (e.member_id == s.member_id))
        .where(s.training_id == training_id)
    )
    return present, past


def expected(tx: Tx, training: Training) -> coverage_cells.Tally:
    """Counts by branch, course and day, recounted."""
    found: coverage_cells.Tally = {}
    # One after the other: SQLite evaluates a union completely for every row joined to it.
    for stretches, ended in zip(_stretches(training.id), (False, True), strict=True):
        _count(tx, training, stretches.subquery(), found, ended=ended)
    return found


def _count(tx: Tx, training: Training, p: Subquery, found: coverage_cells.Tally, *, ended: bool) -> None:
    days = sql.course_days(training).subquery()
    due, exempt = p.c.standing == "due", p.c.standing == "exempt"
    with_course = p.join(days, days.c.member_id == p.c.member_id)
    measures: list[tuple[int, Any, Any, Any, Any]] = [
        (0, p, literal(WHOLE), p.c.start, due),
        (1, p, literal(WHOLE), p.c.start, exempt),
        (2, p, literal(WHOLE), p.c.started_on, due),
        (3, p, literal(WHOLE), p.c.completed_on, due),
        (3, with_course, days.c.course_id, days.c.day, due),
    ]
    for measure, source, course, day, standing in measures:
        alive = [standing, day.is_not(None), or_(p.c.stop.is_(None), day < p.c.stop)]
        begins = sql.later(day, p.c.start)
        for sign, moment in ((1, begins), (-1, p.c.stop)) if ended else ((1, begins),):
            query = (
                select(p.c.organisation_id, course.label("course"), moment.label("moment"), func.count())
                .select_from(source)
                .where(*alive)
                .group_by(p.c.organisation_id, "course", "moment")
            )
            for organisation, course_id, on, number in tx.execute(query):
                key = (training.id, organisation, course_id, _day(on))
                found.setdefault(key, [0, 0, 0, 0])[measure] += sign * number


def _day(value: dt.date | str) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value


def recount_differences(tx: Tx, training: Training) -> list[RecountDifference]:
    """All differences of a training between stored and recounted values; `tx` must be one snapshot."""
    with sql.in_bulk(tx):
        return [*_progress(tx, training), *_audience(tx, training), *_cells(tx, training), *_totals(tx, training)]


def _progress(tx: Tx, training: Training) -> list[RecountDifference]:
    e = Enrolment
    found, starts = enrolment.found_progress(tx, training), enrolment.found_starts(training)
    started = case(
        (found.c.first_on.is_(None) | (found.c.first_on > starts.c.start_on), starts.c.start_on),
        else_=found.c.first_on,
    )
    query = (
        select(e.member_id, e.completed_on, e.started_on, found.c.whole_on, started)
        .outerjoin(found, found.c.member_id == e.member_id)
        .outerjoin(starts, starts.c.member_id == e.member_id)
        .where(
            e.training_id == training.id,
            or_(
                e.completed_on.is_distinct_from(found.c.whole_on),
                e.started_on.is_distinct_from(started),
            ),
        )
    )
    return [
        RecountDifference(training.id, "progress", f"member {row[0]}", str(tuple(row[1:3])), str(tuple(row[3:])))
        for row in tx.execute(query)
    ]


def _audience(tx: Tx, training: Training) -> list[RecountDifference]:
    if training.state != TrainingState.OPEN:
        return []
    held, changed = enrolment.expected_enrolments(tx, training, None, welcome_all=False)
    return [
        RecountDifference(
            training.id,
            "audience",
            f"member {member}",
            f"{held[member].standing} in {held[member].organisation_id}" if member in held else "nothing",
            f"{expected_standing[0]} in {expected_standing[1]}",
        )
        for member, expected_standing in changed.items()
    ]


def _cells(tx: Tx, training: Training) -> list[RecountDifference]:
    wanted = coverage_cells.roll_up(tx, expected(tx, training))
    kept: coverage_cells.Tally = {}
    waiting: coverage_cells.Tally = {}
    for table, target in ((CoverageCell, kept), (CoverageChange, waiting)):
        columns = [func.sum(getattr(table, name)) for name in coverage_cells.MEASURES]
        key = (table.organisation_id, table.course_id, table.day)
        for organisation, course, day, *vector in tx.execute(
            select(*key, *columns).where(table.training_id == training.id).group_by(*key)
        ):
            coverage_cells.add(target, (training.id, organisation, course, day), [int(n) for n in vector])
    for place, vector in coverage_cells.roll_up(tx, waiting).items():
        coverage_cells.add(kept, place, vector)
    zero = [0, 0, 0, 0]
    return [
        RecountDifference(
            training.id,
            "cell",
            f"organisation {place[1]} course {place[2]} day {place[3]}",
            str(kept.get(place, zero)),
            str(wanted.get(place, zero)),
        )
        for place in sorted(p for p in kept.keys() | wanted.keys() if kept.get(p, zero) != wanted.get(p, zero))
    ]


def _totals(tx: Tx, training: Training) -> list[RecountDifference]:
    """Totals that are not the sum of their cells."""
    sides: list[coverage_cells.Tally] = []
    for table in (CoverageTotal, CoverageCell):
        key = (table.organisation_id, table.course_id)
        query = select(*key, *(func.sum(getattr(table, name)) for name in coverage_cells.MEASURES))
        rows = tx.execute(query.where(table.training_id == training.id).group_by(*key))
        sides.append({(training.id, row[0], row[1], dt.date.max): list(row[2:]) for row in rows if any(row[2:])})
    kept, wanted = sides
    zero = [0, 0, 0, 0]
    return [
        RecountDifference(
            training.id,
            "total",
            f"organisation {place[1]} course {place[2]}",
            str(kept.get(place, zero)),
            str(wanted.get(place, zero)),
        )
        for place in sorted(p for p in kept.keys() | wanted.keys() if kept.get(p, zero) != wanted.get(p, zero))
    ]
