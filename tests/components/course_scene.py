"""Those who bring a course onto the shelf, and what others were told of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from academy.accounts.models import Account
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.jobs.api import handles
from academy.library.events import CoursePublished, CourseWithdrawn
from academy.library.models import Course
from academy.people.models import Organisation
from tests.support import factories

told: list[object] = []
"""Events of the library, in their order."""


@handles(CoursePublished, in_transaction=True)
def _published(tx: Tx, event: CoursePublished) -> None:
    told.append(event)


@handles(CourseWithdrawn, in_transaction=True)
def _withdrawn(tx: Tx, event: CourseWithdrawn) -> None:
    told.append(event)


@dataclass
class Scene:
    """A county with a trainer and two reviewers, and a reviewer of the county next door."""

    tx: Tx
    county: Organisation
    trainer: Account
    author: Actor
    reviewer: Actor
    second: Actor
    neighbour: Actor
    reviewer_account: Account

    def draft(self, **changes: object) -> Course:
        return factories.course(self.tx, self.trainer, **changes)

    def published(self, **changes: object) -> Course:
        return factories.published_course(self.tx, self.trainer, self.reviewer_account, **changes)


@contextmanager
def made(runtime: Runtime) -> Iterator[Scene]:
    """The people, in one transaction; what was told before is forgotten."""
    told.clear()
    with runtime.db.begin() as tx:
        city = factories.organisation(tx, level="city")
        county, other = factories.organisation(tx, city, level="county"), factories.organisation(tx, city)
        trainer = factories.account(tx, None, (Role.TRAINER, county), (Role.REVIEWER, county))
        reviewers = [factories.account(tx, None, (Role.REVIEWER, node)) for node in (county, city, other)]
        one, two, three = (factories.actor_of(tx, who) for who in reviewers)
        yield Scene(tx, county, trainer, factories.actor_of(tx, trainer), one, two, three, reviewers[0])
