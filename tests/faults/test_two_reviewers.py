"""Two reviewers press the button in the same second: one decides, the other hears of it."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from academy.core.actor import Actor, Role
from academy.core.database import Database
from academy.core.errors import Conflict
from academy.library import access
from academy.library.api import approve_course, return_course, submit_course
from academy.library.kinds import CourseState
from academy.library.models import CourseVersion, Review
from tests.support import factories, templates

pytestmark = pytest.mark.faults


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of its own, because the transactions have to commit."""
    with templates.database(request.param, tmp_path) as url:
        db = Database(url)
        yield db
        db.dispose()


@pytest.mark.parametrize("verb", ["approve", "return"])
def test_one_of_two_decides(database: Database, verb: str) -> None:
    with database.begin() as tx:
        node = factories.organisation(tx, level="county")
        trainer = factories.account(tx, None, (Role.TRAINER, node))
        reviewers = [factories.actor_of(tx, factories.account(tx, None, (Role.REVIEWER, node))) for _ in range(2)]
        course = factories.course(tx, trainer)
        submit_course(tx, factories.actor_of(tx, trainer), course)
        assert course.draft is not None
        public_id, seen = course.public_id, course.draft.edit_number
    together, outcomes = threading.Barrier(2), []

    def decide(who: Actor) -> None:
        # Both have read the page before either decides.
        with database.read() as tx:
            access.access_course_for_review(tx, who, public_id)
        together.wait(20)
        try:
            with database.begin() as tx:
                row = access.access_course_for_review(tx, who, public_id)
                if verb == "approve":
                    approve_course(tx, who, row, seen=seen)
                else:
                    return_course(tx, who, row, comment="请核对。", seen=seen)
            outcomes.append("decided")
        except Conflict:
            outcomes.append("too late")

    threads = [threading.Thread(target=decide, args=(who,)) for who in reviewers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["decided", "too late"]
    with database.read() as tx:
        state = tx.scalars(select(CourseVersion.state)).one()
        assert state == (CourseState.APPROVED if verb == "approve" else CourseState.RETURNED)
        assert len(tx.scalars(select(Review)).all()) == 1
