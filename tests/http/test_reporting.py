"""Report pages and their files, for whom they are; as many queries for ten members as for thousands."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert, select

from academy.core.actor import SYSTEM, Role
from academy.core.ids import new_ids
from academy.core.runtime import Runtime
from academy.people.models import Member, Membership
from academy.reports.models import Export
from academy.trainings import service
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, training
from tests.support.shortcuts import drain, settle_all

KINDS = ("period", "secretaries", "floating", "exemptions", "quality")


@pytest.fixture
def city(runtime: Runtime) -> City:
    with runtime.db.begin() as tx:
        return City(tx)


@pytest.fixture
def client(app: Flask, runtime: Runtime, city: City) -> FlaskClient:
    made = app.test_client()
    with runtime.db.begin() as tx:
        who = make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.city))
        sign_in(made, make.session_token(tx, who))
    return made


@pytest.mark.thorough
def test_every_report_is_a_page_and_a_file(client: FlaskClient, runtime: Runtime, city: City) -> None:
    first = client.get("/reports")
    assert first.headers["Location"].endswith(f"/reports/{city.city.public_id}/period")
    for kind in KINDS:
        page = client.get(f"/reports/{city.city.public_id}/{kind}")
        assert page.status_code == 200 and city.city.name in page.text
        # Every kind on paper, in every language, is in tests/components/test_reports.py.
        for format in ("xlsx", "pdf") if kind == KINDS[0] else ("xlsx",):
            sent = client.post(f"/reports/{city.city.public_id}/{kind}", data={"format": format})
            assert sent.headers["Location"].endswith("/exports")
    drain(runtime)
    with runtime.db.read() as tx:
        made = tx.scalars(select(Export).order_by(Export.id)).all()
        assert len(made) == len(KINDS) + 1 and all(one.stored_at and one.sha256 for one in made)
    file = client.get(f"/exports/{made[1].public_id}/file")
    assert file.data.startswith(b"%PDF")
    file.close()
    assert client.get(f"/reports/{city.city.public_id}/rank").status_code == 404
    check = client.get(f"/reports/{city.city.public_id}/quality?check=no_birth")
    assert city.people[0].name in check.text


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_as_many_queries_for_twenty_members_as_for_ten_thousand(
    client: FlaskClient, runtime: Runtime, city: City, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    with runtime.db.begin() as tx:
        plan = training(tx, city.city, city.courses)
        service.open_training(tx, SYSTEM, plan)
    pages = [f"/reports/{city.city.public_id}/{kind}" for kind in KINDS]
    pages += [f"/coverage/{plan.public_id}/{city.county.public_id}"]
    pages += [f"/coverage/{plan.public_id}/{city.county.public_id}/statistics"]

    def count() -> list[int]:
        return [count_queries(lambda page=page: client.get(page)) for page in pages]  # type: ignore[misc]

    count()
    before = count()
    with runtime.db.begin() as tx:
        people = [
            {"public_id": public, "number": f"Q{n:06d}", "name": "赵小满", "organisation_id": city.branches[n % 4].id}
            for n, public in enumerate(new_ids(10_000))
        ]
        tx.execute(insert(Member), people)
        fresh = tx.execute(select(Member.id, Member.organisation_id).where(Member.number.startswith("Q"))).all()
        day = city.people[0].created_at.date()
        rows = [{"member_id": i, "organisation_id": home, "valid_from": day} for i, home in fresh]
        tx.execute(insert(Membership), rows)
        service.refresh_audience(tx, tx.merge(plan))
        settle_all(tx)
    assert "10,0" in client.get(pages[0]).text
    assert count() == before
