"""Who may see and change the programme. Ids from users are resolved only here (docs/decisions/0061)."""

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import joinedload

from academy.classes import api as classes
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.faculty.models import LecturerPost, LectureTeacher, PoolMembership, ProgrammeLecture
from academy.people import api as people
from academy.people.models import Organisation

PROGRAMME_READERS = (Role.NODE_ADMINISTRATOR,)
"""Administrators: of the whole tree the programme office, of a subtree readers of what concerns it."""


def is_programme_office(actor: Actor) -> bool:
    """Whether the actor runs the programme: those who keep the calendar, administrators of the whole tree."""
    return classes.is_school_office(actor)


def require_programme_office(actor: Actor, what: str) -> None:
    """Raises Forbidden for everybody who does not run the programme; `what` names the thing for the audit row."""
    if not is_programme_office(actor):
        raise Forbidden(what)


def visible_posts(actor: Actor) -> ColumnElement[bool]:
    """Condition: posts of units in the actor's scope."""
    if is_programme_office(actor):
        return true()
    units = select(Organisation.id).where(people.subtrees(actor.paths(*PROGRAMME_READERS)))
    return LecturerPost.organisation_id.in_(units)


def visible_lecturers(actor: Actor, column: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition: a column of lecturers' row ids names one with a post, present or past, in the actor's scope."""
    if is_programme_office(actor):
        return true()
    return column.in_(select(LecturerPost.lecturer_id).where(visible_posts(actor)))


def access_pool_membership(tx: Tx, actor: Actor, public_id: str) -> PoolMembership:
    """A lecturer of the pool with a post in the actor's scope.

    Raises:
        NotFound: there is none.
        Forbidden: out of scope.
    """
    row = tx.scalar(
        select(PoolMembership).where(PoolMembership.public_id == public_id).options(joinedload(PoolMembership.lecturer))
    )
    if row is None:
        raise NotFound
    visible = visible_lecturers(actor, PoolMembership.__table__.c.lecturer_id)
    if tx.scalar(select(PoolMembership.id).where(PoolMembership.id == row.id, visible)) is None:
        raise Forbidden(f"pool:{public_id}")
    return row


def access_lecture(tx: Tx, actor: Actor, public_id: str) -> ProgrammeLecture:
    """A lecture: any for the programme office, for others those of lecturers in their scope.

    Raises:
        NotFound: there is none.
        Forbidden: out of scope.
    """
    row = tx.scalar(
        select(ProgrammeLecture)
        .where(ProgrammeLecture.public_id == public_id)
        .options(
            joinedload(ProgrammeLecture.term),
            joinedload(ProgrammeLecture.training_class),
            joinedload(ProgrammeLecture.classroom),
        )
    )
    if row is None:
        raise NotFound
    visible = visible_lecturers(actor, LectureTeacher.__table__.c.lecturer_id)
    teachers = select(LectureTeacher.id).where(LectureTeacher.lecture_id == row.id, visible)
    if not is_programme_office(actor) and tx.scalar(teachers.limit(1)) is None:
        raise Forbidden(f"lecture:{public_id}")
    return row


def find_own_membership(tx: Tx, actor: Actor) -> PoolMembership | None:
    """The actor as a lecturer of the pool, present or past; None for everybody else."""
    if actor.member_id is None:
        return None
    # Two, where two members were merged who both taught: the one of whom the pool has known longer.
    mine = select(PoolMembership).where(PoolMembership.member_id == actor.member_id)
    return tx.scalars(mine.order_by(PoolMembership.id).limit(1)).first()


def own_membership(tx: Tx, actor: Actor) -> PoolMembership:
    """As `find_own_membership`.

    Raises:
        NotFound: the actor is no lecturer.
    """
    found = find_own_membership(tx, actor)
    if found is None:
        raise NotFound
    return found
