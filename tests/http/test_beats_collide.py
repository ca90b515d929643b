"""A beat whose transaction collides, at any of its statements, is credited or asked for again; never refused."""

import datetime as dt
import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from academy.core import clock, collisions
from academy.core.runtime import Runtime
from academy.library.models import Course
from tests.conftest import sign_in
from tests.support import factories, failures
from tests.support.failures import failing
from tests.support.ledger_makers import learner, lecture

pytestmark = pytest.mark.commits

START = dt.datetime(2026, 3, 2, 4, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collisions, "PAUSE_S", 0)


@pytest.fixture
def course(runtime: Runtime, client: FlaskClient) -> Course:
    """A course of a minute, with its learner signed in."""
    with clock.frozen(START), runtime.db.begin() as tx:
        _, _, account = learner(tx)
        sign_in(client, factories.session_token(tx, account))
        return lecture(tx, account, minutes=1)


def lease(client: FlaskClient, course: Course) -> str:
    with clock.frozen(START):
        answer = client.post("/api/v1/progress/leases", json={"item": course.shown.items[0].public_id})
    return str((answer.json or {})["token"])


def held_ms(client: FlaskClient, course: Course) -> object:
    with clock.frozen(START):
        return (client.get(f"/api/v1/progress/items/{course.shown.items[0].public_id}").json or {})["covered"]


def beat(client: FlaskClient, token: str, seconds: int) -> tuple[int, dict[str, object]]:
    with clock.frozen(START + dt.timedelta(seconds=seconds)):
        said = {"lease": token, "seq": 1, "spans": [[0, seconds * 1000]]}
        answer = client.post("/api/v1/progress/heartbeats", data=json.dumps(said))
    return answer.status_code, dict(answer.headers) | (answer.get_json(silent=True) or {})


@pytest.mark.parametrize("make", failures.COLLISIONS)
def test_a_collision_at_any_statement_is_tried_again(
    runtime: Runtime, client: FlaskClient, course: Course, make: Callable[[], Exception]
) -> None:
    """The whole lecture in one beat: credit, start, completions, hours, facts."""
    token = lease(client, course)
    with failing(runtime.db, make, at=lambda number, _: number in {0, 3, 9, 20}):
        status, said = beat(client, token, 60)
    assert (status, said.get("finished")) == (200, True)
    assert said["seq"] == 1
    assert held_ms(client, course) == 60_000


@pytest.mark.parametrize("make", failures.COLLISIONS)
@pytest.mark.parametrize(
    "where", ["INSERT INTO item_completions", "INSERT INTO course_starts", "INSERT INTO completions"]
)
def test_one_that_does_not_pass_asks_the_player_to_come_back(
    runtime: Runtime, client: FlaskClient, course: Course, make: Callable[[], Exception], where: str
) -> None:
    token = lease(client, course)
    with failing(runtime.db, make, at=lambda _, statement: statement.startswith(where)):
        status, said = beat(client, token, 60)
    assert status == 503
    assert int(str(said["Retry-After"])) > 0
    assert held_ms(client, course) == 0, "all of it or nothing"
    assert beat(client, token, 60)[0] == 200
