"""Who keeps the calendar, classrooms and classes. Ids from users are resolved only here (docs/decisions/0061)."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.classes.models import Classroom, Holiday, TeachingTerm, TrainingClass
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound


def is_school_office(actor: Actor) -> bool:
    """Whether the actor keeps the calendar and runs the lecture programme: administrators of the whole tree."""
    return actor.is_system or any(path.count("/") == 2 for path in actor.paths(Role.NODE_ADMINISTRATOR))


def require_school_office(actor: Actor, what: str) -> None:
    """Raises Forbidden for everybody else; `what` names the thing for the audit row."""
    if not is_school_office(actor):
        raise Forbidden(what)


def access_term(tx: Tx, actor: Actor, public_id: str) -> TeachingTerm:
    """A term: anybody who reads the programme may see all of them.

    Raises:
        NotFound: there is none.
    """
    row = tx.scalar(select(TeachingTerm).where(TeachingTerm.public_id == public_id))
    if row is None:
        raise NotFound
    return row


def access_holiday(tx: Tx, actor: Actor, public_id: str) -> Holiday:
    """A notice's span of days, for those who keep the calendar.

    Raises:
        NotFound: there is none.
        Forbidden: the actor does not keep the calendar.
    """
    require_school_office(actor, f"holiday:{public_id}")
    row = tx.scalar(select(Holiday).where(Holiday.public_id == public_id))
    if row is None:
        raise NotFound
    return row


def access_class(tx: Tx, actor: Actor, public_id: str) -> TrainingClass:
    """A class: as with terms.

    Raises:
        NotFound: there is none.
    """
    row = tx.scalar(
        select(TrainingClass).where(TrainingClass.public_id == public_id).options(joinedload(TrainingClass.term))
    )
    if row is None:
        raise NotFound
    return row


def access_classroom(tx: Tx, actor: Actor, public_id: str) -> Classroom:
    """A classroom.

    Raises:
        NotFound: there is none.
    """
    row = tx.scalar(select(Classroom).where(Classroom.public_id == public_id))
    if row is None:
        raise NotFound
    return row
