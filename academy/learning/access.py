"""Access to playbacks, recuts, evidence and corrections."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.learning.models import Correction, PlaybackLease
from academy.library.models import Course, CourseItem, ItemVersion
from academy.people.models import Member, Organisation


def access_lease(tx: Tx, actor: Actor, public_id: str) -> PlaybackLease:
    """One's own playback.

    Raises:
        NotFound: there is no such lease.
        Forbidden: it is somebody else's.
    """
    lease = tx.scalar(select(PlaybackLease).where(PlaybackLease.public_id == public_id))
    if lease is None:
        raise NotFound
    if actor.member_id is None or lease.member_id != actor.member_id:
        raise Forbidden(f"lease:{public_id}")
    return lease


def access_recut(tx: Tx, actor: Actor, item_public_id: str) -> ItemVersion:
    """An item as published, whose replaced file the actor may carry credit over to.

    Raises:
        NotFound: there is no such item.
        Forbidden: its course is out of scope.
    """
    item = tx.scalar(
        select(ItemVersion)
        .join(CourseItem, CourseItem.id == ItemVersion.item_id)
        .join(Course, Course.published_version_id == ItemVersion.course_version_id)
        .where(CourseItem.public_id == item_public_id)
        .options(joinedload(ItemVersion.item).joinedload(CourseItem.course).joinedload(Course.organisation))
    )
    if item is None:
        raise NotFound
    if not actor.may(item.course.organisation.path, Role.REVIEWER, Role.NODE_ADMINISTRATOR):
        raise Forbidden(f"item:{item_public_id}")
    return item


def access_evidence(tx: Tx, actor: Actor, member_public_id: str, item_public_id: str) -> tuple[Member, CourseItem]:
    """A member's evidence for an item: their own, or of a member in an auditor's or administrator's scope.

    Raises:
        NotFound: no such member or item.
        Forbidden: out of scope.
    """
    member = tx.scalar(select(Member).where(Member.public_id == member_public_id))
    item = tx.scalar(select(CourseItem).where(CourseItem.public_id == item_public_id))
    if member is None or item is None:
        raise NotFound
    node = tx.get_one(Organisation, member.organisation_id)
    if member.id != actor.member_id and not actor.may(node.path, Role.NODE_ADMINISTRATOR, Role.AUDITOR):
        raise Forbidden(f"member:{member_public_id}")
    return member, item


def access_correction(tx: Tx, actor: Actor, public_id: str) -> Correction:
    """A proposed correction of a member in the actor's scope.

    Raises:
        NotFound: there is none.
        Forbidden: the member belongs elsewhere.
    """
    row = tx.execute(
        select(Correction, Organisation.path)
        .join(Member, Member.id == Correction.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Correction.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    if not actor.may(row.path, Role.NODE_ADMINISTRATOR, Role.BRANCH_SECRETARY):
        raise Forbidden(f"correction:{public_id}")
    found: Correction = row[0]
    return found
