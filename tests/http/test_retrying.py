"""Two transactions in each other's way: the view runs again, and nobody hears of it."""

import io
from collections.abc import Callable

import pytest
from flask import Flask, g, request, session
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.core import collisions
from academy.core.actor import SYSTEM
from academy.core.audit import AuditEntry, record
from academy.core.database import Database
from academy.core.runtime import Runtime
from academy.http import PUBLIC, writing
from academy.http.declarations import RouteDeclaration, collect, declare
from tests.conftest import sign_in
from tests.support import factories, failures
from tests.support.failures import failing

pytestmark = pytest.mark.commits

ONE = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collisions, "PAUSE_S", 0)


@pytest.fixture
def runs(fresh_app: Flask) -> list[str]:
    """Each run of the views below, by what it read."""
    seen: list[str] = []
    free_for_all = declare(RouteDeclaration(policy=PUBLIC, csrf=False))

    @free_for_all
    def write() -> str:
        file = request.files.get("file")
        seen.append(request.form.get("text", "") + (file.stream.read().decode() if file else ""))
        assert "mark" not in g, "what an attempt left behind is gone"
        assert "mark" not in session
        g.mark = session["mark"] = 1
        with writing() as tx:
            record(tx, SYSTEM, "test.written", "test:1")
        return "kept"

    @free_for_all
    def write_twice() -> str:
        seen.append("twice")
        with writing() as tx:
            record(tx, SYSTEM, "test.written", "test:1")
        with writing() as tx:
            record(tx, SYSTEM, "test.again", "test:1")
        return "kept"

    @free_for_all
    def take_stream() -> str:
        seen.append(request.stream.read().decode())
        with writing() as tx:
            record(tx, SYSTEM, "test.written", "test:1")
        return "kept"

    for view in (write, write_twice, take_stream):
        fresh_app.add_url_rule(f"/{view.__name__}", view_func=view, methods=["POST"])
    collect(fresh_app, fresh_app.extensions["academy"].settings)
    return seen


def written(runtime: Runtime) -> int:
    with runtime.db.read() as tx:
        query = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb.startswith("test."))
        return tx.scalar(query) or 0


def first(times: int) -> Callable[[int, str], bool]:
    """The insertion of the audit row, so many times."""
    left = [times]

    def at(_number: int, statement: str) -> bool:
        hit = "INSERT INTO audit_entries" in statement and left[0] > 0
        left[0] -= hit
        return hit

    return at


@pytest.mark.thorough
@pytest.mark.parametrize("make", failures.COLLISIONS)
def test_a_collision_is_not_heard_of(
    runtime: Runtime, fresh_app: Flask, runs: list[str], make: Callable[[], Exception]
) -> None:
    form = {"text": "甲", "file": (io.BytesIO(b"file"), "a.txt")}
    with failing(runtime.db, make, at=first(collisions.ATTEMPTS - 1)):
        answer = fresh_app.test_client().post("/write", data=form)
    assert (answer.status_code, answer.text) == (200, "kept")
    assert runs == ["甲file"] * collisions.ATTEMPTS
    assert written(runtime) == 1


@pytest.mark.parametrize(("make", "status"), [*((m, 503) for m in failures.COLLISIONS[:3]), (failures.duplicate, 409)])
def test_one_that_does_not_pass_is_said(
    runtime: Runtime, fresh_app: Flask, runs: list[str], make: Callable[[], Exception], status: int
) -> None:
    with failing(runtime.db, make, at=first(100)):
        answer = fresh_app.test_client().post("/write", data={"text": "甲"})
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert (len(runs), written(runtime)) == (collisions.ATTEMPTS, 0)


@pytest.mark.parametrize("path", ["/api/v1/session", "/my/trainings"])
def test_a_database_that_answers_nobody_still_gets_its_error_page(
    runtime: Runtime, client: FlaskClient, path: str
) -> None:
    """Not even the reader's language can be asked for."""
    with runtime.db.begin() as tx:
        sign_in(client, factories.session_token(tx, factories.account(tx)))
    with failing(runtime.db, failures.deadlock, at=lambda *_: True):
        answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "再试一次" in (answer.json or {})["title"] if path.startswith("/api") else "再试一次" in answer.text


@ONE
def test_another_error_is_not_tried_again(runtime: Runtime, fresh_app: Flask, runs: list[str]) -> None:
    with failing(runtime.db, failures.broken, at=first(1)):
        assert fresh_app.test_client().post("/write").status_code == 500
    assert (len(runs), written(runtime)) == (1, 0)


@ONE
def test_what_was_committed_is_not_written_twice(runtime: Runtime, fresh_app: Flask, runs: list[str]) -> None:
    second = [0]

    def at(_number: int, statement: str) -> bool:
        second[0] += "INSERT INTO audit_entries" in statement
        return "INSERT INTO audit_entries" in statement and second[0] == 2

    with failing(runtime.db, failures.deadlock, at=at):
        assert fresh_app.test_client().post("/write_twice").status_code == 503
    assert (runs, written(runtime)) == (["twice"], 1)


@ONE
def test_a_stream_that_was_read_is_for_its_sender_to_send_again(
    runtime: Runtime, fresh_app: Flask, runs: list[str]
) -> None:
    def post(client: FlaskClient) -> int:
        return client.post("/take_stream", data=b"bytes", content_type="application/offset+octet-stream").status_code

    with failing(runtime.db, failures.deadlock, at=first(1)):
        assert post(fresh_app.test_client()) == 503
    assert post(fresh_app.test_client()) == 200
    assert runs == ["bytes", "bytes"]


@pytest.mark.parametrize("make", failures.COLLISIONS)
def test_a_unit_of_work_runs_again_and_what_follows_it_once(runtime: Runtime, make: Callable[[], Exception]) -> None:
    db: Database = runtime.db
    attempts, sent = [], []

    def work(tx: object) -> str:
        attempts.append(tx)
        record(tx, SYSTEM, "test.written", "test:1")  # type: ignore[arg-type]
        tx.after_commit(lambda: sent.append("mail"))  # type: ignore[attr-defined]
        return "done"

    with failing(db, make, at=first(2)):
        assert db.run_in_transaction(work) == "done"
    assert (len(attempts), sent, written(runtime)) == (3, ["mail"], 1)


@ONE
def test_what_fails_after_the_commit_does_not_run_the_work_again(runtime: Runtime) -> None:
    def after() -> None:
        raise failures.deadlock()

    def work(tx: object) -> None:
        record(tx, SYSTEM, "test.written", "test:1")  # type: ignore[arg-type]
        tx.after_commit(after)  # type: ignore[attr-defined]

    with pytest.raises(Exception, match="injected"):
        runtime.db.run_in_transaction(work)
    assert written(runtime) == 1
