"""An author's uploaded files, where they are used, and their removal."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.library.models import Course, CourseVersion, ItemVersion, Lecturer
from academy.media import api as media
from academy.media.api import AssetState
from academy.media.models import Asset

SIZE = 20


@dataclass(frozen=True)
class FileSummary:
    """A file and what uses it: courses, as an item or a cover, or a lecturer's page. An unused one may be removed."""

    asset: Asset
    courses: Sequence[Course]
    lecturer: Lecturer | None


def my_files(tx: Tx, actor: Actor, number: int) -> Page[FileSummary]:
    """The actor's files, newest first."""
    query = select(Asset).where(Asset.account_id == actor.account_id, Asset.state != AssetState.DELETED)
    page = page_of(tx, query.order_by(Asset.id.desc()), number, SIZE)
    used = _courses(tx, [asset.id for asset in page.rows])
    shown = _lecturers(tx, [asset.id for asset in page.rows])
    rows = [FileSummary(asset, used.get(asset.id, []), shown.get(asset.id)) for asset in page.rows]
    return Page(rows, page.total, page.number, page.size)


def _courses(tx: Tx, ids: Sequence[int]) -> dict[int, list[Course]]:
    """Of the versions that members see or saw until the withdrawal, and of those in work."""
    current = or_(Course.published_version_id == CourseVersion.id, Course.draft_version_id == CourseVersion.id)
    items = (
        select(ItemVersion.asset_id, Course)
        .join(CourseVersion, CourseVersion.id == ItemVersion.course_version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(ItemVersion.asset_id.in_(ids), current)
        .order_by(Course.id)
    )
    covers = (
        select(CourseVersion.cover_asset_id, Course)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(CourseVersion.cover_asset_id.in_(ids), current)
        .order_by(Course.id)
    )
    found: dict[int, list[Course]] = {}
    for query in (items, covers):
        for asset_id, course in tx.execute(query.options(joinedload(Course.draft))):
            standing = found.setdefault(int(asset_id or 0), [])
            if course not in standing:
                standing.append(course)
    return found


def _lecturers(tx: Tx, ids: Sequence[int]) -> dict[int, Lecturer]:
    rows = tx.scalars(select(Lecturer).where(Lecturer.portrait_asset_id.in_(ids)))
    return {row.portrait_asset_id: row for row in rows if row.portrait_asset_id is not None}


def remove_file(tx: Tx, actor: Actor, asset: Asset) -> None:
    """Remove an unused file. What was watched of it stays on record.

    Raises:
        Conflict: a course or a lecturer's page uses it.
    """
    # An item that is being added holds a share lock on the row: wait for it and then see it.
    tx.refresh(asset, with_for_update=True)
    if _courses(tx, [asset.id]):
        raise Conflict(msg("这个文件还在课程里用着，请先从课程里移除。"))
    if _lecturers(tx, [asset.id]):
        raise Conflict(msg("这张照片还在主讲人的页面上，请先在那里移除。"))
    media.delete_asset(tx, actor, asset)
