"""Opening a training in one statement a table: fast enough for a city."""

import datetime as dt
from typing import Any

from sqlalchemy import Select, case, func, insert, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from academy.core import clock
from academy.core.database import Tx
from academy.people.models import Member, Organisation, OrganisationSpell
from academy.trainings import coverage_cells, enrolment, recount, sql
from academy.trainings.models import CoverageCell, CoverageTotal, Enrolment, Standing, Training
from academy.trainings.rules import WHOLE, Audience

COLUMNS = ["training_id", "organisation_id", "course_id", "day", *coverage_cells.MEASURES]


def enrol_everybody(tx: Tx, training: Training) -> int:
    """Enrol the complete audience of a training that is being opened, with its progress; returns how many.

    They count from the first day of the window, also when it is opened a little late.
    """
    audience = Audience.from_json(training.audience)
    holder = tx.get_one(Organisation, training.organisation_id)
    since = first_day(training)
    standing = case((sql.exempt_on(since), Standing.EXEMPT.value), else_=Standing.DUE.value)
    found, starts = enrolment.found_progress(tx, training), enrolment.found_starts(training)
    started_before = found.c.first_on.is_(None) | (found.c.first_on > starts.c.start_on)
    values: dict[str, Any] = {
        "training_id": literal(training.id),
        "member_id": Member.id,
        "organisation_id": Member.organisation_id,
        "standing": standing,
        "since": literal(since),
        "started_on": case(
            (starts.c.start_on.is_not(None) & started_before, starts.c.start_on), else_=found.c.first_on
        ),
        "completed_on": found.c.whole_on,
    }
    # One insert with everything: filling it in afterwards would write every row and its indexes three times.
    chosen = (
        select(*values.values())
        .outerjoin(found, found.c.member_id == Member.id)
        .outerjoin(starts, starts.c.member_id == Member.id)
        .where(sql.fits(tx, holder, audience, training.opens_on))
    )
    tx.execute(insert(Enrolment).from_select(list(values), chosen))
    return tx.scalar(select(func.count()).where(Enrolment.training_id == training.id)) or 0


def first_day(training: Training) -> dt.date:
    """The day from which members enrolled at the opening count."""
    return min(clock.today(), training.opens_on)


def count_everybody(tx: Tx, training: Training) -> None:
    """Write the counts of a training that has just been enrolled; it has none yet."""
    sql.settling_alone(tx)
    since = first_day(training)
    # If the tree has changed since the first day, each day has its own ancestors.
    changed = select(OrganisationSpell.id).where(OrganisationSpell.valid_to > since).limit(1)
    if tx.scalar(changed) is not None:
        coverage_cells.post_bulk(tx, recount.expected(tx, training))
        return
    counts = union_all(*_counts(training, since)).subquery()
    place = (counts.c.organisation, counts.c.course, counts.c.day)
    sums = [func.sum(getattr(counts.c, name)) for name in coverage_cells.MEASURES]
    cells = select(literal(training.id), *place, *sums).group_by(*place).order_by(*place)
    tx.execute(insert(CoverageCell).from_select(COLUMNS, cells))
    _roll_up(tx, training.id)
    c = CoverageCell
    totals = (
        select(
            c.training_id, c.organisation_id, c.course_id, *(func.sum(getattr(c, n)) for n in coverage_cells.MEASURES)
        )
        .where(c.training_id == training.id)
        .group_by(c.training_id, c.organisation_id, c.course_id)
    )
    tx.execute(insert(CoverageTotal).from_select([n for n in COLUMNS if n != "day"], totals))


def _roll_up(tx: Tx, training_id: int) -> None:
    """Add the cells of each level to the level above, the deepest first."""
    c, o = CoverageCell, Organisation
    dialect: Any = postgresql if tx.get_bind().dialect.name == "postgresql" else sqlite
    deepest = tx.scalar(select(func.max(o.depth))) or 0
    for depth in range(deepest, 0, -1):
        place = (o.parent_id, c.course_id, c.day)
        sums = [func.sum(getattr(c, name)) for name in coverage_cells.MEASURES]
        below = (
            select(literal(training_id), *place, *sums)
            .join(o, o.id == c.organisation_id)
            .where(c.training_id == training_id, o.depth == depth)
            .group_by(*place)
            .order_by(*place)
        )
        statement = dialect.insert(c).from_select(COLUMNS, below)
        added = {name: getattr(c, name) + statement.excluded[name] for name in coverage_cells.MEASURES}
        # A node above has cells already when it has direct members.
        tx.execute(statement.on_conflict_do_update(index_elements=COLUMNS[:4], set_=added))


def _counts(training: Training, since: dt.date) -> list[Select[Any]]:
    """Counts by branch and day, a row each, one part for each figure.

    Independent of `recount.expected`, so that the two verify each other.
    """
    e = Enrolment
    due = (e.training_id == training.id) & (e.standing == Standing.DUE.value)
    days = sql.course_days(training).subquery()
    first, none, one = literal(since), literal(0), literal(1)
    whole = literal(WHOLE)

    def part(course: Any, day: Any, *numbers: Any) -> Select[Any]:
        named = [number.label(name) for number, name in zip(numbers, coverage_cells.MEASURES, strict=True)]
        return select(e.organisation_id.label("organisation"), course.label("course"), day.label("day"), *named)

    is_due = case((e.standing == Standing.DUE.value, 1), else_=0)
    return [
        part(whole, first, is_due, 1 - is_due, none, none).where(e.training_id == training.id),
        part(whole, sql.later(e.started_on, first), none, none, one, none).where(due, e.started_on.is_not(None)),
        part(whole, sql.later(e.completed_on, first), none, none, none, one).where(due, e.completed_on.is_not(None)),
        part(days.c.course_id, sql.later(days.c.day, first), none, none, none, one)
        .join(days, days.c.member_id == e.member_id)
        .where(due),
    ]
