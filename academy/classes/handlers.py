"""Handlers of classes inside other components' transactions: members who leave the register, erasure."""

from sqlalchemy import select, update

from academy.accounts.api import PersonErased
from academy.classes.enrolment import decide, end_place, move_up
from academy.classes.kinds import PENDING, RUNNING, ApplicationState
from academy.classes.models import ClassApplication, ClassMember, TrainingClass
from academy.core.actor import SYSTEM
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.unique import lock_row
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.api import MembersChanged
from academy.people.models import Member

BATCH = 5000


@jobs.handles(MembersChanged, in_transaction=True)
def end_places_of_departed(tx: Tx, event: MembersChanged) -> None:
    """Who left or died gives up places in running classes and on waiting lists; the next ones move up.

    Who only moved to another organisation keeps them. Nothing is restored should somebody return.
    """
    for start in range(0, len(event.member_ids), BATCH):
        changed = event.member_ids[start : start + BATCH]
        gone = select(Member.id).where(
            people.among(tx, Member.id, changed), Member.status.not_in(people.PRESENT_STATUSES)
        )
        _end_places(tx, list(tx.scalars(gone)))


def _end_places(tx: Tx, members: list[int]) -> None:
    if not members:
        return
    is_gone = people.among(tx, ClassMember.__table__.c.member_id, members)
    places = select(ClassMember.class_id).where(is_gone, ClassMember.left_on.is_(None))
    asks = people.among(tx, ClassApplication.__table__.c.member_id, members)
    asked = select(ClassApplication.class_id).where(asks, ClassApplication.state.in_(PENDING))
    touched = select(TrainingClass).where(TrainingClass.id.in_(places.union(asked)), TrainingClass.state.in_(RUNNING))
    # In one order: two such changes at once wait for each other instead of forever.
    for row in tx.scalars(touched.order_by(TrainingClass.id)).all():
        lock_row(tx, row)
        ended = tx.scalars(select(ClassMember).where(is_gone, ClassMember.present_in(row.id))).all()
        for place in ended:
            end_place(tx, row, place, "")
        pending = select(ClassApplication).where(
            asks, ClassApplication.class_id == row.id, ClassApplication.state.in_(PENDING)
        )
        for application in tx.scalars(pending).all():
            decide(application, ApplicationState.LAPSED, SYSTEM)
        tx.flush()
        record(tx, SYSTEM, "class.departed", f"class:{row.public_id}", places=len(ended))
        move_up(tx, row)


@jobs.handles(PersonErased, in_transaction=True)
def erase_reasons(tx: Tx, event: PersonErased) -> None:
    """Words about a person go: why an application was declined, why somebody left.

    That a member was in a class, in a group or at the lectern stays with the member's row: or its rates would change.
    """
    theirs = ClassApplication.member_id == event.member_id
    tx.execute(update(ClassApplication).where(theirs, ClassApplication.reason != "").values(reason="—"))
    tx.execute(update(ClassMember).where(ClassMember.member_id == event.member_id).values(left_reason=""))
