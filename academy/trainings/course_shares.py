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
    return {member: share for (_, member), share in _shares(tx, [training_id], members).items()}


def shares_of_member(tx: Tx, member_id: int, trainings: Sequence[int]) -> dict[int, int]:
    """Thousandths by training, in as many queries for one as for many."""
    return {training: share for (training, _), share in _shares(tx, trainings, [member_id]).items()}


def _shares(tx: Tx, trainings: Sequence[int], members: Sequence[int]) -> dict[tuple[int, int], int]:
    items = (
        select(
            TrainingCourse.training_id.label("training"),
            ItemVersion.item_id.label("id"),
            func.coalesce(learning.study_time(), 1).label("length"),
        )
        .select_from(TrainingCourse)
        .join(Course, Course.id == TrainingCourse.course_id)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .outerjoin(Asset, Asset.id == ItemVersion.asset_id)
        .where(TrainingCourse.training_id.in_(trainings), ItemVersion.required)
        .subquery()
    )
    whole = {
        training: length
        for training, length in tx.execute(
            select(items.c.training, func.sum(items.c.length)).group_by(items.c.training)
        )
        if length
    }
    if not whole or not members:
        return {}
    seen: dict[tuple[int, int, int], int] = {}
    time = learning.covered_time()
    watched = case((time > items.c.length, items.c.length), else_=time)
    for training, member, item, covered in tx.execute(
        select(items.c.training, WatchLedger.member_id, WatchLedger.item_id, func.max(watched))
        .join(items, items.c.id == WatchLedger.item_id)
        .where(WatchLedger.member_id.in_(members), WatchLedger.covered > 0)
        .group_by(items.c.training, WatchLedger.member_id, WatchLedger.item_id)
    ):
        seen[training, member, item] = covered
    for training, member, item, length in tx.execute(
        select(items.c.training, ItemCompletion.member_id, ItemCompletion.item_id, items.c.length)
        .join(items, items.c.id == ItemCompletion.item_id)
        .where(ItemCompletion.member_id.in_(members))
    ):
        seen[training, member, item] = length
    total: dict[tuple[int, int], int] = {}
    for (training, member, _), covered in seen.items():
        total[training, member] = total.get((training, member), 0) + covered
    return {one: min(999, max(1, 1000 * covered // whole[one[0]])) for one, covered in total.items()}
