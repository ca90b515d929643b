"""Access to notes, questions and clips. Ids from users are resolved only here."""

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.library import api as library
from academy.library.api import ItemVersion
from academy.library.models import Course, CourseItem
from academy.people import api as people
from academy.people.models import Organisation
from academy.talk.models import Clip, Note, Question

MODERATORS = (Role.TRAINER, Role.REVIEWER, Role.NODE_ADMINISTRATOR)
"""Who decides whether others see a question about a course of their node."""


def access_note(tx: Tx, actor: Actor, key: str) -> Note:
    """One's own note.

    Raises:
        NotFound: there is none of that key of one's own; whether somebody else has one is not looked at.
    """
    note = find_note(tx, actor, key)
    if note is None:
        raise NotFound
    return note


def find_note(tx: Tx, actor: Actor, key: str) -> Note | None:
    """One's own note of that key, locked; None where there is none yet.

    Raises:
        NotFound: nobody is signed in.
    """
    if actor.account_id is None:
        raise NotFound
    return tx.scalar(select(Note).where(Note.account_id == actor.account_id, Note.key == key).with_for_update())


def access_question(tx: Tx, actor: Actor, public_id: str) -> Question:
    """A question that the actor may decide on.

    Raises:
        NotFound: there is none.
        Forbidden: its course is out of scope, or it is the actor's own.
    """
    row = tx.scalar(
        select(Question)
        .where(Question.public_id == public_id)
        .options(joinedload(Question.course).joinedload(Course.organisation))
    )
    if row is None:
        raise NotFound
    if not may_moderate(actor, row):
        raise Forbidden(f"question:{public_id}")
    return row


def may_moderate(actor: Actor, row: Question) -> bool:
    """Whether the actor decides on a question: in scope, and not one's own."""
    if actor.account_id is None or row.account_id == actor.account_id:
        return False
    return may_answer(actor, row) or actor.may(row.course.organisation.path, *MODERATORS)


def may_answer(actor: Actor, row: Question) -> bool:
    """Whether the actor answers for the course: the trainer who made it, or one of its node or a node above."""
    if row.account_id == actor.account_id:
        return False
    is_author = row.course.created_by == actor.account_id and actor.has(Role.TRAINER)
    return is_author or actor.may(row.course.organisation.path, Role.TRAINER)


def moderated(actor: Actor) -> ColumnElement[bool]:
    """Questions on which the actor decides."""
    scope = select(Organisation.id).where(people.subtrees(actor.paths(*MODERATORS)))
    own = Course.created_by == actor.account_id if actor.has(Role.TRAINER) else false()
    return or_(Course.organisation_id.in_(scope), own) & (
        Question.account_id.is_(None) | (Question.account_id != actor.account_id)
    )


def access_clip(tx: Tx, actor: Actor, public_id: str) -> tuple[Clip, ItemVersion]:
    """A clip and its item, for whoever may see the course.

    Raises:
        NotFound: there is none, or its course was withdrawn.
    """
    row = tx.execute(
        select(Clip, CourseItem.public_id)
        .join(CourseItem, CourseItem.id == Clip.item_id)
        .where(Clip.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    clip, item = row
    return clip, library.access_item_for_member(tx, actor, item)
