"""Discussion groups of a class: made by hand, or dealt evenly so that each unit is spread over them."""

import hashlib
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import joinedload

from academy.classes import access, rules
from academy.classes.enrolment import lock_running
from academy.classes.models import ClassMember, DiscussionGroup, GroupPlace, TrainingClass, numbered_group
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.people.models import Member

SEED_BITS = 31


@dataclass(frozen=True)
class GroupPeople:
    """A group with its present people, by name, the leader first; `group` is None for those who are in none."""

    group: DiscussionGroup | None
    people: list[Member]
    leader: Member | None = None

    @property
    def units(self) -> int:
        """How many units its people come from."""
        return len({one.organisation_id for one in self.people})


def list_groups(tx: Tx, row: TrainingClass) -> list[GroupPeople]:
    """The groups of a class in their order; at the end, where there are any, those who are in none. Two queries."""
    groups = tx.scalars(
        select(DiscussionGroup).where(DiscussionGroup.class_id == row.id).order_by(DiscussionGroup.position)
    ).all()
    found: dict[int | None, list[Member]] = {None: []} | {one.id: [] for one in groups}
    leaders: dict[int, Member] = {}
    for member, place in tx.execute(_places(row)):
        found[place.group_id if place else None].append(member)
        if place is not None and place.is_leader:
            leaders[place.group_id] = member
    made = [GroupPeople(one, _leader_first(found[one.id], leaders.get(one.id)), leaders.get(one.id)) for one in groups]
    return [*made, GroupPeople(None, found[None])] if found[None] else made


def own_group(tx: Tx, place: ClassMember) -> GroupPeople | None:
    """The group of a place in a class, with its people. At most two queries."""
    group = tx.scalar(
        select(DiscussionGroup)
        .join(GroupPlace, GroupPlace.group_id == DiscussionGroup.id)
        .where(GroupPlace.class_member_id == place.id)
    )
    if group is None:
        return None
    query = (
        select(Member, GroupPlace.is_leader)
        .join(ClassMember, ClassMember.member_id == Member.id)
        .join(GroupPlace, GroupPlace.class_member_id == ClassMember.id)
        .where(GroupPlace.group_id == group.id)
        .options(joinedload(Member.organisation))
        .order_by(Member.name, Member.id)
    )
    found = tx.execute(query).all()
    leader = next((member for member, is_leader in found if is_leader), None)
    return GroupPeople(group, _leader_first([member for member, _is_leader in found], leader), leader)


def _places(row: TrainingClass) -> Select[Member, GroupPlace]:
    return (
        select(Member, GroupPlace)
        .join(ClassMember, ClassMember.member_id == Member.id)
        .outerjoin(GroupPlace, GroupPlace.class_member_id == ClassMember.id)
        .where(ClassMember.present_in(row.id))
        .options(joinedload(Member.organisation))
        .order_by(Member.name, Member.id)
    )


def _leader_first(people: list[Member], leader: Member | None) -> list[Member]:
    return sorted(people, key=lambda one: one is not leader)


def new_seed() -> int:
    """A seed for `preview_deal`, drawn at random."""
    return secrets.randbits(SEED_BITS)


def preview_deal(tx: Tx, row: TrainingClass, count: int, seed: int) -> list[GroupPeople]:
    """The groups that a deal makes, without writing them. The same people, count and seed give the same groups.

    Raises:
        Invalid: no number of groups that the class can fill.
    """
    people = {member.id: member for member, _place in tx.execute(_places(row))}
    if not 1 <= count <= min(rules.MOST_GROUPS, max(1, len(people))) or not people:
        raise Invalid(fields={"count": msg("组数请填 1 到班里的人数，最多 %(most)s 组。", most=rules.MOST_GROUPS)})
    units = {key: member.organisation_id for key, member in people.items()}
    dealt = rules.deal_groups(units, count, seed % (1 << SEED_BITS))
    return [GroupPeople(None, sorted((people[key] for key in group), key=lambda one: one.name)) for group in dealt]


