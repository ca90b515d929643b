"""Progress of members in a training's courses, in thousandths of their media time."""

from collections.abc import Sequence

from sqlalchemy import case, func, select

from academy.core.database import Tx
from academy.learning import api as learning
from academy.learning.models import ItemCompletion, WatchLedger
from academy.library.models import Course, ItemVersion
from academy.media.models import Asset
from academy.trainings.models import TrainingCourse


def studied_shares(tx: Tx, training_id: int, members: Sequence[int]) -> dict[int, int]:
    """Thousandths by member; never 0 once started, never 1000 before completion."""
    items = (
        select(ItemVersion.item_id.label("id"), func.coalesce(learning.study_time(), 1).label("length"))
        .select_from(TrainingCourse)
        .join(Course, Course.id == TrainingCourse.course_id)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .outerjoin(Asset, Asset.id == ItemVersion.asset_id)
        .where(TrainingCourse.training_id == training_id, ItemVersion.required)
        .subquery()
    )
    whole = tx.scalar(select(func.sum(items.c.length))) or 0
    if not whole or not members:
        return {}
    seen: dict[tuple[int, int], int] = {}
    time = learning.covered_time()
    watched = case((time > items.c.length, items.c.length), else_=time)
    for member, item, covered in tx.execute(
        select(WatchLedger.member_id, WatchLedger.item_id, func.max(watched))
        .join(items, items.c.id == WatchLedger.item_id)
        .where(WatchLedger.member_id.in_(members), WatchLedger.covered > 0)
        .group_by(WatchLedger.member_id, WatchLedger.item_id)
    ):
        seen[member, item] = covered
    for member, item, length in tx.execute(
        select(ItemCompletion.member_id, ItemCompletion.item_id, items.c.length)
        .join(items, items.c.id == ItemCompletion.item_id)
        .where(ItemCompletion.member_id.in_(members))
    ):
        seen[member, item] = length
    total: dict[int, int] = {}
    for (member, _), covered in seen.items():
        total[member] = total.get(member, 0) + covered
    return {member: min(999, max(1, 1000 * covered // whole)) for member, covered in total.items()}
