"""A topic whose lecturer the school has invited, and the lecturer's browser."""

import pytest
from flask.testing import FlaskClient

from tests.http.planning_school import School, school

__all__ = ["phone", "plan", "school", "state"]


@pytest.fixture
def plan(school: School) -> str:
    """A plan with one topic that 周正 is invited to teach; 吴敏 could teach it too."""
    found = school.two_candidates("county")
    school.invited(found)
    return found


@pytest.fixture
def phone(school: School) -> FlaskClient:
    """Somebody's browser without a session."""
    return school.app.test_client()


def state(school: School, title: str = "题") -> str:
    return school.assignment(title).state
