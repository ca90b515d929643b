"""Enrolment: for members whose data changed, or for the complete audience."""

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Subquery, bindparam, case, func, insert, or_, select, update

from academy.core import clock
from academy.core.database import Tx
from academy.learning.models import CourseStart
from academy.people.api import MemberStatus
from academy.people.models import Member, Organisation
from academy.trainings import coverage_cells, sql
from academy.trainings.models import Enrolment, EnrolmentSpell, Standing, Training, TrainingCourse
from academy.trainings.rules import Audience, CellKey, Progress, Spell, Vector, contribution, difference, place

CHUNK = 2000


def found_progress(tx: Tx, training: Training, members: Sequence[int] | None = None) -> Subquery:
    """Progress from completions: member, days of the first course and of the whole."""
    days: Any = sql.course_days(training, members).subquery()
    needed = sql.courses_needed(tx, training)
    if needed == sql.number_of_courses(tx, training):
        # All required: the day of the last one, and a city need not be sorted by member and day.
        whole: Any = case((func.count() == needed, func.max(days.c.day)))
    else:
        nth = func.row_number().over(partition_by=days.c.member_id, order_by=days.c.day).label("nth")
        days = select(days.c.member_id, days.c.day, nth).subquery()
        whole = func.max(case((days.c.nth == needed, days.c.day)))
    return (
        select(days.c.member_id, func.min(days.c.day).label("first_on"), whole.label("whole_on"))
        .group_by(days.c.member_id)
        .subquery()
    )


def found_starts(training: Training, members: Sequence[int] | None = None) -> Subquery:
    """The day of each member's first credit in a course of the training."""
    query = (
        select(CourseStart.member_id, sql.city_day(func.min(CourseStart.started_at)).label("start_on"))
        .join(TrainingCourse, TrainingCourse.course_id == CourseStart.course_id)
        .where(TrainingCourse.training_id == training.id, CourseStart.started_at < sql.cutoff(training))
        .group_by(CourseStart.member_id)
    )
    return (query if members is None else query.where(CourseStart.member_id.in_(members))).subquery()


def fill_progress(tx: Tx, training: Training, members: Sequence[int] | None = None) -> None:
    """Set progress from completions and first credits, in bulk."""
    mine = [Enrolment.training_id == training.id]
    if members is not None:
        mine.append(Enrolment.member_id.in_(members))
    found, starts = found_progress(tx, training, members), found_starts(training, members)
    tx.execute(
        update(Enrolment)
        .where(Enrolment.member_id == found.c.member_id, *mine)
        .values(completed_on=found.c.whole_on, started_on=found.c.first_on)
        .execution_options(synchronize_session=False)
    )
    tx.execute(
        update(Enrolment)
        .where(
            Enrolment.member_id == starts.c.member_id,
            or_(Enrolment.started_on.is_(None), Enrolment.started_on > starts.c.start_on),
            *mine,
        )
        .values(started_on=starts.c.start_on)
        .execution_options(synchronize_session=False)
    )


def forget_progress(tx: Tx, training: Training) -> None:
    """Clear progress, to fill it anew."""
    tx.execute(
        update(Enrolment)
        .where(Enrolment.training_id == training.id)
        .values(started_on=None, completed_on=None)
        .execution_options(synchronize_session=False)
    )


@dataclasses.dataclass(frozen=True)
class Held:
    """An enrolment as stored."""

    organisation_id: int
    standing: str
    since: dt.date
    progress: Progress


def resync(tx: Tx, training: Training, members: Sequence[int] | None = None, *, welcome_all: bool = False) -> int:
    """Compare members (None: everybody) with the audience and correct differences.

    `welcome_all` enrols all matching members even where late joiners are not due: the audience itself changed.
    Returns how many enrolments changed.
    """
    if members is None:
        sql.without_changes(tx)
        return _resync(tx, training, None, welcome_all)
    sql.among_changes(tx)
    ordered = sorted(set(members))
    chunks = (ordered[i : i + CHUNK] for i in range(0, len(ordered), CHUNK))
    return sum(_resync(tx, training, chunk, welcome_all) for chunk in chunks)


def _resync(tx: Tx, training: Training, members: Sequence[int] | None, welcome_all: bool) -> int:
    held, changed = expected_enrolments(tx, training, members, welcome_all=welcome_all)
    if changed:
        _apply(tx, training, held, changed, clock.today())
    return len(changed)


def expected_enrolments(
    tx: Tx, training: Training, members: Sequence[int] | None, *, welcome_all: bool
) -> tuple[dict[int, Held], dict[int, tuple[str, int]]]:
    """Stored enrolments that differ from the expected standing and branch, by member."""
    audience = Audience.from_json(training.audience)
    if welcome_all:
        audience = dataclasses.replace(audience, joining="include")
    held = _held(tx, training, members)
    holder = tx.get_one(Organisation, training.organisation_id)
    fit, exempt = sql.fits(tx, holder, audience, training.opens_on), sql.exempt_on(clock.today())
    people = select(Member.id, Member.organisation_id, Member.status, fit, exempt)
    if members is not None:
        people = people.where(Member.id.in_(members))
    changed: dict[int, tuple[str, int]] = {}
    for member, organisation, status, fits, is_exempt in tx.execute(people):
        known = held.get(member)
        placed = place(
            audience,
            fits=bool(fits),
            exempt=bool(is_exempt),
            deceased=status == MemberStatus.DECEASED,
            organisation_id=organisation,
            held=(known.standing, known.organisation_id) if known else None,
        )
        if placed is not None and (known is None or placed != (known.standing, known.organisation_id)):
            changed[member] = placed
    return held, changed


