"""What follows from credit: a course reached, an item finished, a course finished, hours earned.

Each is a dated fact written once; its key closes the race of two transactions that both find it due.
"""

import datetime as dt
import functools
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from academy.core.db import Base, Tx
from academy.jobs import publish
from academy.library.models import Course, CourseItem
from academy.progress.facts import CourseFinished, CourseItemFinished, CourseReached
from academy.progress.models import Completion, CourseStart, CreditHour, ItemCompletion, WatchLedger

PLAYABLE = ("video", "audio", "document")
"""Kinds of items that are completed by watching, or by reading page after page."""


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
    """The member reached an item's threshold; finishes the course with it when it was the last."""
    key = {"member_id": member_id, "item_id": item_id, "item_version": item_version}
    row = tx.get(WatchLedger, tuple(key.values()), populate_existing=True)
    if row is not None:
        row.completed_ms = at_ms
        tx.flush()
    if not insert_once(tx, ItemCompletion, **key, course_id=course_id, completed_at=instant(at_ms)):
        return
    publish(tx, CourseItemFinished(member_id, item_id, course_id, at_ms))
    course = tx.get_one(Course, course_id)
    if not _missing(tx, member_id, course_id):
        finish_course(tx, member_id, course, at_ms, "watched")


def _missing(tx: Tx, member_id: int, course_id: int) -> bool:
    """Whether a required playable item lacks its completion in the present version."""
    done = (
        select(ItemCompletion.item_id)
        .where(
            ItemCompletion.member_id == member_id,
            ItemCompletion.item_id == CourseItem.id,
            ItemCompletion.item_version == CourseItem.version,
        )
        .exists()
    )
    wanted = select(CourseItem.id).where(
        CourseItem.course_id == course_id,
        CourseItem.required,
        CourseItem.removed_at.is_(None),
        CourseItem.kind.in_(PLAYABLE),
        ~done,
    )
    return tx.scalar(wanted.limit(1)) is not None


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
