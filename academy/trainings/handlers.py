"""Handlers that update counts in the transaction of the change."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select, update

from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.jobs import api as jobs
from academy.learning.api import CorrectionApproved, CourseFinished, CourseStarted, CourseStruck
from academy.people import api as people
from academy.people.api import ExemptionChanged, MembersChanged, OrganisationMoved
from academy.people.models import Member, Organisation
from academy.trainings import completed_courses, coverage_cells, sql
from academy.trainings import enrolment as enrol
from academy.trainings.models import Enrolment, EnrolmentSpell, Training, TrainingCourse, TrainingState
from academy.trainings.rules import Progress, Spell, completion_day, contribution, difference

_courses = select(func.count()).where(TrainingCourse.training_id == Training.id).correlate(Training).scalar_subquery()


def _enrolled(*extra: ColumnElement[Any]) -> Any:
    e = Enrolment
    return (
        select(
            e.training_id,
            e.organisation_id,
            e.standing,
            e.since,
            e.started_on,
            e.completed_on,
            Training.closes_on,
            Training.closed_at,
            func.coalesce(Training.required_count, _courses).label("needed"),
        )
        .join(TrainingCourse, TrainingCourse.training_id == e.training_id)
        .join(Training, Training.id == e.training_id)
        .where(
            e.member_id == bindparam("member"),
            TrainingCourse.course_id == bindparam("course"),
            Training.state.in_(sql.COUNTING_STATES),
            *extra,
        )
        .order_by(e.training_id)
        # A concurrent transfer waits here, or is waited for; either way the branch is right.
        .with_for_update(of=Enrolment)
    )


# Built once: building a statement costs more than running it.
_ON_FINISH = _enrolled(TrainingCourse.version <= bindparam("version"))
_ON_START = _enrolled()
_table: Any = Enrolment.__table__
_KEEP = (
    update(_table)
    .where(_table.c.training_id == bindparam("t"), _table.c.member_id == bindparam("m"))
    .values(started_on=bindparam("started"), completed_on=bindparam("completed"))
)


@jobs.handles(CourseFinished, in_transaction=True)
def course_finished(tx: Tx, event: CourseFinished) -> None:
    """Count a completed course in every training of the member that requires it."""
    sql.among_changes(tx)
    given = {"member": event.member_id, "course": event.course_id, "version": event.course_version}
    rows = _within(tx.connection().execute(_ON_FINISH, given).all(), event.at_ms)
    if not rows:
        return
    # After the enrolments are locked, in a statement of its own: it sees what those who held them have committed.
    cutoffs = {row.training_id: sql.cutoff_of(row.closes_on, row.closed_at) for row in rows}
    days: dict[int, dict[int, dt.date]] = {training: {} for training in cutoffs}
    earlier: dict[int, dt.date] = {}
    for training, course, version, on in completed_courses.counted_completions(tx, event.member_id, cutoffs):
        days[training][course] = min(on, days[training].get(course, on))
        if course == event.course_id and version != event.course_version:
            # Studied in another version before: the course counted already, from that day.
            earlier[training] = min(on, earlier.get(training, on))
    day = sql.city_date(event.at_ms)
    kept: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    for row in rows:
        was_courses = {event.course_id: earlier[row.training_id]} if row.training_id in earlier else {}
        known = days[row.training_id]
        started, completed = min(day, row.started_on or day), completion_day(known.values(), row.needed)
        if (started, completed) != (row.started_on, row.completed_on):
            kept.append(_values(row.training_id, event.member_id, started, completed))
        was = Progress(row.started_on, row.completed_on, was_courses)
        now = Progress(started, completed, {event.course_id: known[event.course_id]})
        changes += _changes(tx, row, event.member_id, was, now, day)
    _write(tx, kept, changes)


def _within(rows: Sequence[Any], at_ms: int) -> list[Any]:
    """Enrolments in trainings in which that moment counts."""
    at = dt.datetime.fromtimestamp(at_ms / 1000, dt.UTC)
    return [row for row in rows if at < sql.cutoff_of(row.closes_on, row.closed_at)]


@jobs.handles(CourseStarted, in_transaction=True)
def course_started(tx: Tx, event: CourseStarted) -> None:
    """Count the start in every training of the member that contains the course."""
    day = sql.city_date(event.at_ms)
    sql.among_changes(tx)
    kept: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    given = {"member": event.member_id, "course": event.course_id}
    for row in _within(tx.connection().execute(_ON_START, given).all(), event.at_ms):
        if row.started_on is not None and row.started_on <= day:
            continue
        kept.append(_values(row.training_id, event.member_id, day, row.completed_on))
        changes += _changes(tx, row, event.member_id, Progress(row.started_on), Progress(day), day)
    _write(tx, kept, changes)


def _asking(tx: Tx, event: CorrectionApproved | CourseStruck, *states: TrainingState) -> list[tuple[Any, Any, Any]]:
    """The member's enrolments in trainings of these states that contain the course, locked."""
    query = (
        select(Training, TrainingCourse, Enrolment)
        .join(TrainingCourse, TrainingCourse.training_id == Training.id)
        .join(Enrolment, Enrolment.training_id == Training.id)
        .where(
            Enrolment.member_id == event.member_id,
            TrainingCourse.course_id == event.course_id,
            Training.state.in_(states),
        )
        .order_by(Training.id)
        .with_for_update(of=Enrolment)
    )
    return [(training, course, enrolment) for training, course, enrolment in tx.execute(query)]


