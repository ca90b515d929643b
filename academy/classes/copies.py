"""What classes hold of a person, for the copy of their own data."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes.models import ClassApplication, ClassMember, DiscussionGroup, GroupPlace, LecternTurn
from academy.core.actor import Actor
from academy.core.database import Tx

MOST = 5_000


def copy_classes(tx: Tx, actor: Actor) -> dict[str, Any]:
    """Places in classes with their group, applications, turns at the lectern, as JSON values."""
    places = tx.execute(
        select(ClassMember, DiscussionGroup)
        .outerjoin(GroupPlace, GroupPlace.class_member_id == ClassMember.id)
        .outerjoin(DiscussionGroup, DiscussionGroup.id == GroupPlace.group_id)
        .where(ClassMember.member_id == actor.member_id)
        .options(joinedload(ClassMember.training_class))
        .order_by(ClassMember.id)
        .limit(MOST)
    )
    asked = (
        select(ClassApplication)
        .where(ClassApplication.member_id == actor.member_id)
        .options(joinedload(ClassApplication.training_class))
        .order_by(ClassApplication.id)
    )
    turns = (
        select(LecternTurn)
        .where(LecternTurn.member_id == actor.member_id)
        .options(joinedload(LecternTurn.training_class))
        .order_by(LecternTurn.id)
    )
    return {
        "classes": [
            {
                "class": row.training_class.name,
                "from": row.joined_on.isoformat(),
                "to": row.left_on.isoformat() if row.left_on else None,
                "reason": row.left_reason,
                "group": (group.name or str(group.position)) if group else None,
            }
            for row, group in places
        ],
        "class_applications": [
            {
                "class": row.training_class.name,
                "state": row.state,
                "reason": row.reason,
                "at": row.applied_at.isoformat(),
            }
            for row in tx.scalars(asked.limit(MOST))
        ],
        "lectern_turns": [
            {"class": row.training_class.name, "topic": row.topic, "day": row.day.isoformat(), "state": row.state}
            for row in tx.scalars(turns.limit(MOST))
        ],
    }
