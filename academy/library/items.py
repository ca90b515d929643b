"""Items of a draft: adding, replacing, ordering and removing them."""

from sqlalchemy import func, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.library import rules
from academy.library.models import Course, CourseItem
from academy.library.queries import items_of
from academy.library.transitions import reopen
from academy.media import api as media
from academy.media.api import AssetState
from academy.media.models import Asset


def add_item(
    tx: Tx, actor: Actor, course: Course, *, kind: str, title: str, asset: Asset | None, required: bool = True
) -> CourseItem:
    """Append a file to a course as an item.

    Raises:
        Invalid: the title or the file is not acceptable.
        Conflict: the course is published; `revise_course` it.
    """
    reopen(tx, actor, course)
    last, count = tx.execute(
        select(func.max(CourseItem.position), func.count()).where(
            CourseItem.course_id == course.id, CourseItem.removed_at.is_(None)
        )
    ).one()
    if count >= rules.ITEMS_MOST:
        raise Invalid(msg("一门课程最多放 %(most)s 个课件。", most=rules.ITEMS_MOST))
    item = CourseItem(
        course_id=course.id,
        position=(last or 0) + 1,
        kind=kind,
        title=_item_title(title),
        asset_id=_own_asset(actor, kind, asset),
        required=required,
    )
    tx.add(item)
    _content_changed(tx, course)
    tx.flush()
    record(tx, actor, "course.item_added", f"course:{course.public_id}", item=item.public_id)
    return item


def replace_item(tx: Tx, actor: Actor, course: Course, item: CourseItem, *, asset: Asset) -> None:
    """Give an item another file; its version rises, because earlier members watched another one."""
    reopen(tx, actor, course)
    item.asset_id = _own_asset(actor, item.kind, asset)
    item.version += 1
    _content_changed(tx, course)
    record(tx, actor, "course.item_replaced", f"course:{course.public_id}", item=item.public_id)


def use_earlier_file(tx: Tx, actor: Actor, course: Course, item: CourseItem) -> None:
    """Use an earlier file with the same bytes: the content stays the same, so its version does too. The duplicate is
    deleted.

    Raises:
        Conflict: the earlier file does not exist any more.
    """
    reopen(tx, actor, course)
    second = item.asset
    first = tx.get(Asset, second.duplicate_of_id) if second and second.duplicate_of_id else None
    if second is None or first is None or first.state in {AssetState.DELETED, AssetState.FAILED}:
        raise Conflict(msg("原来的文件已经不在了，请保留这一份。"))
    item.asset_id = _own_asset(actor, item.kind, first)
    tx.flush()
    used = select(CourseItem.id).where(CourseItem.asset_id == second.id).limit(1)
    if tx.scalar(used) is None:
        media.delete_asset(tx, actor, second)
    tx.expire(course, ["items"])
    record(tx, actor, "course.item_same_file", f"course:{course.public_id}", item=item.public_id)


def rename_item(tx: Tx, actor: Actor, course: Course, item: CourseItem, *, title: str, required: bool) -> None:
    """Change an item's title or whether it is required."""
    reopen(tx, actor, course)
    item.title = _item_title(title)
    if item.required != required:
        item.required = required
        _content_changed(tx, course)
    record(tx, actor, "course.item_renamed", f"course:{course.public_id}", item=item.public_id)


def reorder_items(tx: Tx, actor: Actor, course: Course, public_ids: list[str]) -> None:
    """Reorder the items.

    Raises:
        Conflict: the list is not exactly the course's items, so someone changed them meanwhile.
    """
    reopen(tx, actor, course)
    items = {item.public_id: item for item in items_of(tx, course)}
    if sorted(items) != sorted(public_ids):
        raise Conflict(msg("课件刚刚有变化，请刷新后再排。"))
    # Positions are unique: all are moved out of the range first.
    for place, public_id in enumerate(public_ids, 1):
        items[public_id].position = -place
    tx.flush()
    for place, public_id in enumerate(public_ids, 1):
        items[public_id].position = place
    tx.flush()
    tx.expire(course, ["items"])
    record(tx, actor, "course.items_reordered", f"course:{course.public_id}")


def move_item(tx: Tx, actor: Actor, course: Course, item: CourseItem, by: int) -> None:
    """Move an item so many places down (or up, when negative)."""
    ids = [row.public_id for row in items_of(tx, course)]
    place = ids.index(item.public_id)
    ids.insert(max(0, place + by), ids.pop(place))
    reorder_items(tx, actor, course, ids)


def remove_item(tx: Tx, actor: Actor, course: Course, item: CourseItem) -> None:
    """Remove an item from the course. What was watched of it stays on record."""
    reopen(tx, actor, course)
    item.removed_at, item.position = clock.now(), None
    _content_changed(tx, course)
    tx.flush()
    record(tx, actor, "course.item_removed", f"course:{course.public_id}", item=item.public_id)


def _content_changed(tx: Tx, course: Course) -> None:
    course.version = rules.next_version(course.version, course.published_version)
    tx.flush()
    tx.expire(course, ["items"])


def _item_title(title: str) -> str:
    kept = rules.clean(title).replace("\n", " ")
    if not kept or len(kept) > rules.TITLE_LENGTH:
        raise Invalid(fields={"item_title": msg("课件标题请写 1 到 %(most)s 个字。", most=rules.TITLE_LENGTH)})
    return kept


def _own_asset(actor: Actor, kind: str, asset: Asset | None) -> int:
    if asset is None or asset.state == AssetState.DELETED:
        raise Invalid(fields={"file": msg("请先上传文件。")})
    if asset.account_id != actor.account_id:
        raise Forbidden(f"asset:{asset.public_id}")
    if kind not in rules.KINDS or asset.kind != kind:
        raise Invalid(fields={"file": msg("这个文件不能用作这类课件。")})
    return asset.id
