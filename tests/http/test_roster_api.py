"""The personnel system sends changes: all of them or none, by its own token only."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.accounts.sessions import open_program_session
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.people.models import Member, Organisation
from tests.conftest import sign_in
from tests.support import factories as make

URL = "/api/v1/roster/changes"


@pytest.fixture
def city(runtime: Runtime) -> Organisation:
    with runtime.db.begin() as tx:
        top = make.organisation(tx, level="city")
        top.code = "C"
        for code in ("B1", "B2"):
            make.organisation(tx, top).code = code
        return top


@pytest.fixture
def token(runtime: Runtime, city: Organisation) -> str:
    with runtime.db.begin() as tx:
        return open_program_session(tx, make.account(tx, None, (Role.ROSTER_OFFICER, city)), 30)


def send(client: FlaskClient, token: str, *members: object, code: str = "C") -> tuple[int, dict[str, object]]:
    answer = client.post(
        URL, json={"organisation": code, "members": list(members)}, headers={"Authorization": f"Bearer {token}"}
    )
    return answer.status_code, answer.json or {}


ONE = {"number": "A1", "name": "赵小满", "organisation": "B1", "phone": "13800001234"}


def test_changes_are_applied_once_and_again_without_harm(client: FlaskClient, runtime: Runtime, token: str) -> None:
    status, answer = send(client, token, ONE, {"number": "A2", "name": "钱谷雨", "organisation": "B1"})
    assert (status, answer["counts"]["added"]) == (200, 2)  # type: ignore[index]
    status, answer = send(client, token, ONE)
    assert (status, answer["counts"]["unchanged"]) == (200, 1)  # type: ignore[index]
    status, answer = send(client, token, {**ONE, "organisation": "B2"}, {**ONE, "number": "A2", "status": "left"})
    assert status == 200
    with runtime.db.read() as tx:
        people = {m.number: m for m in tx.scalars(select(Member))}
        assert people["A2"].status == "left"
        assert people["A1"].organisation.code == "B2"


def test_one_bad_row_refuses_all_with_its_place(client: FlaskClient, runtime: Runtime, token: str) -> None:
    status, answer = send(client, token, ONE, {"number": "A2", "name": "", "organisation": "404"})
    assert status == 422
    assert answer["bad"] == [{"row": 1, "number": "A2", "reasons": ["没有填姓名。", "没有组织代码 404。"]}]
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 0


@pytest.mark.parametrize(
    "members",
    [[{"number": "A1", "surprise": "x"}], [{"number": 7}], ["A1"], [ONE] * 1001],
    ids=["unknown field", "a number", "no object", "too many"],
)
def test_what_is_no_change_is_refused(client: FlaskClient, token: str, members: list[object]) -> None:
    status, answer = send(client, token, *members)
    assert status == 400 and answer["type"] == "urn:academy:malformed"  # type: ignore[attr-defined]


def test_only_a_token_in_the_header_opens_this_door(
    app: Flask, client: FlaskClient, runtime: Runtime, token: str, city: Organisation
) -> None:
    with runtime.db.begin() as tx:
        sign_in(client, make.session_token(tx, make.account(tx, None, (Role.ROSTER_OFFICER, city))))
    body = {"organisation": "C", "members": [ONE]}
    assert client.post(URL, json=body).status_code == 401, "a cookie is no credential here"
    fresh = app.test_client()
    assert fresh.post(URL, json=body, headers={"Authorization": "Bearer nonsense"}).status_code == 401
    assert fresh.get("/me", headers={"Authorization": f"Bearer {token}"}).status_code == 302, "nor the token elsewhere"
    assert send(fresh, token, ONE, code="nope")[0] == 422
    headers = {"Authorization": f"Bearer {token}"}
    assert fresh.post(URL, data="[1", headers=headers).status_code == 415
    assert fresh.post(URL, data="[1", headers=headers, content_type="application/json").status_code == 400
