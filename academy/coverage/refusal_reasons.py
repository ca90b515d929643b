"""What members of a training watched without getting credit, as a short reason."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, exists, func, select

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.learning.models import Refusal
from academy.library.models import CourseItem
from academy.people.models import Member
from academy.trainings.models import TrainingCourse

WORDS: dict[str, Message] = {
    "too_fast": msg("播放太快"),
    "fragments": msg("片段太碎"),
    "taken_over": msg("换了设备"),
    "moved": msg("同时开了别的课"),
    "idle": msg("停得太久"),
    "withdrawn": msg("课程下架"),
    "replaced": msg("课程换了版本"),
    "expired": msg("打开太久"),
    "signed_out": msg("已退出登录"),
}


def of_member(training_id: int) -> ColumnElement[bool]:
    """Condition: a `Member` row has refused playback in the training's courses."""
    return exists().where(
        Refusal.member_id == Member.id,
        Refusal.item_id == CourseItem.id,
        CourseItem.course_id == TrainingCourse.course_id,
        TrainingCourse.training_id == training_id,
    )


def reasons(tx: Tx, training_id: int, members: Sequence[int]) -> dict[int, Message]:
    """The latest reason by member."""
    found: dict[int, Message] = {}
    for start in range(0, len(members), 2000):
        query = (
            select(Refusal.member_id, Refusal.reason)
            .join(CourseItem, CourseItem.id == Refusal.item_id)
            .join(TrainingCourse, TrainingCourse.course_id == CourseItem.course_id)
            .where(TrainingCourse.training_id == training_id, Refusal.member_id.in_(members[start : start + 2000]))
            .group_by(Refusal.member_id, Refusal.reason)
            .order_by(func.max(Refusal.last_at))
        )
        found |= {member: WORDS.get(reason, msg("已失效")) for member, reason in tx.execute(query)}
    return found
