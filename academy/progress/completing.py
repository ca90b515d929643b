"""What follows from credit: a course reached, an item finished, a course finished, hours earned.

Each is a dated fact written once; its key closes the race of two transactions that both find it due.
"""

import datetime as dt
import functools
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite

from academy.core.db import Base, Tx
from academy.jobs import publish
from academy.library.models import Course, CourseItem
from academy.progress.facts import CourseFinished, CourseItemFinished, CourseReached
from academy.progress.models import Completion, Correction, CourseStart, CreditHour, ItemCompletion

PLAYABLE = ("video", "audio", "document")
"""Kinds of items that are completed by watching, or by reading page after page."""


def threshold(course: Course, item: CourseItem) -> int:
    """The share that completes an item, in permille: of a document every page, since none is like another."""
    return 1000 if item.kind == "document" else course.threshold_permille


def instant(ms: int) -> dt.datetime:
    """Milliseconds of the server's epoch as an instant."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


@functools.cache
def _insertion(model: type[Base], dialect: str) -> Any:
    """Built once a table: building a statement costs more than running it."""
    key = next(iter(model.__table__.primary_key))
    kind = postgresql if dialect == "postgresql" else sqlite
    return kind.insert(model).on_conflict_do_nothing().returning(key)


def insert_once(tx: Tx, model: type[Base], **values: object) -> bool:
    """Insert unless a row with that key is there; whether it was inserted."""
    connection = tx.connection()
    return connection.execute(_insertion(model, connection.dialect.name), values).first() is not None


def reach(tx: Tx, member_id: int, course_id: int, at_ms: int) -> None:
    """The member's first credit of a course."""
    if insert_once(tx, CourseStart, member_id=member_id, course_id=course_id, reached_at=instant(at_ms)):
        publish(tx, CourseReached(member_id, course_id, at_ms))


def finish_item(tx: Tx, member_id: int, item_id: int, item_version: int, course_id: int, at_ms: int) -> None:
    """The member reached an item's threshold; finishes the course with it when nothing more is missing.

    Doing it again writes what is missing, and nothing twice.
    """
    key = {"member_id": member_id, "item_id": item_id, "item_version": item_version}
    if insert_once(tx, ItemCompletion, **key, course_id=course_id, completed_at=instant(at_ms)):
        publish(tx, CourseItemFinished(member_id, item_id, course_id, at_ms))
    course = tx.get_one(Course, course_id)
    finished_ms = _finished_ms(tx, member_id, course, at_ms)
    if finished_ms is not None:
        finish_course(tx, member_id, course, finished_ms, "watched")


_mine = (
    (ItemCompletion.member_id == bindparam("member"))
    & (ItemCompletion.item_id == CourseItem.id)
    & (ItemCompletion.item_version == CourseItem.version)
)
# Built once: building a statement costs more than running it.
_REQUIRED = (
    select(func.count(CourseItem.id), func.count(ItemCompletion.item_id), func.max(ItemCompletion.completed_at))
    .select_from(CourseItem)
    .outerjoin(ItemCompletion, _mine)
    .where(
        CourseItem.course_id == bindparam("course"),
        CourseItem.required,
        CourseItem.removed_at.is_(None),
        CourseItem.kind.in_(PLAYABLE),
    )
)
_STRUCK = select(func.max(Correction.decided_at)).where(
    Correction.member_id == bindparam("member"),
    Correction.course_id == bindparam("course"),
    Correction.kind == "strike",
    Correction.decision == "approved",
)
_START = (
    select(CourseStart.member_id)
    .where(CourseStart.member_id == bindparam("member"), CourseStart.course_id == bindparam("course"))
    .with_for_update()
)


def _finished_ms(tx: Tx, member_id: int, course: Course, at_ms: int) -> int | None:
    """When the member's items completed the present version of the course; None while one is missing.

    None too when a completion was struck since: what it was struck for does not bring it back.
    """
    key = {"member": member_id, "course": course.id}
    # Two items finished at once, on two connections: the second waits here, and then sees the first.
    tx.execute(_START, key)
    required, done, last = tx.execute(_REQUIRED, key).one()
    if done < required:
        return None
    finished_ms = max(at_ms, int(last.timestamp() * 1000) if last is not None else 0)
    struck_at = tx.scalar(_STRUCK, key)
    return None if struck_at is not None and instant(finished_ms) <= struck_at else finished_ms


def finish_course(tx: Tx, member_id: int, course: Course, at_ms: int, evidence: str) -> bool:
    """Write the completion of the course's present version, with its hours; False if it was there."""
    at = instant(at_ms)
    if not insert_once(
        tx,
        Completion,
        member_id=member_id,
        course_id=course.id,
        course_version=course.version,
        completed_at=at,
        evidence=evidence,
    ):
        return False
    if course.credit_minutes:
        # Hours are earned once a course, whichever version: a re-cut is no second lecture.
        insert_once(
            tx,
            CreditHour,
            member_id=member_id,
            minutes=course.credit_minutes,
            rule="course.completed",
            source=f"course:{course.public_id}",
            earned_at=at,
        )
    publish(tx, CourseFinished(member_id, course.id, course.version, at_ms))
    return True
