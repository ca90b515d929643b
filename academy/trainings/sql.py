"""SQL shared by the queries of this component: city days, the audience as a clause, locks."""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Date, Select, and_, case, exists, func, or_, select, text, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from academy.core import clock
from academy.core.database import Tx
from academy.learning.models import Completion
from academy.library.models import Course
from academy.people import api as people
from academy.people.models import CohortMember, Exemption, Member, Organisation
from academy.trainings.models import Training, TrainingCourse, TrainingState
from academy.trainings.rules import Audience

# Keys of PostgreSQL's advisory locks; SQLite has one writer and needs none.
_CHANGING = 470_001
_SETTLING = 470_002
_SHARE = text("SELECT pg_advisory_xact_lock_shared(:key)")


class city_day(FunctionElement[dt.date]):
    """SQL: the calendar day in the city of an instant column."""

    type = Date()
    inherit_cache = True
    name = "city_day"


@compiles(city_day, "sqlite")
def _city_day_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    # The city has kept UTC+8 without summer time since 1992.
    return f"date({compiler.process(element.clauses, **kw)}, '+8 hours')"


@compiles(city_day, "postgresql")
def _city_day_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **kw)} AT TIME ZONE 'Asia/Shanghai' AS date)"


def city_date(at_ms: int) -> dt.date:
    """SQL: the calendar day in the city of a moment in milliseconds."""
    return dt.datetime.fromtimestamp(at_ms / 1000, clock.CITY).date()


def later(a: Any, b: Any) -> Any:
    """SQL: the later of two days (the dialects name the function differently)."""
    return case((a > b, a), else_=b)


def among_changes(tx: Tx) -> None:
    """Take the shared lock: this transaction changes rows behind the counts of single members."""
    # Held until the commit, so once is enough.
    if tx.get_bind().dialect.name == "postgresql" and not tx.info.get(_CHANGING):
        tx.connection().execute(_SHARE, {"key": _CHANGING})
        tx.info[_CHANGING] = True


def without_changes(tx: Tx) -> None:
    """Take the exclusive lock: wait for transactions that change such rows and block them until the commit.

    Without it a concurrent completion and opening would each miss the other's rows.
    """
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHANGING})


def settling_alone(tx: Tx) -> None:
    """One settler at a time: two would lock rows in different orders."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _SETTLING})


def take_time(tx: Tx) -> None:
    """For jobs that read or write a whole city: raise the statement timeout."""
    if tx.get_bind().dialect.name == "postgresql":
        tx.execute(text("SET LOCAL statement_timeout = '15min'"))


@contextmanager
def in_bulk(tx: Tx) -> Iterator[None]:
    """For queries that read a complete training.

    PostgreSQL has no statistics of rows inserted by this very transaction: it expects one row and chooses nested loops.
    Without those it hashes.
    """
    if tx.get_bind().dialect.name != "postgresql":
        yield
        return
    tx.execute(text("SET LOCAL enable_nestloop = off"))
    yield
    tx.execute(text("SET LOCAL enable_nestloop = on"))


def fits(tx: Tx, holder: Organisation, audience: Audience, first_day: dt.date) -> ColumnElement[bool]:
    """Condition: a `Member` row belongs to the audience of a training that `holder` holds."""
    places: list[ColumnElement[bool]] = [people.subtree(holder.path)]
    if audience.nodes:
        paths = tx.scalars(select(Organisation.path).where(Organisation.id.in_(audience.nodes))).all()
        places.append(people.subtrees(paths))
    if audience.sectors:
        places.append(Organisation.sector.in_(audience.sectors))
    rules: list[ColumnElement[bool]] = [
        Member.organisation_id.in_(select(Organisation.id).where(*places)),
        Member.status.in_(audience.statuses),
    ]
    if audience.positions:
        rules.append(Member.position.in_(audience.positions))
    if audience.cohorts:
        rules.append(Member.id.in_(select(CohortMember.member_id).where(CohortMember.cohort_id.in_(audience.cohorts))))
    if audience.ages:
        rules.append(or_(*(_between(Member.birth_date, *band) for band in audience.birth_bands(first_day))))
    rules.append(_between(Member.birth_date, *audience.birth_range(first_day)))
    rules.append(_between(Member.joined_on, audience.joined_from, audience.joined_to))
    return and_(*rules)


def _between(day: Any, first: dt.date | None, last: dt.date | None) -> ColumnElement[bool]:
    """Without a limit, an unknown day matches too."""
    return and_(true(), *([day >= first] if first is not None else []), *([day <= last] if last is not None else []))


def exempt_on(day: dt.date) -> ColumnElement[bool]:
    """Condition: a `Member` row is exempt on a day."""
    return exists().where(Exemption.member_id == Member.id, people.exempt_on(day))


def cutoff(training: Training) -> dt.datetime:
    """The instant from which nothing counts any more."""
    return cutoff_of(training.closes_on, training.closed_at)


def cutoff_of(closes_on: dt.date, closed_at: dt.datetime | None) -> dt.datetime:
    """The same from the last day of the window and the moment of an early end."""
    end = clock.day_bounds(closes_on)[1]
    return min(end, closed_at) if closed_at else end


def course_days(training: Training, members: Sequence[int] | Select[Any] | None = None) -> Select[int, int, dt.date]:
    """When each member first completed each course of the training: member, course, day.

    Any time before the cut-off counts, also before the window opened: a member who has studied this version of the
    course need not study it again.
    """
    query = (
        select(
            Completion.member_id,
            Completion.course_id,
            city_day(func.min(Completion.completed_at)).label("day"),
        )
        .join(TrainingCourse, TrainingCourse.course_id == Completion.course_id)
        .where(
            TrainingCourse.training_id == training.id,
            Completion.course_version >= TrainingCourse.version,
            Completion.completed_at < cutoff(training),
        )
        .group_by(Completion.member_id, Completion.course_id)
    )
    return query if members is None else query.where(Completion.member_id.in_(members))


def courses_needed(tx: Tx, training: Training) -> int:
    """How many courses complete the training."""
    if training.required_count is not None:
        return training.required_count
    return number_of_courses(tx, training)


def number_of_courses(tx: Tx, training: Training) -> int:
    """How many courses the training has."""
    return tx.scalar(select(func.count()).where(TrainingCourse.training_id == training.id)) or 0


def courses_of(tx: Tx, training: Training) -> list[Course]:
    """The training's courses, in order."""
    return list(
        tx.scalars(
            select(Course)
            .join(TrainingCourse, TrainingCourse.course_id == Course.id)
            .where(TrainingCourse.training_id == training.id)
            .order_by(TrainingCourse.position)
        )
    )


COUNTING_STATES = (TrainingState.OPEN, TrainingState.CLOSED)
"""States in which a completion dated inside the window still counts, however late it is registered."""
