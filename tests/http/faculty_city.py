"""A city whose school runs the leaders' lecture programme, on a Wednesday in May."""

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.classes.models import TeachingTerm
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty import obligations, recount
from academy.faculty.models import ObligationRule, PoolMembership, ShareRule
from academy.library import api as library
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as school

NOW = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)
"""A Wednesday."""


@pytest.fixture
def city(runtime: Runtime, app: Flask) -> Iterator[object]:
    with clock.frozen(NOW):
        yield City(runtime, app)


class City:
    """A city and a county with an administrator each, and rules that began with the year before."""

    def __init__(self, runtime: Runtime, app: Flask) -> None:
        self.runtime, self.app = runtime, app
        with runtime.db.begin() as tx:
            library.seed_categories(tx)
            self.top = make.organisation(tx, level="city", name="中共云河市委员会")
            self.county = make.organisation(tx, self.top, level="county", name="中共东山县委员会")
            self.other = make.organisation(tx, self.top, level="county", name="中共西岭县委员会")
            tx.add(ObligationRule(level="municipal", counts_from=school.SINCE, valid_from=school.SINCE))
            tx.add(ObligationRule(level="county_first", years=5, counts_from=school.SINCE, valid_from=school.SINCE))
            levels = ["municipal", "county_first", "county"]
            tx.add(ShareRule(floor_permille=200, levels=levels, valid_from=school.SINCE))
        self.office = self.client(self.top)

    def client(self, node: object, role: Role = Role.NODE_ADMINISTRATOR) -> FlaskClient:
        client = self.app.test_client()
        with self.runtime.db.begin() as tx:
            sign_in(client, make.session_token(tx, make.account(tx, None, (role, node))))  # type: ignore[arg-type]
        return client

    def invite(self, name: str = "周正", unit: str = "中共东山县委员会", level: str = "county_first") -> str:
        """Invite somebody; the address of the file."""
        fields = {"name": name, "office": f"{name}的职务", "unit": unit, "level": level, "since": "2025-03-01"}
        answer = self.office.post("/faculty/new", data=fields)
        assert answer.status_code == 303, answer.text
        return str(answer.location)

    def confirmed(self, name: str = "周正", level: str = "county_first") -> str:
        """The public id of somebody who is in the pool since last year."""
        with self.runtime.db.begin() as tx:
            person = school.lecturer(tx, tx.merge(self.county), level, name=name)
            return tx.scalars(select(PoolMembership.public_id).where(PoolMembership.lecturer_id == person.id)).one()

    def term(self) -> str:
        """A term around today, by the form."""
        fields = {"verb": "term", "name": "2026 年春季学期", "first": "2026-03-02", "last": "2026-07-10"}
        answer = self.office.post("/faculty/terms", data=fields | {"weekday": "2", "minute": "18:00"})
        assert answer.status_code == 303, answer.text
        with self.runtime.db.read() as tx:
            return tx.scalars(select(TeachingTerm.public_id)).one()

    def lecture(self, *lecturers: str, day: str = "2026-05-13", **fields: object) -> str:
        """A planned lecture, by the form; its public id."""
        base = {"title": "乡村振兴怎么干", "day": day, "minute": "18:00", "hours": "2", "lecturer": list(lecturers)}
        answer = self.office.post("/faculty/lectures/new", data=base | fields)
        assert answer.status_code == 303, answer.text
        return str(answer.location).rpartition("/")[2]

    def states(self) -> dict[str, str]:
        """Public id in the pool → the state of the one obligation."""
        with self.runtime.db.read() as tx:
            ids = dict(tx.execute(select(PoolMembership.lecturer_id, PoolMembership.public_id)).all())
            found = obligations.list_obligations(tx, TODAY)
            assert recount.recount_differences(tx, TODAY) == []
            return {ids[one.lecturer_id]: str(one.assessment.state) for one in found}
