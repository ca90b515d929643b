"""Every write of single sign-on and of exports, with another transaction in its way: nobody hears of it, nothing is
lost or written twice.

The writers are found in the code, so that a new one without a scenario fails here.
"""

import ast
import dataclasses
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from academy.accounts.models import DataRequest, ExternalIdentity, Restriction
from academy.app import create_app
from academy.core import clock, collisions
from academy.core.actor import SYSTEM, Role
from academy.core.database import Base
from academy.core.runtime import Runtime
from academy.jobs.api import Job, JobState, enqueue
from academy.jobs.worker import run_job
from academy.people.models import Member
from academy.reports.models import Export
from academy.reports.service import EXPORT, KEPT
from academy.trainings import service as trainings
from tests.conftest import make_settings, sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, training
from tests.support.failures import busy, deadlock, duplicate, serialisation
from tests.support.openid import code_for, small_provider
from tests.support.shortcuts import settle_all

pytestmark = [pytest.mark.faults, pytest.mark.commits]

ROOT = Path(__file__).resolve().parents[2]
AREAS = (
    "academy/accounts/authentication/sso.py",
    "academy/web/sso.py",
    "academy/web/own_data.py",
    "academy/web/reports.py",
    "academy/web/reporting.py",
    "academy/reports/*.py",
)
"""Signing on, linking and its end (an erasure), and whatever is taken along as a file."""
CALLS, BLOCKS = frozenset({"run_in_transaction"}), frozenset({"writing", "begin"})
CHANGES = ("INSERT", "UPDATE", "DELETE")


@cache
def writers() -> dict[str, tuple[Path, int, int]]:
    """Each place in the areas that opens a write transaction: file, first and last line of its statement."""
    found: dict[str, tuple[Path, int, int]] = {}
    for path in sorted(one for area in AREAS for one in ROOT.glob(area)):
        for owner, node in _calls(ast.parse(path.read_text()), ""):
            name = f"{path.relative_to(ROOT / 'academy').with_suffix('')}:{owner}"
            number = sum(known.startswith(f"{name}#") for known in found) + 1
            found[f"{name}#{number}"] = path, node.lineno, node.end_lineno or node.lineno
    return found


def _calls(node: ast.AST, owner: str) -> Iterator[tuple[str, ast.expr | ast.stmt]]:
    for child in ast.iter_child_nodes(node):
        inside = f"{owner}.{child.name}".strip(".") if isinstance(child, ast.FunctionDef | ast.ClassDef) else owner
        inner = [item.context_expr for item in child.items] if isinstance(child, ast.With) else [child]
        if any(_opens(one, is_block=one is not child) for one in inner):
            yield inside, child  # type: ignore[misc]
        yield from _calls(child, inside)


def _opens(node: ast.AST, *, is_block: bool) -> bool:
    return isinstance(node, ast.Call) and _called(node) in (BLOCKS if is_block else CALLS)


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


