"""Handlers of learning inside other components' transactions."""

from sqlalchemy import select, update

from academy.accounts.api import PersonErased, SessionsEnded
from academy.core.database import Tx
from academy.jobs import api as jobs
from academy.learning import completions, service
from academy.learning.models import LeaseEnd, PlaybackLease
from academy.library.api import CoursePublished, CourseWithdrawn
from academy.library.models import Course, CourseVersion, ItemVersion
from academy.people import api as people
from academy.people.api import MembersChanged
from academy.people.models import Member


@jobs.handles(CourseWithdrawn, in_transaction=True)
def end_playbacks(tx: Tx, event: CourseWithdrawn) -> None:
    """End the playbacks of a withdrawn course."""
    service.end_leases_of(tx, LeaseEnd.WITHDRAWN, course_id=event.course_id)


@jobs.handles(CoursePublished, in_transaction=True)
def end_outdated_playbacks(tx: Tx, event: CoursePublished) -> None:
    """End playbacks of outdated versions; the players load the present one."""
    outdated = (
        select(PlaybackLease.item_id)
        .join(Course, Course.id == PlaybackLease.course_id)
        .outerjoin(
            ItemVersion,
            (ItemVersion.course_version_id == Course.published_version_id)
            & (ItemVersion.item_id == PlaybackLease.item_id),
        )
        .where(
            PlaybackLease.course_id == event.course_id,
            PlaybackLease.ended_at.is_(None),
            ItemVersion.item_id.is_(None) | (PlaybackLease.item_version != ItemVersion.number),
        )
        .distinct()
    )
    for item_id in tx.scalars(outdated).all():
        service.end_leases_of(tx, LeaseEnd.REPLACED, item_id=item_id)
    # A playback completes at the threshold that was in force when it began: those with another threshold begin anew.
    played = select(PlaybackLease.item_id).where(
        PlaybackLease.course_id == event.course_id, PlaybackLease.ended_at.is_(None)
    )
    playing = (
        select(ItemVersion, CourseVersion)
        .join(CourseVersion, CourseVersion.id == ItemVersion.course_version_id)
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(Course.id == event.course_id, ItemVersion.item_id.in_(played))
    )
    for item, version in tx.execute(playing).all():
        asked = completions.threshold(version, item)
        service.end_leases_of(tx, LeaseEnd.REPLACED, item_id=item.item_id, asking_other_than=asked)


@jobs.handles(SessionsEnded, in_transaction=True)
def end_playbacks_of_sessions(tx: Tx, event: SessionsEnded) -> None:
    """End the playbacks of sessions that ended."""
    service.end_leases_of_sessions(tx, event.session_ids, LeaseEnd.SIGNED_OUT)


@jobs.handles(MembersChanged, in_transaction=True)
def end_playbacks_of_who_left(tx: Tx, event: MembersChanged) -> None:
    """End the playbacks of members who left: a lease is a credential of its own, whatever session opened it."""
    for start in range(0, len(event.member_ids), 5000):
        changed = event.member_ids[start : start + 5000]
        left = select(Member.id).where(
            people.among(tx, Member.id, changed), Member.status.not_in(people.PRESENT_STATUSES)
        )
        playing = (
            select(PlaybackLease)
            .where(PlaybackLease.member_id.in_(left), PlaybackLease.ended_at.is_(None))
            .with_for_update()
        )
        for lease in tx.scalars(playing).all():
            service.end_lease(tx, lease, LeaseEnd.SIGNED_OUT)


@jobs.handles(PersonErased, in_transaction=True)
def forget_devices(tx: Tx, event: PersonErased) -> None:
    """Erase device names. What was watched is kept, for coverage must stay correct."""
    tx.execute(update(PlaybackLease).where(PlaybackLease.member_id == event.member_id).values(device="", device_key=""))
