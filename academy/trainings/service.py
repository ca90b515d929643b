"""Writes on trainings: draft, open, change, close, archive, copy."""

import dataclasses
import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from academy.core import clock
from academy.core.actor import SYSTEM, Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.jobs import api as jobs
from academy.jobs.api import Job
from academy.library.models import Course, CourseVersion
from academy.people import api as people
from academy.people.models import Cohort, Member, Organisation
from academy.trainings import coverage_cells, enrolment, opening, recount, sql
from academy.trainings.access import MANAGING_ROLES
from academy.trainings.events import TrainingClosed, TrainingOpened
from academy.trainings.models import Training, TrainingCourse, TrainingState
from academy.trainings.rules import Audience, check_plan

OPEN = "trainings.open"
CLOSE = "trainings.close"
REFRESH = "trainings.refresh"
AT_ONCE = 5000
"""Audience size up to which an officer waits, well under a second; larger ones are enrolled by a job."""
STARTED = msg("这次培训已经开始了。")
BUSY = msg("这次培训正在开启，请等开启完成。")


@dataclasses.dataclass(frozen=True)
class TrainingPlan:
    """The fields of a training's form."""

    title: str
    opens_on: dt.date | None
    closes_on: dt.date | None
    courses: Sequence[int]
    """Row ids, in order."""
    audience: Audience = dataclasses.field(default_factory=Audience)
    required_count: int | None = None
    summary: str = ""
    clip: int | None = None
    """Row id of the stretch of a lecture to see first."""


def create_training(tx: Tx, actor: Actor, organisation: Organisation, plan: TrainingPlan) -> Training:
    """Create a draft of a training for a node.

    Raises:
        Invalid: fields are missing or inconsistent.
        Forbidden: the node is outside the actor's scope.
    """
    if not actor.is_system and not actor.may(organisation.path, *MANAGING_ROLES):
        raise Forbidden(f"organisation:{organisation.public_id}")
    _check(tx, organisation, plan)
    training = Training(
        organisation_id=organisation.id,
        created_by=actor.account_id,
        title=plan.title,
        opens_on=plan.opens_on,
        closes_on=plan.closes_on,
    )
    tx.add(training)
    _write(tx, training, plan)
    record(tx, actor, "training.created", f"training:{training.public_id}")
    return training


def edit_training(tx: Tx, actor: Actor, training: Training, plan: TrainingPlan) -> None:
    """Change a training. Once it is open, its courses and first day are fixed; audience and end may change.

    Raises:
        Invalid: fields are missing or inconsistent.
        Conflict: it is closed, or being opened.
    """
    _hold_still(tx, training)
    if training.state not in (TrainingState.DRAFT, TrainingState.OPEN):
        raise Conflict(msg("培训已经结束，不能再改。可以复制一份重新开展。"))
    if training.state == TrainingState.OPEN:
        plan = dataclasses.replace(
            plan,
            opens_on=training.opens_on,
            courses=[course.id for course in sql.courses_of(tx, training)],
            required_count=training.required_count,
        )
    _check(tx, tx.get_one(Organisation, training.organisation_id), plan, kept=training.state == TrainingState.OPEN)
    before = dict(training.audience)
    _write(tx, training, plan)
    if training.state == TrainingState.OPEN:
        if plan.closes_on is not None and plan.closes_on < clock.today():
            raise Invalid(fields={"closes_on": msg("培训正在进行，结束日期不能早于今天。")})
        if before != training.audience:
            enrolment.resync(tx, training, welcome_all=True)
        _enqueue_close(tx, training)
    record(tx, actor, "training.edited", f"training:{training.public_id}", audience_changed=before != training.audience)


def _hold_still(tx: Tx, training: Training) -> None:
    """Lock and refresh a training; raises Conflict while it is being opened."""
    lock_row(tx, training)
    if training.state == TrainingState.OPENING:
        raise Conflict(BUSY)


def _check(tx: Tx, holder: Organisation, plan: TrainingPlan, *, kept: bool = False) -> None:
    """Check a plan; with `kept` its courses are fixed, whatever their state."""
    check_plan(plan.title, plan.opens_on, plan.closes_on, len(set(plan.courses)), plan.required_count)
    if wrong := plan.audience.problems():
        raise Invalid(fields=wrong)
    if not kept:
        known = tx.scalar(select(func.count()).where(Course.id.in_(plan.courses), Course.is_published))
        if known != len(set(plan.courses)):
            raise Invalid(fields={"courses": msg("有的课程还没有上架或已下架，请重新选择。")})
    inside = tx.scalar(
        select(func.count()).where(Organisation.id.in_(plan.audience.nodes), people.subtree(holder.path))
    )
    if inside != len(set(plan.audience.nodes)):
        raise Invalid(fields={"nodes": msg("参训范围里有不归本组织管理的党组织。")})
    lists = select(Organisation.path).join(Cohort, Cohort.organisation_id == Organisation.id)
    owners = tx.scalars(lists.where(Cohort.id.in_(plan.audience.cohorts))).all()
    near = [path for path in owners if path.startswith(holder.path) or holder.path.startswith(path)]
    if len(near) != len(set(plan.audience.cohorts)):
        raise Invalid(fields={"cohorts": msg("参训范围里有别处的名单。")})


