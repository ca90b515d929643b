"""Items of a draft: adding, replacing, ordering and removing them."""

from sqlalchemy import select

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.library import rules, versions
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion
from academy.library.transitions import reopen
from academy.media import api as media
from academy.media.api import AssetState
from academy.media.models import Asset


def add_item(
    tx: Tx, actor: Actor, course: Course, *, kind: str, title: str, asset: Asset | None, required: bool = True
) -> ItemVersion:
    """Append a file to the version in work as an item.

    Raises:
        Invalid: the title or the file is not acceptable.
        Conflict: the course is published; `revise_course` it.
    """
    draft = reopen(tx, actor, course)
    if len(draft.items) >= rules.ITEMS_MOST:
        raise Invalid(msg("一门课程最多放 %(most)s 个课件。", most=rules.ITEMS_MOST))
    item = ItemVersion(
        course_version=draft,
        item=CourseItem(course=course),
        position=max((one.position for one in draft.items), default=0) + 1,
        kind=kind,
        title=_item_title(title),
        asset_id=_own_asset(actor, kind, asset),
        required=required,
    )
    tx.add(item)
    versions.number_content(tx, course, draft)
    record(tx, actor, "course.item_added", f"course:{course.public_id}", item=item.public_id)
    return item


def replace_item(tx: Tx, actor: Actor, course: Course, item: ItemVersion, *, asset: Asset) -> None:
    """Give an item another file; its number rises, because earlier members watched another one."""
    draft, row = _open(tx, actor, course, item)
    row.asset_id = _own_asset(actor, row.kind, asset)
    row.number += 1
    versions.number_content(tx, course, draft)
    record(tx, actor, "course.item_replaced", f"course:{course.public_id}", item=item.public_id)


def use_earlier_file(tx: Tx, actor: Actor, course: Course, item: ItemVersion) -> None:
    """Use an earlier file with the same bytes: the content stays the same, so its number does too. The duplicate is
    deleted.

    Raises:
        Conflict: the earlier file does not exist any more.
    """
    draft, row = _open(tx, actor, course, item)
    second = row.asset
    first = tx.get(Asset, second.duplicate_of_id) if second and second.duplicate_of_id else None
    if second is None or first is None or first.state in {AssetState.DELETED, AssetState.FAILED}:
        raise Conflict(msg("原来的文件已经不在了，请保留这一份。"))
    row.asset_id = _own_asset(actor, row.kind, first)
    tx.flush()
    used = select(ItemVersion.item_id).where(ItemVersion.asset_id == second.id).limit(1)
    if tx.scalar(used) is None:
        media.delete_asset(tx, actor, second)
    tx.expire(draft, ["items"])
    record(tx, actor, "course.item_same_file", f"course:{course.public_id}", item=item.public_id)


def rename_item(tx: Tx, actor: Actor, course: Course, item: ItemVersion, *, title: str, required: bool) -> None:
    """Change an item's title or whether it is required."""
    draft, row = _open(tx, actor, course, item)
    row.title, row.required = _item_title(title), required
    versions.number_content(tx, course, draft)
    record(tx, actor, "course.item_renamed", f"course:{course.public_id}", item=item.public_id)


def reorder_items(tx: Tx, actor: Actor, course: Course, public_ids: list[str]) -> None:
    """Reorder the items.

    Raises:
        Conflict: the list is not exactly the course's items, so someone changed them meanwhile.
    """
    draft = reopen(tx, actor, course)
    items = {item.public_id: item for item in draft.items}
    if sorted(items) != sorted(public_ids):
        raise Conflict(msg("课件刚刚有变化，请刷新后再排。"))
    # Positions are unique: all are moved out of the range first.
    for place, public_id in enumerate(public_ids, 1):
        items[public_id].position = -place
    tx.flush()
    for place, public_id in enumerate(public_ids, 1):
        items[public_id].position = place
    tx.flush()
    tx.expire(draft, ["items"])
    record(tx, actor, "course.items_reordered", f"course:{course.public_id}")


def move_item(tx: Tx, actor: Actor, course: Course, item: ItemVersion, by: int) -> None:
    """Move an item so many places down (or up, when negative).

    Raises:
        NotFound: somebody removed the item meanwhile.
    """
    ids = [row.public_id for row in versions.edited(course).items]
    if item.public_id not in ids:
        raise NotFound
    place = ids.index(item.public_id)
    ids.insert(max(0, place + by), ids.pop(place))
    reorder_items(tx, actor, course, ids)


def remove_item(tx: Tx, actor: Actor, course: Course, item: ItemVersion) -> None:
    """Take an item out of the version in work. What was watched of it stays on record."""
    draft, row = _open(tx, actor, course, item)
    tx.delete(row)
    versions.number_content(tx, course, draft)
    record(tx, actor, "course.item_removed", f"course:{course.public_id}", item=item.public_id)


def _open(tx: Tx, actor: Actor, course: Course, item: ItemVersion) -> tuple[CourseVersion, ItemVersion]:
    """The version in work, re-opened, and this item as it has it.

    Raises:
        NotFound: somebody removed the item meanwhile.
    """
    draft = reopen(tx, actor, course)
    found = next((row for row in draft.items if row.item_id == item.item_id), None)
    if found is None:
        raise NotFound
    return draft, found


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