class InTheWay:
    """Fails one commit or changing statement of one writer, and counts those that there are."""

    def __init__(self, runtime: Runtime, writer: str) -> None:
        self.runtime, (self.path, self.first, self.last) = runtime, writers()[writer]
        self.commits, self.statements = 0, list[str]()
        self.failed = 0

    @contextmanager
    def failing(
        self, make_error: Callable[[], Exception] = deadlock, *, commit: int = 0, statement: int = 0
    ) -> Iterator[None]:
        self.commits, self.statements, self.failed = 0, [], 0

        def fail() -> None:
            self.failed += 1
            raise make_error()

        def before_commit(_connection: object) -> None:
            if self._is_here():
                self.commits += 1
                if self.commits == commit:
                    fail()

        def before_statement(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
            if sql.startswith(CHANGES) and self._is_here():
                self.statements.append(sql)
                if len(self.statements) == statement:
                    fail()

        engine = self.runtime.db.engine
        event.listen(engine, "commit", before_commit)
        event.listen(engine, "before_cursor_execute", before_statement)
        try:
            yield
        finally:
            event.remove(engine, "commit", before_commit)
            event.remove(engine, "before_cursor_execute", before_statement)

    def _is_here(self) -> bool:
        """Whether the writer is on the stack."""
        frame = sys._getframe(2)
        while frame is not None:
            if self.first <= frame.f_lineno <= self.last and Path(frame.f_code.co_filename) == self.path:
                return True
            frame = frame.f_back  # type: ignore[assignment]
        return False


def rows(runtime: Runtime) -> Counter[str]:
    """How many rows each table has."""
    with runtime.db.read() as tx:
        return Counter(
            {name: tx.scalar(select(func.count()).select_from(table)) for name, table in Base.metadata.tables.items()}
        )


class Scene:
    """An office of a city with its members, and a browser for each."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime, self.app = runtime, create_app(runtime)
        self.app.config["WTF_CSRF_ENABLED"] = False
        with runtime.db.begin() as tx:
            self.city = City(tx)
            self.plan = training(tx, self.city.city, self.city.courses)
            trainings.open_training(tx, SYSTEM, self.plan)
            self.officer = make.account(
                tx, None, (Role.NODE_ADMINISTRATOR, self.city.city), (Role.ROSTER_OFFICER, self.city.city)
            )
            self.token = make.session_token(tx, self.officer)
            settle_all(tx)

    def browser(self, token: str = "") -> FlaskClient:
        client = self.app.test_client()
        sign_in(client, token or self.token)
        return client

    def person(self, *, linked: bool = False) -> tuple[Member, FlaskClient]:
        with self.runtime.db.begin() as tx:
            member = make.member(tx, self.city.branches[0])
            account = make.account(tx, member)
            if linked:
                tx.add(ExternalIdentity(account_id=account.id, issuer="https://sso.example", subject=member.number))
            token = make.session_token(tx, account)
        return member, self.browser(token)

    def asked(self, kind: str = "erase") -> tuple[str, FlaskClient, Member]:
        """A request about one's data that waits."""
        member, mine = self.person(linked=True)
        assert mine.post("/me/data/requests", data={"kind": kind, "body": "请更正"}).status_code == 303
        with self.runtime.db.read() as tx:
            row = tx.scalars(select(DataRequest).order_by(DataRequest.id.desc()).limit(1)).one()
        return row.public_id, mine, member

    def export(self, kind: str) -> int:
        """An export that waits for the worker; the job's id."""
        form = {"training": self.plan.public_id, "organisation": self.city.city.public_id, "kind": kind}
        assert self.browser().post("/exports", data=form).status_code == 302
        with self.runtime.db.read() as tx:
            return tx.scalars(select(Job.id).where(Job.name == EXPORT).order_by(Job.id.desc()).limit(1)).one()

    def run(self, job: int) -> None:
        assert run_job(self.runtime, job)
        with self.runtime.db.read() as tx:
            done = tx.get_one(Job, job)
        assert (done.state, done.crashes, done.attempts) == (JobState.DONE, 0, 1)


Prepare = Callable[[Scene], Callable[[], object]]


def _status(wanted: int, send: Callable[[], object]) -> Callable[[], object]:
    def act() -> None:
        answer = send()
        assert answer.status_code == wanted, answer.text  # type: ignore[attr-defined]

    return act


def _signing_on(scene: Scene, *, is_true: bool = True) -> Callable[[], object]:
    with scene.runtime.db.begin() as tx:
        number = make.member(tx, scene.city.branches[0]).number
    client = scene.app.test_client()
    asked = parse_qs(urlsplit(client.get("/sso/begin").headers["Location"]).query)
    answer = {"state": asked["state"][0] if is_true else "forged", "code": code_for(number, asked["nonce"][0])}
    return _status(302 if is_true else 422, lambda: client.get(f"/sso/callback?{urlencode(answer)}"))


def _asking_for_data(scene: Scene) -> Callable[[], object]:
    _, mine = scene.person()
    return _status(303, lambda: mine.post("/me/data/requests", data={"kind": "erase", "body": ""}))


def _cancelling(scene: Scene) -> Callable[[], object]:
    public_id, mine, _ = scene.asked()
    return _status(303, lambda: mine.post(f"/me/data/requests/{public_id}/cancel"))


def _erasing(scene: Scene) -> Callable[[], object]:
    """The second of two officers: the link to the city's app ends."""
    public_id, _, member = scene.asked()
    with scene.runtime.db.begin() as tx:
        second = make.session_token(tx, make.account(tx, None, (Role.ROSTER_OFFICER, scene.city.city)))
    agreed = {"verb": "agree", "answer": "同意"}
    assert scene.browser(second).post(f"/data-requests/{public_id}", data=agreed).status_code == 303

    def act() -> None:
        assert scene.browser().post(f"/data-requests/{public_id}", data=agreed).status_code == 303
        with scene.runtime.db.read() as tx:
            assert tx.scalar(select(ExternalIdentity).where(ExternalIdentity.subject == member.number)) is None

    return act


def _lifting(scene: Scene) -> Callable[[], object]:
    member, _ = scene.person()
    with scene.runtime.db.begin() as tx:
        tx.add(Restriction(member_id=member.id, kind="frozen"))
    return _status(303, lambda: scene.browser().post(f"/members/{member.public_id}/lift"))


def _taking_along(scene: Scene) -> Callable[[], object]:
    _, mine = scene.person()
    return _status(200, lambda: mine.get("/me/data/copy"))


def _asking_for_names(scene: Scene) -> Callable[[], object]:
    return lambda: scene.export("names")


def _asking_for_a_report(scene: Scene) -> Callable[[], object]:
    path = f"/reports/{scene.city.city.public_id}/quality"
    return _status(302, lambda: scene.browser().post(path, data={"format": "csv"}))


def _writing(kind: str) -> Prepare:
    def prepare(scene: Scene) -> Callable[[], object]:
        job = scene.export(kind)

        def act() -> None:
            scene.run(job)
            with scene.runtime.db.read() as tx:
                row = tx.scalars(select(Export).where(Export.job_id == job)).one()
                assert row.sha256 and (scene.runtime.settings.data_dir / row.stored_at).is_file()

        return act

    return prepare


def _forgetting(scene: Scene) -> Callable[[], object]:
    _writing("table")(scene)()
    with scene.runtime.db.begin() as tx:
        job = enqueue(tx, "reports.forget").id

    def act() -> None:
        with clock.frozen(clock.now() + 2 * KEPT):
            scene.run(job)
        with scene.runtime.db.read() as tx:
            assert not tx.scalars(select(Export).where(Export.stored_at != "")).all()
        assert not [*(scene.runtime.settings.data_dir / "exports").iterdir()]

    return act


def _previewing(scene: Scene) -> Callable[[], object]:
    member, _ = scene.person()
    asked = {"verb": "transfer", "organisation": scene.city.branches[1].code}
    return _status(200, lambda: scene.browser().get(f"/members/{member.public_id}/preview", query_string=asked))


SCENARIOS: dict[str, Prepare] = {
    "accounts/authentication/sso:finish_sso#1": lambda scene: _signing_on(scene, is_true=False),
    "accounts/authentication/sso:finish_sso#2": _signing_on,
    "web/own_data:copy#1": _taking_along,
    "web/own_data:ask#1": _asking_for_data,
    "web/own_data:cancel#1": _cancelling,
    "web/own_data:decide#1": _erasing,
    "web/own_data:lift#1": _lifting,
    "web/reports:request_#1": _asking_for_names,
    "web/reporting:take#1": _asking_for_a_report,
    "reports/jobs:export#1": _writing("names"),
    "reports/jobs:export#2": _writing("evidence"),
    "reports/coverage:publish_groups#1": _writing("groups"),
    "reports/jobs:forget#1": _forgetting,
    "reports/member_changes:preview_change#1": _previewing,
}
"""What leads to each writer."""
UNCOMMITTED = frozenset({"reports/member_changes:preview_change#1"})
"""Writers that are always rolled back."""
SAID = {
    "accounts/authentication/sso:finish_sso#2": "INSERT INTO accounts",
    "web/own_data:ask#1": "INSERT INTO data_requests",
}
"""Keys that somebody else may have taken for good: the answer is a sentence, not another attempt."""


def test_every_writer_has_a_scenario() -> None:
    assert sorted(writers()) == sorted(SCENARIOS)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    with small_provider() as address:
        yield address


@pytest.fixture
def scene(real_runtime: Runtime, issuer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Scene:
    monkeypatch.setattr(collisions, "PAUSE_S", 0)
    settings = make_settings(
        tmp_path,
        database_url=real_runtime.settings.database_url,
        oidc_issuer=issuer,
        oidc_client_id="academy",
        oidc_client_secret="a-secret",
        oidc_member_claim="preferred_username",
    )
    return Scene(dataclasses.replace(real_runtime, settings=settings))


@pytest.mark.parametrize("writer", sorted(writers()))
def test_nobody_hears_of_a_collision(scene: Scene, writer: str) -> None:
    """At each commit and each changing statement: the same answer, and as many rows more as without."""
    way = InTheWay(scene.runtime, writer)

    def once(**where: int) -> Callable[[Callable[[], Exception]], Counter[str]]:
        def run(make_error: Callable[[], Exception]) -> Counter[str]:
            act = SCENARIOS[writer](scene)
            before = rows(scene.runtime)
            with way.failing(make_error, **where):
                act()
            return rows(scene.runtime) - before

        return run

    once()(deadlock)  # the first of its kind also fills what is kept from then on
    wanted = once()(deadlock)
    statements, commits = [*way.statements], way.commits
    assert commits or writer in UNCOMMITTED, "the scenario leads to the writer"
    for place in range(1, commits + 1):
        for kind in (deadlock, serialisation, busy):
            assert once(commit=place)(kind) == wanted and way.failed == 1, (kind, place)
    for place, sql in enumerate(statements, 1):
        for kind in (deadlock, duplicate) if sql.startswith("INSERT") else (deadlock,):
            if kind is not duplicate or not sql.startswith(SAID.get(writer, "-")):
                assert once(statement=place)(kind) == wanted and way.failed == 1, (kind, sql)
