"""Who keeps the calendar, classrooms and classes. Ids from users are resolved only here (docs/decisions/0061)."""

from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from academy.classes.class_queries import is_open_today
from academy.classes.models import (
    ClassApplication,
    ClassMember,
    Classroom,
    DiscussionGroup,
    Holiday,
    LecternTurn,
    TeachingTerm,
    TrainingClass,
)
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.people.models import Member

Row = TypeVar("Row")


def is_school_office(actor: Actor) -> bool:
    """Whether the actor keeps the calendar and runs the lecture programme: administrators of the whole tree."""
    return actor.is_system or any(path.count("/") == 2 for path in actor.paths(Role.NODE_ADMINISTRATOR))


def require_school_office(actor: Actor, what: str) -> None:
    """Raises Forbidden for everybody else; `what` names the thing for the audit row."""
    if not is_school_office(actor):
        raise Forbidden(what)


def _found(tx: Tx, query: Select[Row]) -> Row:
    row = tx.scalar(query)
    if row is None:
        raise NotFound
    return row


def access_term(tx: Tx, actor: Actor, public_id: str) -> TeachingTerm:
    """A term: anybody who reads the programme may see all of them.

    Raises:
        NotFound: there is none.
    """
    return _found(tx, select(TeachingTerm).where(TeachingTerm.public_id == public_id))


def access_holiday(tx: Tx, actor: Actor, public_id: str) -> Holiday:
    """A notice's span of days, for those who keep the calendar.

    Raises:
        NotFound: there is none.
        Forbidden: the actor does not keep the calendar.
    """
    require_school_office(actor, f"holiday:{public_id}")
    return _found(tx, select(Holiday).where(Holiday.public_id == public_id))


def access_class(tx: Tx, actor: Actor, public_id: str) -> TrainingClass:
    """A class: as with terms.

    Raises:
        NotFound: there is none.
    """
    return _found(
        tx,
        select(TrainingClass).where(TrainingClass.public_id == public_id).options(joinedload(TrainingClass.term)),
    )


def access_classroom(tx: Tx, actor: Actor, public_id: str) -> Classroom:
    """A classroom.

    Raises:
        NotFound: there is none.
    """
    return _found(tx, select(Classroom).where(Classroom.public_id == public_id))


def access_class_to_keep(tx: Tx, actor: Actor, public_id: str) -> TrainingClass:
    """A class with its people, for those who keep it.

    Raises:
        NotFound: there is none.
        Forbidden: the actor does not keep the classes.
    """
    require_school_office(actor, f"class:{public_id}")
    return access_class(tx, actor, public_id)


def access_own_class(tx: Tx, actor: Actor, public_id: str) -> TrainingClass:
    """A class as its members see it: who is or was in it, who asked for a place; anybody while it takes applications.

    Raises:
        NotFound: there is none.
        Forbidden: it is none of the actor's.
    """
    row = access_class(tx, actor, public_id)
    if actor.member_id is not None:
        if is_open_today(row):
            return row
        for model in (ClassMember, ClassApplication):
            mine = select(model.id).where(model.class_id == row.id, model.member_id == actor.member_id)
            if tx.scalar(mine.limit(1)) is not None:
                return row
    raise Forbidden(f"class:{public_id}")


def require_own_place(actor: Actor, place: ClassMember) -> None:
    """Raises Forbidden for everybody but the member whose place it is."""
    if actor.member_id is None or actor.member_id != place.member_id:
        raise Forbidden(f"class-member:{place.id}")


def access_place(tx: Tx, actor: Actor, row: TrainingClass, member_public_id: str) -> ClassMember:
    """A member's present place in a class, for those who keep it.

    Raises:
        NotFound: that member has none.
        Forbidden: the actor does not keep the classes.
    """
    require_school_office(actor, f"class:{row.public_id}")
    return _found(
        tx,
        select(ClassMember)
        .join(Member, Member.id == ClassMember.member_id)
        .where(ClassMember.present_in(row.id), Member.public_id == member_public_id)
        .options(joinedload(ClassMember.member)),
    )


def access_class_application(tx: Tx, actor: Actor, public_id: str) -> ClassApplication:
    """An application: one's own, or any for those who keep the classes.

    Raises:
        NotFound: there is none.
        Forbidden: somebody else's.
    """
    row = _found(
        tx,
        select(ClassApplication)
        .where(ClassApplication.public_id == public_id)
        .options(joinedload(ClassApplication.training_class), joinedload(ClassApplication.member)),
    )
    if not is_school_office(actor) and (actor.member_id is None or row.member_id != actor.member_id):
        raise Forbidden(f"class-application:{public_id}")
    return row


def access_group(tx: Tx, actor: Actor, row: TrainingClass, public_id: str) -> DiscussionGroup:
    """A group of a class, for those who keep it.

    Raises:
        NotFound: the class has none of that id.
        Forbidden: the actor does not keep the classes.
    """
    require_school_office(actor, f"class:{row.public_id}")
    return _found(
        tx,
        select(DiscussionGroup).where(DiscussionGroup.class_id == row.id, DiscussionGroup.public_id == public_id),
    )


def access_turn(tx: Tx, actor: Actor, row: TrainingClass, public_id: str) -> LecternTurn:
    """A turn of a class, for those who keep it. Raises as `access_group`."""
    require_school_office(actor, f"class:{row.public_id}")
    return _found(tx, select(LecternTurn).where(LecternTurn.class_id == row.id, LecternTurn.public_id == public_id))