def _held(tx: Tx, training: Training, members: Sequence[int] | None) -> dict[int, Held]:
    e = Enrolment
    query = select(e.member_id, e.organisation_id, e.standing, e.since, e.started_on, e.completed_on).where(
        e.training_id == training.id
    )
    if members is not None:
        query = query.where(e.member_id.in_(members)).order_by(e.member_id).with_for_update()
    return {
        member: Held(organisation, standing, since, Progress(started, completed))
        for member, organisation, standing, since, started, completed in tx.execute(query)
    }


def _apply(
    tx: Tx, training: Training, held: dict[int, Held], changed: dict[int, tuple[str, int]], today: dt.date
) -> None:
    fresh = [member for member in changed if member not in held]
    if fresh:
        _insert_fresh(tx, training, {member: changed[member] for member in fresh}, today)
    moved = [member for member in changed if member in held]
    days = _course_days(tx, training, [member for member in moved if held[member].progress.started])
    total: dict[CellKey, Vector] = {}
    for member in moved:
        was = held[member]
        standing, organisation = changed[member]
        progress = dataclasses.replace(was.progress, courses=days.get(member, {}))
        old = [Spell(was.organisation_id, was.standing, was.since)]
        new = [Spell(organisation, standing, today)]
        if was.since < today:
            new.append(Spell(was.organisation_id, was.standing, was.since, today))
        _merge(total, difference(contribution(new, progress), contribution(old, progress)))
    _keep_spells(tx, training, {m: held[m] for m in moved}, today)
    _set_standing(tx, training, {m: changed[m] for m in moved}, today)
    if fresh:
        _count_fresh(tx, training, fresh, total)
    coverage_cells.post(tx, training.id, total)


def _insert_fresh(tx: Tx, training: Training, placements: dict[int, tuple[str, int]], since: dt.date) -> None:
    tx.connection().execute(
        insert(Enrolment),
        [
            {
                "training_id": training.id,
                "member_id": member,
                "organisation_id": organisation,
                "standing": standing,
                "since": since,
            }
            for member, (standing, organisation) in placements.items()
        ],
    )
    ids = list(placements)
    for start in range(0, len(ids), CHUNK):
        fill_progress(tx, training, ids[start : start + CHUNK])


def _count_fresh(tx: Tx, training: Training, fresh: list[int], total: dict[CellKey, Vector]) -> None:
    for start in range(0, len(fresh), CHUNK):
        ids = fresh[start : start + CHUNK]
        held = _held(tx, training, ids)
        days = _course_days(tx, training, [member for member in ids if held[member].progress.started])
        for member in ids:
            row = held[member]
            progress = dataclasses.replace(row.progress, courses=days.get(member, {}))
            _merge(total, contribution([Spell(row.organisation_id, row.standing, row.since)], progress))


def _course_days(tx: Tx, training: Training, members: Sequence[int]) -> dict[int, dict[int, dt.date]]:
    found: dict[int, dict[int, dt.date]] = {}
    for start in range(0, len(members), CHUNK):
        ids = members[start : start + CHUNK]
        for member, course, day in tx.execute(sql.course_days(training, ids)):
            found.setdefault(member, {})[course] = day
    return found


def _keep_spells(tx: Tx, training: Training, ended: dict[int, Held], today: dt.date) -> None:
    rows = [
        {
            "training_id": training.id,
            "member_id": member,
            "organisation_id": was.organisation_id,
            "standing": was.standing,
            "valid_from": was.since,
            "valid_to": today,
        }
        for member, was in ended.items()
        # A standing that began today is replaced; one that was out is not counted.
        if was.since < today and was.standing != Standing.OUT
    ]
    if rows:
        tx.connection().execute(insert(EnrolmentSpell), rows)


def _set_standing(tx: Tx, training: Training, placements: dict[int, tuple[str, int]], today: dt.date) -> None:
    if not placements:
        return
    table = Enrolment.__table__
    statement = (
        update(table)  # type: ignore[arg-type]
        .where(table.c.training_id == training.id, table.c.member_id == bindparam("who"))
        .values(standing=bindparam("is_now"), organisation_id=bindparam("counts_in"), since=today)
    )
    rows = [{"who": m, "is_now": standing, "counts_in": org} for m, (standing, org) in placements.items()]
    tx.connection().execute(statement, rows)


def _merge(total: dict[CellKey, Vector], more: dict[CellKey, Vector]) -> None:
    for where, (a, b, c, d) in more.items():
        known = total.get(where, (0, 0, 0, 0))
        total[where] = (known[0] + a, known[1] + b, known[2] + c, known[3] + d)
