"""What the service of lecturers' pages and courses refuses, whoever calls it."""

import pytest

from academy.core.actor import SYSTEM, Role
from academy.core.errors import Conflict, Forbidden, NotFound
from academy.core.runtime import Runtime
from academy.library import access, drafts, lecturers
from tests.support import factories as make


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_portrait_of_somebody_elses_and_a_deleted_course_are_refused(runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        owner = make.account(tx, None, (Role.TRAINER, make.organisation(tx)))
        actor, course = make.actor_of(tx, owner), make.course(tx, owner)
        person = drafts.find_lecturer(tx, "田禾", "", is_leader=False)
        with pytest.raises(Forbidden):
            lecturers.set_portrait(tx, SYSTEM, person, make.asset(tx, owner, kind="image"))
        drafts.discard_draft(tx, actor, course)
        tx.flush()
        with pytest.raises((NotFound, Conflict)):
            access.access_own_course(tx, actor, course.public_id)
