"""A class with a number of seats, its office, and members with and without accounts."""

import datetime as dt
from dataclasses import dataclass, field

from sqlalchemy import select

from academy.classes.models import ClassApplication, ClassMember, TrainingClass
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.people.models import Member, Organisation
from tests.support import factories as make
from tests.support import faculty as school


@dataclass
class ClassScene:
    """Row ids and actors, usable in any transaction."""

    class_id: int
    office: Actor
    members: list[int]
    units: list[int] = field(default_factory=list)

    def row(self, tx: Tx) -> TrainingClass:
        """The class."""
        return tx.get_one(TrainingClass, self.class_id)

    def member(self, tx: Tx, number: int) -> Member:
        """One of the members."""
        return tx.get_one(Member, self.members[number])

    def actor(self, number: int) -> Actor:
        """A member as an actor."""
        return Actor(member_id=self.members[number], label=f"member{number}")

    def here(self, tx: Tx) -> set[int]:
        """Members who have a place."""
        query = select(ClassMember.member_id).where(
            ClassMember.class_id == self.class_id, ClassMember.left_on.is_(None)
        )
        return set(tx.scalars(query))

    def waiting(self, tx: Tx) -> list[int]:
        """Members who wait, in the order of the list."""
        query = select(ClassApplication.member_id).where(
            ClassApplication.class_id == self.class_id, ClassApplication.state == "waiting"
        )
        return list(tx.scalars(query.order_by(ClassApplication.queued_at, ClassApplication.id)))

    def place(self, tx: Tx, number: int) -> ClassMember:
        """The latest place of one of the members."""
        query = select(ClassMember).where(
            ClassMember.class_id == self.class_id, ClassMember.member_id == self.members[number]
        )
        return tx.scalars(query.order_by(ClassMember.id.desc())).first()  # type: ignore[return-value]


def class_scene(tx: Tx, *, seats: int | None = 3, members: int = 8, begins_in: int = 5, units: int = 2) -> ClassScene:
    """A planned class that begins in so many days and takes applications until its last day."""
    city = make.organisation(tx, level="city")
    today = clock.today()
    term = school.term(tx, today - dt.timedelta(days=40), today + dt.timedelta(days=80))
    row = school.training_class(tx, term, city)
    row.first_day, row.last_day = today + dt.timedelta(begins_in), today + dt.timedelta(days=60)
    row.seats, row.apply_until = seats, row.last_day
    nodes: list[Organisation] = [make.organisation(tx, city) for _ in range(units)]
    people = [make.member(tx, nodes[number % units]) for number in range(members)]
    tx.flush()
    office = Actor(scopes=(Scope(Role.NODE_ADMINISTRATOR, city.id, city.path),), label="office")
    return ClassScene(row.id, office, [one.id for one in people], [one.id for one in nodes])
