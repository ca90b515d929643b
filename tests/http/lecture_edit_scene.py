"""A lecture that a plan put on the timetable, and the form by which it is changed."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.faculty.models import (
    LectureTeacher,
    PoolMembership,
    ProgrammeLecture,
)
from tests.http.planning_school import School, school
from tests.support.shortcuts import drain

__all__ = ["edit", "form", "lecture_of", "plan", "pool_of", "school"]


@pytest.fixture
def plan(school: School) -> str:
    """A decided plan: 周正 teaches "题" on an evening; 吴敏 could too."""
    found = school.two_candidates("municipal")
    school.accepted(found)
    assert school.office.post(f"/faculty/plans/{found}", data={"verb": "decide"}).status_code == 303
    drain(school.runtime)
    return found


def lecture_of(school: School) -> ProgrammeLecture:
    with school.runtime.db.read() as tx:
        return tx.scalars(select(ProgrammeLecture).order_by(ProgrammeLecture.id.desc())).first() or ProgrammeLecture()


def pool_of(school: School, name: str) -> str:
    with school.runtime.db.read() as tx:
        rows = tx.scalars(select(PoolMembership))
        return next(row.public_id for row in rows if row.lecturer.name == name)


def form(school: School, **changes: object) -> dict[str, object]:
    """The form of the newest lecture, with some fields changed."""
    row = lecture_of(school)
    with school.runtime.db.read() as tx:
        teachers = tx.scalars(select(LectureTeacher).where(LectureTeacher.lecture_id == row.id)).all()
        names = [one.lecturer.name for one in teachers]
    kept = {"title": row.title, "day": row.day.isoformat(), "minute": "18:00", "hours": "2", "category": "village"}
    return kept | {"lecturer": [pool_of(school, name) for name in names], "share": [""] * len(names)} | changes


def edit(school: School, verb: str, client: FlaskClient | None = None, **changes: object) -> tuple[int, str]:
    sent = form(school, **changes) | {"verb": verb}
    answer = (client or school.office).post(f"/faculty/lectures/{lecture_of(school).public_id}/edit", data=sent)
    return answer.status_code, answer.text