def _write(tx: Tx, training: Training, plan: TrainingPlan) -> None:
    if plan.opens_on is None or plan.closes_on is None:
        raise AssertionError("checked before")
    training.title, training.summary = plan.title, plan.summary
    training.opens_on, training.closes_on = plan.opens_on, plan.closes_on
    training.required_count = plan.required_count
    training.audience = plan.audience.to_json()
    training.clip_id = plan.clip
    tx.flush()
    if training.state == TrainingState.DRAFT:
        tx.execute(delete(TrainingCourse).where(TrainingCourse.training_id == training.id))
        tx.add_all(
            TrainingCourse(training_id=training.id, course_id=course, position=position)
            for position, course in enumerate(dict.fromkeys(plan.courses))
        )
        tx.flush()


def _hold_courses(tx: Tx, training: Training) -> None:
    """Lock the courses until the training is open, so that they stay published.

    Raises:
        Invalid: one is not published; names it.
    """
    query = (
        select(Course)
        .join(TrainingCourse, TrainingCourse.course_id == Course.id)
        .where(TrainingCourse.training_id == training.id)
        .order_by(Course.id)
        # A withdrawal locks the course: it is seen here, or it sees the open training.
        .with_for_update(read=True, of=Course)
    )
    gone = [course.title for course in tx.scalars(query) if not course.is_published]
    if gone:
        shown = "、".join(f"《{title}》" for title in gone[:3])
        raise Invalid(fields={"courses": msg("%(shown)s已下架，请换掉以后再开启。", shown=shown)})


def begin_opening(tx: Tx, actor: Actor, training: Training) -> int | None:
    """Open a training: at once when few are due, else by a job; returns how many are enrolled, None: a job will.

    Raises:
        Conflict: it is not a draft, or it is being opened.
        Invalid: nobody would be due, or a course is no longer published.
    """
    _hold_courses(tx, training)
    holder = tx.get_one(Organisation, training.organisation_id)
    fit = sql.fits(tx, holder, Audience.from_json(training.audience), training.opens_on)
    if (tx.scalar(select(func.count()).select_from(Member).where(fit)) or 0) <= AT_ONCE:
        return open_training(tx, actor, training)
    _hold_still(tx, training)
    if training.state != TrainingState.DRAFT:
        raise Conflict(STARTED)
    training.state = TrainingState.OPENING
    job = jobs.enqueue(tx, OPEN, key=f"{OPEN}:{training.id}", actor=actor, training_id=training.id, by=actor.account_id)
    training.opening_job_id = job.id
    tx.flush()
    return None


def finish_opening(tx: Tx, training_id: int, by: int | None) -> None:
    """For the job: finish the opening; nothing to do when an earlier run committed."""
    training = tx.get_one(Training, training_id)
    if training.state == TrainingState.OPENING:
        sql.take_time(tx)
        open_training(tx, Actor(account_id=by), training, TrainingState.OPENING)


def give_up_opening(tx: Tx, training_id: int) -> None:
    """The job failed for good: back to draft, for correction and retry."""
    opening_one = (Training.id == training_id) & (Training.state == TrainingState.OPENING)
    tx.execute(update(Training).where(opening_one).values(state=TrainingState.DRAFT))


def opening_job(tx: Tx, training: Training) -> Job | None:
    """The job that is opening it, or that failed to, for the page."""
    return jobs.find_job(tx, training.opening_job_id)


def open_training(tx: Tx, actor: Actor, training: Training, state: TrainingState = TrainingState.DRAFT) -> int:
    """Enrol the audience and start the window; returns how many are enrolled.

    Raises:
        Conflict: it is not a draft, or it is being opened.
        Invalid: nobody would be due, or a course is no longer published.
    """
    _hold_courses(tx, training)
    sql.without_changes(tx)
    taken = tx.execute(
        update(Training)
        .where(Training.id == training.id, Training.state == state)
        .values(state=TrainingState.OPEN, opened_at=clock.now())
        .returning(Training.id)
    ).scalar()
    if taken is None:
        raise Conflict(STARTED)
    tx.refresh(training)
    version = (
        select(CourseVersion.content_number)
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(Course.id == TrainingCourse.course_id)
        .scalar_subquery()
    )
    tx.execute(
        update(TrainingCourse)
        .where(TrainingCourse.training_id == training.id)
        .values(version=version)
        .execution_options(synchronize_session=False)
    )
    with sql.in_bulk(tx):
        number = opening.enrol_everybody(tx, training)
        if not number:
            raise Invalid(fields={"audience": msg("按现在的条件，没有一名党员需要参加。请调整参训范围。")})
        opening.count_everybody(tx, training)
    _enqueue_close(tx, training)
    record(tx, actor, "training.opened", f"training:{training.public_id}", enrolled=number)
    jobs.publish(tx, TrainingOpened(training.id))
    return number