def _counted(training: Training, course: TrainingCourse, pairs: list[list[int]]) -> list[dt.date]:
    """Days of the completions that count for the training."""
    end = sql.cutoff(training).timestamp() * 1000
    return [sql.city_date(at_ms) for version, at_ms in pairs if version >= course.version and at_ms < end]


@jobs.handles(CorrectionApproved, in_transaction=True)
def correction_approved(tx: Tx, event: CorrectionApproved) -> None:
    """Archived trainings are final: refuse a correction that would change one."""
    for training, course, _ in _asking(tx, event, TrainingState.ARCHIVED):
        if _counted(training, course, event.touched):
            raise Conflict(msg("这会改动已归档的培训“%(title)s”，不能更正。", title=training.title))


@jobs.handles(CourseStruck, in_transaction=True)
def course_struck(tx: Tx, event: CourseStruck) -> None:
    """Remove a struck completion from every training, on all the days on which it was counted."""
    sql.among_changes(tx)
    for training, course, enrolment in _asking(tx, event, *sql.COUNTING_STATES):
        struck = _counted(training, course, event.struck)
        if not struck:
            continue
        days = {row[1]: row[2] for row in tx.execute(sql.course_days(training, [event.member_id]))}
        starts = enrol.found_starts(training, [event.member_id])
        begun = [day for day in [*days.values(), tx.scalar(select(starts.c.start_on))] if day is not None]
        left = {event.course_id: days[event.course_id]} if event.course_id in days else {}
        was = Progress(enrolment.started_on, enrolment.completed_on, {event.course_id: min([*struck, *left.values()])})
        completed = completion_day(days.values(), sql.courses_needed(tx, training))
        now = Progress(min(begun, default=None), completed, left)
        delta = difference(contribution(_spells(tx, enrolment), now), contribution(_spells(tx, enrolment), was))
        enrolment.started_on, enrolment.completed_on = now.started, completed
        tx.flush()
        coverage_cells.post(tx, training.id, delta)


def _spells(tx: Tx, enrolment: Enrolment) -> list[Spell]:
    """All branches and standings with which a member has counted in a training."""
    past = EnrolmentSpell
    query = select(past.organisation_id, past.standing, past.valid_from, past.valid_to).where(
        past.training_id == enrolment.training_id, past.member_id == enrolment.member_id
    )
    now = Spell(enrolment.organisation_id, enrolment.standing, enrolment.since)
    return [now, *(Spell(*found) for found in tx.execute(query))]


