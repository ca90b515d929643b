"""Courses put straight on the shelf, and what becomes of them there: rows, without the way through review."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update

from academy.core import clock
from academy.core.database import Tx
from academy.library.kinds import VersionState
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion
from academy.library.versions import put_on_shelf
from academy.media.models import Asset


def course(
    tx: Tx,
    *,
    organisation_id: int,
    category_id: int,
    created_by: int,
    files: Sequence[Asset] = (),
    title: str = "课程",
    published_at: dt.datetime | None = None,
    is_published: bool = True,
    **particulars: Any,
) -> Course:
    """A course with these files as its items, called 第1讲 and so on; published without a review, or a draft."""
    made = Course(organisation_id=organisation_id, created_by=created_by)
    version = CourseVersion(course=made, title=title, category_id=category_id, **particulars)
    made.draft = version
    tx.add(version)
    tx.flush()
    tx.add_all(
        ItemVersion(
            course_version=version,
            item=CourseItem(course=made),
            position=place,
            kind=file.kind,
            title=f"第{place}讲",
            asset_id=file.id,
        )
        for place, file in enumerate(files, 1)
    )
    tx.flush()
    if is_published:
        put_on_shelf(tx, made, published_at or clock.now())
        # As old rows have it: nobody can say since when it asks for what it asks.
        change_version(tx, made, content_since=None)
    tx.refresh(made)
    tx.refresh(version)
    assert len(version.items) == len(files)  # read while there is a transaction
    return made


def items(tx: Tx, made: Course) -> list[ItemVersion]:
    """The items of the version that is shown, in order, as they are now."""
    version = tx.scalars(select(Course.published_version_id).where(Course.id == made.id)).one()
    version = version or tx.scalars(select(Course.draft_version_id).where(Course.id == made.id)).one()
    query = select(ItemVersion).where(ItemVersion.course_version_id == version).order_by(ItemVersion.position)
    return list(tx.scalars(query.execution_options(populate_existing=True)))


def item(tx: Tx, made: Course, place: int = 0) -> ItemVersion:
    """One item of the version that is shown."""
    return items(tx, made)[place]


def change_version(tx: Tx, made: Course, **values: Any) -> None:
    """Change what the published version says, as no service does: a test needs a course that differs."""
    pointer = select(Course.published_version_id).where(Course.id == made.id).scalar_subquery()
    tx.execute(
        update(CourseVersion)
        .where(CourseVersion.id == pointer)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def change_item(tx: Tx, item_id: int, **values: Any) -> None:
    """Change an item in every version, as no service does."""
    tx.execute(
        update(ItemVersion)
        .where(ItemVersion.item_id == item_id)
        .values(**values)
        .execution_options(synchronize_session="fetch")
    )


def withdraw(tx: Tx, made: Course) -> None:
    """Take a course off the shelf, and tell nobody."""
    row = tx.get_one(Course, made.id)
    row.withdrawn_at = row.updated_at = clock.now()
    tx.flush()


def take_back(tx: Tx, made: Course, state: VersionState) -> None:
    """Let a published course be as if it never had been: its version is in work, in this state."""
    row = tx.get_one(Course, made.id)
    version = row.published_version_id
    row.published, row.published_at = None, None
    tx.flush()
    tx.execute(update(CourseVersion).where(CourseVersion.id == version).values(state=state, published_at=None))
    tx.expire_all()
    tx.get_one(Course, made.id).draft_version_id = version
    tx.flush()
    tx.expire_all()