def _enqueue_close(tx: Tx, training: Training) -> None:
    end = clock.day_bounds(training.closes_on)[1]
    wait = max(0.0, (end - clock.now()).total_seconds() + 5)
    jobs.enqueue(tx, CLOSE, key=f"{CLOSE}:{training.id}:{training.closes_on}", delay_s=wait, training_id=training.id)


def close_training(tx: Tx, actor: Actor, training: Training) -> None:
    """Close a training now.

    Raises:
        Conflict: it is not open.
    """
    if training.state != TrainingState.OPEN:
        raise Conflict(msg("只有正在进行的培训才能结束。"))
    sql.without_changes(tx)
    training.state = TrainingState.CLOSED
    # A scheduled end is at midnight, whenever the job runs.
    training.closed_at = min(clock.now(), clock.day_bounds(training.closes_on)[1])
    tx.flush()
    record(tx, actor, "training.closed", f"training:{training.public_id}")
    jobs.publish(tx, TrainingClosed(training.id))


def close_when_over(tx: Tx, training_id: int) -> None:
    """For the job: close if the last day has passed; it may have been extended meanwhile."""
    training = tx.get(Training, training_id)
    if training is not None and training.state == TrainingState.OPEN and training.closes_on < clock.today():
        close_training(tx, SYSTEM, training)


def begin_day(tx: Tx) -> int:
    """Enqueue the calendar's changes, a job a training, so that a failing one does not block others; returns how many.
    A training that is over and still open (its own job failed, or was lost) is closed."""
    today = clock.today()
    running = tx.execute(
        select(Training.id, Training.closes_on).where(Training.state == TrainingState.OPEN).order_by(Training.id)
    ).all()
    for training_id, closes_on in running:
        name = CLOSE if closes_on < today else REFRESH
        jobs.enqueue(tx, name, key=f"{name}:{training_id}:daily", training_id=training_id)
    return len(running)


def archive_training(tx: Tx, actor: Actor, training: Training) -> None:
    """Archive a closed training: its figures are final.

    Raises:
        Conflict: it is still running.
    """
    if training.state != TrainingState.CLOSED:
        raise Conflict(msg("结束以后才能归档。"))
    training.state = TrainingState.ARCHIVED
    record(tx, actor, "training.archived", f"training:{training.public_id}")


def discard_training(tx: Tx, actor: Actor, training: Training) -> None:
    """Delete a draft.

    Raises:
        Conflict: it has been opened before; then it is kept as a record.
    """
    _hold_still(tx, training)
    if training.state != TrainingState.DRAFT:
        raise Conflict(msg("已经开展的培训不能删除。"))
    record(tx, actor, "training.discarded", f"training:{training.public_id}")
    tx.execute(delete(TrainingCourse).where(TrainingCourse.training_id == training.id))
    tx.delete(training)


def copy_training(tx: Tx, actor: Actor, training: Training) -> Training:
    """A new draft with the fields of an earlier training, and a window of the same length from today on."""
    today = clock.today()
    copy = Training(
        organisation_id=training.organisation_id,
        created_by=actor.account_id,
        title=training.title,
        summary=training.summary,
        audience=dict(training.audience),
        required_count=training.required_count,
        clip_id=training.clip_id,
        opens_on=today,
        closes_on=today + (training.closes_on - training.opens_on),
    )
    tx.add(copy)
    tx.flush()
    for position, course in enumerate(sql.courses_of(tx, training)):
        tx.add(TrainingCourse(training_id=copy.id, course_id=course.id, position=position))
    tx.flush()
    record(tx, actor, "training.copied", f"training:{copy.public_id}", source=training.public_id)
    return copy


def refresh_audience(tx: Tx, training: Training) -> int:
    """Compare everybody with an open training's audience; for changes by the calendar alone."""
    if training.state != TrainingState.OPEN:
        return 0
    return enrolment.resync(tx, training)


def rebuild_training(tx: Tx, training: Training) -> None:
    """Recompute progress and counts from the rows; after rows were loaded without events."""
    sql.without_changes(tx)
    coverage_cells.forget(tx, training.id)
    with sql.in_bulk(tx):
        enrolment.forget_progress(tx, training)
        enrolment.fill_progress(tx, training)
        counts = recount.expected(tx, training)
    coverage_cells.post_bulk(tx, counts)
