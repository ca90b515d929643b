"""Consequences of credit: course started, item completed, course completed, hours earned.

Each is a dated fact written once; its key closes the race of two transactions that both find it due.
"""

import datetime as dt
import functools
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import contains_eager

from academy.core.database import Base, Tx
from academy.jobs import api as jobs
from academy.learning.events import CourseFinished, CourseItemFinished, CourseStarted
from academy.learning.models import Completion, Correction, CourseStart, CreditHour, ItemCompletion
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion

PLAYABLE = ("video", "audio", "document")
"""Kinds of items that are completed by watching, or by reading page after page."""

ALL = 1000
NEVER = 1001
"""A share in permille that cannot be reached."""


def threshold(version: CourseVersion, item: ItemVersion) -> int:
    """Share that completes an item, in permille: for a document all pages, because no page repeats another."""
    return ALL if item.kind == "document" else version.threshold_permille


def asked_now(tx: Tx, item_id: int, item_version: int) -> int:
    """Share in permille that completes a version of an item since its course was last published; `NEVER` for an
    outdated version, and for a course that is not published."""
    found = tx.execute(
        select(ItemVersion, CourseVersion)
        .select_from(CourseItem)
        .join(Course, Course.id == CourseItem.course_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .join(ItemVersion, (ItemVersion.course_version_id == CourseVersion.id) & (ItemVersion.item_id == CourseItem.id))
        .where(CourseItem.id == item_id, ItemVersion.number == item_version, Course.is_published)
    ).first()
    return threshold(found[1], found[0]) if found is not None else NEVER


def seen_last(tx: Tx, item_id: int) -> ItemVersion | None:
    """An item as members see it, or as they saw it last; None where no version of that is kept."""
    return tx.scalar(
        select(ItemVersion)
        .join(CourseVersion, CourseVersion.id == ItemVersion.course_version_id)
        .where(ItemVersion.item_id == item_id, CourseVersion.published_at.is_not(None))
        .order_by(CourseVersion.number.desc())
        .limit(1)
        .options(contains_eager(ItemVersion.course_version))
    )


def instant(ms: int) -> dt.datetime:
    """Milliseconds of the server's epoch as an instant."""
    return dt.datetime.fromtimestamp(ms / 1000, dt.UTC)


@functools.cache
def _insertion(model: type[Base], dialect: str) -> Any:
    """Cached by table: building a statement costs more than running it."""
    key = next(iter(model.__table__.primary_key))
    kind = postgresql if dialect == "postgresql" else sqlite
    return kind.insert(model).on_conflict_do_nothing().returning(key)


def insert_once(tx: Tx, model: type[Base], **values: object) -> bool:
    """Insert unless a row with that key exists; whether it was inserted."""
    connection = tx.connection()
    return connection.execute(_insertion(model, connection.dialect.name), values).first() is not None


def record_start(tx: Tx, member_id: int, course_id: int, at_ms: int) -> None:
    """Record the member's first credit of a course."""
    if insert_once(tx, CourseStart, member_id=member_id, course_id=course_id, started_at=instant(at_ms)):
        jobs.publish(tx, CourseStarted(member_id, course_id, at_ms))


def finish_item(tx: Tx, member_id: int, item_id: int, item_version: int, course_id: int, at_ms: int) -> None:
    """Record that the member completed an item, and the course when nothing more is missing.

    Idempotent: writes only what is missing.
    """
    key = {"member_id": member_id, "item_id": item_id, "item_version": item_version}
    if insert_once(tx, ItemCompletion, **key, course_id=course_id, completed_at=instant(at_ms)):
        jobs.publish(tx, CourseItemFinished(member_id, item_id, course_id, at_ms))
    finished = _finished(tx, member_id, course_id, at_ms)
    if finished is not None:
        version, finished_ms = finished
        finish_course(tx, member_id, tx.get_one(Course, course_id), finished_ms, "watched", version)


_required = (ItemVersion.course_version_id == CourseVersion.id) & ItemVersion.required & ItemVersion.kind.in_(PLAYABLE)
_mine = (
    (ItemCompletion.member_id == bindparam("member"))
    & (ItemCompletion.item_id == ItemVersion.item_id)
    & (ItemCompletion.item_version == ItemVersion.number)
)
# Built once: building a statement costs more than running it. One statement sees one snapshot: the version it returns
# belongs to the items it checked, also while a reviewer publishes another.
_REQUIRED = (
    select(
        CourseVersion.content_number,
        CourseVersion.content_since,
        func.count(ItemVersion.item_id),
        func.count(ItemCompletion.item_id),
        func.max(ItemCompletion.completed_at),
    )
    .select_from(Course)
    .join(CourseVersion, CourseVersion.id == Course.published_version_id)
    .outerjoin(ItemVersion, _required)
    .outerjoin(ItemCompletion, _mine)
    .where(Course.id == bindparam("course"))
    .group_by(CourseVersion.id)
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


def _finished(tx: Tx, member_id: int, course_id: int, at_ms: int) -> tuple[int, int] | None:
    """The version of the course that the member's items complete, and when: with the last item, or when the course got
    its present content. None while an item is missing, or where nothing is published.

    None too when a completion was struck since: earlier study does not bring it back.
    """
    key = {"member": member_id, "course": course_id}
    # Two items completed at once, on two connections: the second waits here, and then sees the first.
    tx.execute(_START, key)
    found = tx.execute(_REQUIRED, key).first()
    if found is None:
        return None
    version, since, required, done, last = found
    if done < required:
        return None
    last_ms = _ms(last) if last is not None else at_ms
    struck_at = tx.scalar(_STRUCK, key)
    if struck_at is not None and instant(last_ms) <= struck_at:
        return None
    return version, max(last_ms, _ms(since) if since is not None else 0)


def is_struck(tx: Tx, member_id: int, course_id: int) -> bool:
    """Whether a completion was struck since the member finished what completes the present version."""
    key = {"member": member_id, "course": course_id}
    struck_at, found = tx.scalar(_STRUCK, key), tx.execute(_REQUIRED, key).first()
    return struck_at is not None and (found is None or found[4] is None or found[4] <= struck_at)


def _ms(at: dt.datetime) -> int:
    return round(at.timestamp() * 1000)


def hours_of_course(course_public_id: str) -> ColumnElement[bool]:
    """Rows of hours for one course: from its completion and from corrections."""
    source = f"course:{course_public_id}"
    return or_(CreditHour.source == source, CreditHour.source.startswith(f"{source}#", autoescape=True))


def _earn(tx: Tx, member_id: int, course: Course, at: dt.datetime, evidence: str) -> None:
    """Hours are earned once a course, whatever the version: a recut is no second lecture. Hours removed with a struck
    completion are earned anew by studying anew; corrections book their own hours."""
    given = {
        "member_id": member_id,
        "minutes": course.shown.credit_minutes,
        "rule": "course.completed",
        "earned_at": at,
    }
    source = f"course:{course.public_id}"
    if insert_once(tx, CreditHour, **given, source=source) or evidence == "corrected":
        return
    mine = (CreditHour.member_id == member_id, hours_of_course(course.public_id))
    if (tx.scalar(select(func.sum(CreditHour.minutes)).where(*mine)) or 0) <= 0:
        insert_once(tx, CreditHour, **given, source=f"{source}#{_ms(at)}")


def finish_course(
    tx: Tx, member_id: int, course: Course, at_ms: int, evidence: str, version: int | None = None
) -> bool:
    """Write the completion of a version of the course (None: its present one), with its hours; False if it exists."""
    at, version = instant(at_ms), version or course.shown.content_number
    if not insert_once(
        tx,
        Completion,
        member_id=member_id,
        course_id=course.id,
        course_version=version,
        completed_at=at,
        evidence=evidence,
    ):
        return False
    if course.shown.credit_minutes:
        _earn(tx, member_id, course, at, evidence)
    jobs.publish(tx, CourseFinished(member_id, course.id, version, at_ms))
    return True