def _values(training: int, member: int, started: dt.date, completed: dt.date | None) -> dict[str, Any]:
    return {"t": training, "m": member, "started": started, "completed": completed}


def _changes(tx: Tx, row: Any, member: int, was: Progress, now: Progress, day: dt.date) -> list[dict[str, Any]]:
    spells = [Spell(row.organisation_id, row.standing, row.since)]
    if day < row.since:
        past = EnrolmentSpell
        spells += [
            Spell(*found)
            for found in tx.execute(
                select(past.organisation_id, past.standing, past.valid_from, past.valid_to).where(
                    past.training_id == row.training_id, past.member_id == member
                )
            )
        ]
    delta = difference(contribution(spells, now), contribution(spells, was))
    return [coverage_cells.row(row.training_id, where, vector) for where, vector in delta.items()]


# Progress and counts in one statement: on PostgreSQL every statement is a round trip, and a completion waits for each.
# Plain values, one enrolment at a time: with arrays it would be planned anew each time.
_KEPT = """
WITH kept AS (
    UPDATE enrolments SET started_on = %s, completed_on = %s
    WHERE training_id = %s AND member_id = %s
)
INSERT INTO coverage_changes (training_id, organisation_id, course_id, day, due, exempt, started, completed)
VALUES """
_ONE = "(%s, %s, %s, %s, %s, %s, %s, %s)"
_KEPT_ORDER = ("started", "completed", "t", "m")


def _write(tx: Tx, kept: list[dict[str, Any]], changes: list[dict[str, Any]]) -> None:
    if tx.get_bind().dialect.name == "postgresql":
        kept, changes = _write_together(tx, kept, changes)
    if kept:
        tx.connection().execute(_KEEP, kept)
    if changes:
        coverage_cells.insert_changes(tx, changes)


def _write_together(
    tx: Tx, kept: list[dict[str, Any]], changes: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Write each enrolment with its changes; returns enrolments and changes that have no counterpart."""
    alone: list[dict[str, Any]] = []
    rest: dict[int, list[dict[str, Any]]] = {}
    for change in changes:
        rest.setdefault(change["training_id"], []).append(change)
    for row in kept:
        mine = rest.pop(row["t"], None)
        if mine is None:
            alone.append(row)
            continue
        values = [row[name] for name in _KEPT_ORDER] + [value for change in mine for value in change.values()]
        tx.connection().exec_driver_sql(_KEPT + ", ".join([_ONE] * len(mine)), tuple(values))
        coverage_cells.ask_to_settle(tx, len(mine))
    return alone, [change for mine in rest.values() for change in mine]


@jobs.handles(MembersChanged, in_transaction=True)
def members_changed(tx: Tx, event: MembersChanged) -> None:
    """Members joined, moved, changed or left: recompute them in every open training."""
    reassign_members(tx, event.member_ids)


@jobs.handles(ExemptionChanged, in_transaction=True)
def exemption_changed(tx: Tx, event: ExemptionChanged) -> None:
    """An exemption began, ended or was revoked."""
    reassign_members(tx, [event.member_id])


@jobs.handles(OrganisationMoved, in_transaction=True)
def organisation_moved(tx: Tx, event: OrganisationMoved) -> None:
    """Move the counts, and recheck whether its members belong to each audience."""
    sql.among_changes(tx)
    coverage_cells.move(tx, event.organisation_id, event.old_path, event.new_path)
    here = select(Member.id).join(Organisation).where(people.subtree(event.new_path))
    if _open_trainings(tx):
        reassign_members(tx, list(tx.scalars(here)))


def reassign_members(tx: Tx, members: Sequence[int]) -> None:
    """Compare members with the audience of every open training."""
    # Before reading which are open: a training that is being opened has not seen these changes.
    sql.among_changes(tx)
    for training in _open_trainings(tx):
        enrol.resync(tx, training, members)


def _open_trainings(tx: Tx) -> Sequence[Training]:
    return tx.scalars(select(Training).where(Training.state == TrainingState.OPEN).order_by(Training.id)).all()
