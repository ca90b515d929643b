"""Make-up lectures: what nobody taught, or was cancelled, is taught on another day, by the same lecturer or another."""

import datetime as dt

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.kinds import LectureState
from academy.faculty.lecture_topics import assignment_of, free_topic
from academy.faculty.lectures import NewLecture, plan_lecture
from academy.faculty.make_up_pairs import first_of, require_one_standing
from academy.faculty.materials.carrying import carry_material
from academy.faculty.models import ProgrammeLecture
from academy.faculty.plan_kinds import AssignmentState, PlanState
from academy.faculty.plan_models import Assignment
from academy.faculty.plans import replan
from academy.faculty.request_decisions import plan_topic

LOST = (LectureState.NO_SHOW, LectureState.CANCELLED)


def plan_make_up(
    tx: Tx, actor: Actor, lecture: ProgrammeLecture, day: dt.date, minute: int, lecturer_id: int
) -> ProgrammeLecture:
    """Plan a lecture once more that was missed or cancelled; who asked for its topic is notified of the new day. The
    entry about the first one stays, so whoever missed it has not met an obligation by it. The new lecture begins with
    the material of the first (`carry_material`). Cancelling it takes this back.

    Raises:
        Conflict: it was neither missed nor cancelled, it is made up for already, or its topic is being offered to
            somebody else.
        Invalid: as `plan_lecture`.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"lecture:{lecture.public_id}")
    lock_row(tx, lecture)
    if lecture.state not in LOST:
        raise Conflict(msg("只有取消了的，或者没有人来讲的课，才能补讲。"))
    require_one_standing(tx, lecture)
    row = assignment_of(tx, lecture)
    if row is not None:
        lock_row(tx, row.plan)
        if not free_topic(tx, row):
            raise Conflict(msg("这一题已经请了别的老师，在配餐里看得到。"))
    made = plan_lecture(
        tx,
        actor,
        NewLecture(
            title=lecture.title,
            day=day,
            minute=minute,
            tenths=lecture.class_hour_tenths,
            teachers=[(lecturer_id, 1000)],
            training_class=lecture.training_class,
            classroom=lecture.classroom,
            category_id=lecture.category_id,
            instead_of_id=first_of(lecture),
        ),
    )
    if row is not None:
        _assign(tx, actor, row, made, lecturer_id)
    carry_material(tx, actor, lecture, made)
    record(tx, actor, "lecture.make_up", f"lecture:{made.public_id}", instead_of=lecture.public_id)
    record(tx, actor, "lecture.made_up", f"lecture:{lecture.public_id}", by=made.public_id)
    return made


def _assign(tx: Tx, actor: Actor, row: Assignment, made: ProgrammeLecture, lecturer_id: int) -> None:
    reason = msg("补讲%(day)s没有讲成的课", day=row.day)
    tx.add(
        Assignment(
            plan_id=row.plan_id,
            request_id=row.request_id,
            lecturer_id=lecturer_id,
            day=made.day,
            reasons=[reason.to_json()],
            state=AssignmentState.CONFIRMED,
            lecture_id=made.id,
        )
    )
    tx.flush()
    plan_topic(tx, actor, row.request)
    if row.plan.state == PlanState.DRAFT:
        replan(tx, row.plan)
