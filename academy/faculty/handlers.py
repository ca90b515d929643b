"""Handlers of the lecture programme inside other components' transactions: erasure, files about to be removed,
courses about to be published."""

from sqlalchemy import delete, select, update

from academy.accounts.api import PersonErased
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.faculty.models import MaterialVersion, Objection, PoolMembership
from academy.faculty.recordings import require_consents
from academy.faculty.request_models import TopicRequest, TopicVoice
from academy.jobs import api as jobs
from academy.library.api import CoursePublished
from academy.media.api import AssetRemoved


@jobs.handles(PersonErased, in_transaction=True)
def erase_requests(tx: Tx, event: PersonErased) -> None:
    """Delete a person's voices; topics that they proposed stay, without whose they were."""
    tx.execute(delete(TopicVoice).where(TopicVoice.account_id == event.account_id))
    tx.execute(update(TopicRequest).where(TopicRequest.proposed_by == event.account_id).values(proposed_by=None))


@jobs.handles(PersonErased, in_transaction=True)
def erase_objections(tx: Tx, event: PersonErased) -> None:
    """Objections and their answers belong to a contest's record; who raised them does not.

    That somebody was at a lecture stays with the erased person's row, which names nobody: or its roll and response rate
    would change.
    """
    tx.execute(update(Objection).where(Objection.raised_by == event.account_id).values(raised_by=None))


@jobs.handles(PersonErased, in_transaction=True)
def unlink_lecturer(tx: Tx, event: PersonErased) -> None:
    """A lecturer whose data as a member was erased is a lecturer still: teaching is public, the link is not needed."""
    tx.execute(update(PoolMembership).where(PoolMembership.member_id == event.member_id).values(member_id=None))


@jobs.handles(PersonErased, in_transaction=True)
def erase_authors(tx: Tx, event: PersonErased) -> None:
    """What was taught belongs to the lecture's record; whose hand wrote it down does not."""
    for column in (MaterialVersion.author_id, MaterialVersion.submitted_by):
        tx.execute(update(MaterialVersion).where(column == event.account_id).values({column: None}))


@jobs.handles(AssetRemoved, in_transaction=True)
def keep_material_file(tx: Tx, event: AssetRemoved) -> None:
    """Refuse to remove the file of a syllabus or handout: what was reviewed and taught stays as it is.

    Raises:
        Conflict: it is one.
    """
    used = select(MaterialVersion.id).where(MaterialVersion.asset_id == event.asset_id).limit(1)
    if tx.scalar(used) is not None:
        raise Conflict(msg("这个文件是讲课的教案或讲义，不能删除。"))


@jobs.handles(CoursePublished, in_transaction=True)
def keep_unconsented(tx: Tx, event: CoursePublished) -> None:
    """Refuse to publish the recording of a lecturer who does not consent, whichever way it goes to the shelf.

    Raises:
        Conflict: a consent is missing.
    """
    require_consents(tx, event.course_id)