def deal_groups(tx: Tx, actor: Actor, row: TrainingClass, count: int, seed: int, seen: str) -> None:
    """Replace the groups of a class by dealt ones; leaders are named afterwards.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over, or its people changed since the preview (`seen` is `digest` of that).
        Invalid: see `preview_deal`.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    dealt = preview_deal(tx, row, count, seed)
    if digest(dealt) != seen:
        raise Conflict(msg("看过之后名单有变化，请再看一遍分组。"))
    old = select(DiscussionGroup.id).where(DiscussionGroup.class_id == row.id)
    tx.execute(delete(GroupPlace).where(GroupPlace.group_id.in_(old)))
    tx.execute(delete(DiscussionGroup).where(DiscussionGroup.class_id == row.id))
    places = _place_ids(tx, row)
    for position, group in enumerate(dealt, 1):
        made = DiscussionGroup(class_id=row.id, position=position)
        tx.add(made)
        tx.flush()
        tx.add_all([GroupPlace(class_member_id=places[one.id], group_id=made.id) for one in group.people])
    tx.flush()
    record(tx, actor, "class.groups_dealt", f"class:{row.public_id}", groups=count, seed=seed)


def digest(groups: Sequence[GroupPeople]) -> str:
    """What a preview showed, in short."""
    shown = [[one.id for one in group.people] for group in groups]
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:20]


def _place_ids(tx: Tx, row: TrainingClass) -> dict[int, int]:
    """Row id of a member → of the present place in the class."""
    query = select(ClassMember.member_id, ClassMember.id).where(ClassMember.present_in(row.id))
    return dict(tx.execute(query).all())


def add_group(tx: Tx, actor: Actor, row: TrainingClass, name: str) -> DiscussionGroup:
    """Add an empty group; without a name it is called by its number.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over.
        Invalid: a name that is too long or taken, or too many groups.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    last, count = tx.execute(
        select(func.max(DiscussionGroup.position), func.count()).where(DiscussionGroup.class_id == row.id)
    ).one()
    if count >= rules.MOST_GROUPS:
        raise Invalid(fields={"name": msg("一个班最多 %(most)s 组。", most=rules.MOST_GROUPS)})
    made = DiscussionGroup(class_id=row.id, position=(last or 0) + 1)
    made.name = _name(tx, row, made, name)
    tx.add(made)
    tx.flush()
    record(tx, actor, "class.group_added", f"class:{row.public_id}")
    return made


def _name(tx: Tx, row: TrainingClass, group: DiscussionGroup, text: str) -> str | None:
    """The name to keep; None where the group is called by its number. The caller holds the class's lock.

    Raises:
        Invalid: too long, or another group of the class is called so.
    """
    kept, number = tidy_text(text, rules.GROUP_NAME_LENGTH + 1), str(numbered_group(group.position))
    if len(kept) > rules.GROUP_NAME_LENGTH:
        raise Invalid(fields={"name": msg("名称请写 1 到 %(most)s 个字。", most=rules.GROUP_NAME_LENGTH)})
    others = select(DiscussionGroup).where(DiscussionGroup.class_id == row.id, DiscussionGroup.id != group.id)
    if (kept or number) in {str(one.label) for one in tx.scalars(others)}:
        raise Invalid(fields={"name": msg("已经有这个组了。")})
    return None if kept in ("", number) else kept


def _lock_group(tx: Tx, row: TrainingClass, group: DiscussionGroup) -> None:
    """Lock the class of a group that was read before.

    Raises:
        Conflict: the class is over, or the group was removed meanwhile.
    """
    lock_running(tx, row)
    if tx.scalar(select(DiscussionGroup.id).where(DiscussionGroup.id == group.id)) is None:
        raise Conflict(msg("这个组已经撤掉了，请看现在的分组。"))
    tx.refresh(group)


def edit_group(
    tx: Tx, actor: Actor, row: TrainingClass, group: DiscussionGroup, *, name: str, chosen: Collection[str], leader: str
) -> None:
    """Set the name, people and leader of a group, by public ids of members; who was in another group moves over.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over, or the group was removed meanwhile.
        Invalid: a name that is too long or taken, somebody who is not in the class, or a leader from elsewhere.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    _lock_group(tx, row, group)
    kept = _name(tx, row, group, name)
    query = select(Member.public_id, ClassMember.id).join(ClassMember, ClassMember.member_id == Member.id)
    places = dict(tx.execute(query.where(ClassMember.present_in(row.id))).all())
    wanted = {places[one] for one in chosen if one in places}
    if len(wanted) != len(set(chosen)):
        raise Invalid(fields={"chosen": msg("有人已经不在班里了，请刷新页面。")})
    if leader and (leader not in places or places[leader] not in wanted):
        raise Invalid(fields={"leader": msg("组长要从本组的人里选。")})
    group.name = kept
    tx.execute(delete(GroupPlace).where(GroupPlace.class_member_id.in_(wanted) | (GroupPlace.group_id == group.id)))
    for place in sorted(wanted):
        tx.add(GroupPlace(class_member_id=place, group_id=group.id, is_leader=bool(leader) and place == places[leader]))
    tx.flush()
    record(tx, actor, "class.group_edited", f"class:{row.public_id}", people=len(wanted))


def remove_group(tx: Tx, actor: Actor, row: TrainingClass, group: DiscussionGroup) -> None:
    """Remove a group; its people are in none then.

    Raises:
        Forbidden: the actor does not keep the classes.
        Conflict: the class is over, or the group was removed meanwhile.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    _lock_group(tx, row, group)
    tx.execute(delete(GroupPlace).where(GroupPlace.group_id == group.id))
    tx.delete(group)
    tx.flush()
    record(tx, actor, "class.group_removed", f"class:{row.public_id}")
