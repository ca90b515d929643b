"""What the pages of evaluations say: of a lecturer's own one not that nobody knows whose it is."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from academy.core import clock
from academy.core.runtime import Runtime
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluations import rounds
from academy.people.models import Member
from tests.components.evaluated_lecture import NOON, scene
from tests.conftest import sign_in
from tests.support import factories as make

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture(autouse=True)
def in_march() -> Iterator[None]:
    with clock.frozen(NOON):
        yield


@pytest.mark.parametrize("kind", EvaluationKind)
def test_only_what_others_say_is_called_anonymous(app: Flask, runtime: Runtime, kind: EvaluationKind) -> None:
    client = app.test_client()
    with runtime.db.begin() as tx:
        made = scene(tx, (1,))
        row = rounds.open_round(tx, made.office, made.lecture, kind)
        assert row is not None
        who = made.teacher if kind == EvaluationKind.SELF else made.students[0]
        sign_in(client, make.session_token(tx, make.account(tx, tx.get_one(Member, who.member_id))))
        address = f"/evaluations/{row.public_id}"
        fields = {one["key"]: "4" for one in row.form.questions if one["kind"] == "scale"}
    is_own = kind == EvaluationKind.SELF
    listed = client.get("/evaluations").text
    assert ("学校和您自己看得到" in listed) == is_own

    def promised(page: str) -> bool:
        """Whether the page says that nobody knows; apart from the head of the list, which is about lectures heard."""
        return "不记名" in re.sub(r"<header.*?</header>", "", page, flags=re.S)

    assert promised(client.get(address).text) != is_own
    assert ("请不要写自己的名字" in client.get(address).text) != is_own
    sent = client.post(address, data=fields)
    assert sent.status_code == 303
    with client.session_transaction() as kept:
        flashed = str(kept.get("_flashes"))
    assert "交上" in flashed and ("不记名" in flashed) != is_own
    for page in (client.get(address), client.post(address, data=fields)):
        assert promised(page.text) != is_own and "不能再改" in page.text
