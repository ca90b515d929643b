"""What progress does inside other rooms' transactions."""

from sqlalchemy import select, update

from academy.accounts.facts import PersonErased, SessionsEnded
from academy.core.db import Tx
from academy.jobs import within
from academy.library.facts import CoursePublished, CourseWithdrawn
from academy.library.models import Course, CourseItem
from academy.members.facts import MembersChanged
from academy.members.models import Member
from academy.members.queries import among
from academy.members.rules import HERE
from academy.progress import completing, service
from academy.progress.models import Lease


@within(CourseWithdrawn)
def end_playbacks(tx: Tx, fact: CourseWithdrawn) -> None:
    """A withdrawn course earns nothing from this moment on."""
    service.end_leases_of(tx, "withdrawn", course_id=fact.course_id)


@within(CoursePublished)
def end_outdated_playbacks(tx: Tx, fact: CoursePublished) -> None:
    """Whoever watches a version that is no more is led to the one that is."""
    outdated = (
        select(Lease.item_id)
        .join(CourseItem, CourseItem.id == Lease.item_id)
        .where(
            Lease.course_id == fact.course_id,
            Lease.ended_at.is_(None),
            (Lease.item_version != CourseItem.version) | CourseItem.removed_at.is_not(None),
        )
        .distinct()
    )
    for item_id in tx.scalars(outdated).all():
        service.end_leases_of(tx, "replaced", item_id=item_id)
    # A playback completes at the share that was asked for when it began: those of another share begin anew.
    played = select(Lease.item_id).where(Lease.course_id == fact.course_id, Lease.ended_at.is_(None))
    playing = select(CourseItem, Course).join(Course, Course.id == CourseItem.course_id)
    for item, course in tx.execute(playing.where(CourseItem.id.in_(played))).all():
        asked = completing.threshold(course, item)
        service.end_leases_of(tx, "replaced", item_id=item.id, asking_other_than=asked)


@within(SessionsEnded)
def end_playbacks_of_sessions(tx: Tx, fact: SessionsEnded) -> None:
    """Whoever signed out, or was signed out, watches nothing any longer on that device."""
    service.end_leases_of_sessions(tx, fact.session_ids, "signed_out")


@within(MembersChanged)
def end_playbacks_of_who_left(tx: Tx, fact: MembersChanged) -> None:
    """A lease is a credential of its own: it ends with its member's standing, whichever session it belongs to."""
    for start in range(0, len(fact.member_ids), 5000):
        changed = fact.member_ids[start : start + 5000]
        left = select(Member.id).where(among(tx, Member.id, changed), Member.status.not_in(HERE))
        playing = select(Lease).where(Lease.member_id.in_(left), Lease.ended_at.is_(None)).with_for_update()
        for lease in tx.scalars(playing).all():
            service.end_lease(tx, lease, "signed_out")


@within(PersonErased)
def forget_devices(tx: Tx, fact: PersonErased) -> None:
    """What was watched is kept, for coverage must stay true; on what devices is nobody's business any longer."""
    tx.execute(update(Lease).where(Lease.member_id == fact.member_id).values(device="", device_key=""))
