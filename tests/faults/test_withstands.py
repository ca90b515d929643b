"""What the watch ledger withstands, each against the running server."""

import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select

from academy.cli.database import alembic_config
from academy.core.actor import Actor
from academy.core.runtime import Runtime
from academy.core.settings import Settings
from academy.jobs.api import publish
from academy.learning import queries
from academy.learning.models import PlaybackLease, WatchLedger
from academy.learning.tokens import Signer
from academy.library.events import CourseWithdrawn
from academy.library.models import Course
from benchmarks import drive
from benchmarks import ledger_scene as scene
from tests.support import factories, shelf
from tests.support.ledger_makers import learner, lecture
from tests.support.services import postgres

pytestmark = pytest.mark.faults
BEATS = "/api/v1/progress/heartbeats"


@dataclass
class Answer:
    """A status and what was said with it."""

    status: int
    said: dict[str, Any]


class Running:
    """A real server, and the runtime of its database beside it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runtime = Runtime.build(settings)

    def ask(self, method: str, path: str, body: object = None, cookie: str = "") -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=30)
        data = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json", "Cookie": cookie}
        connection.request(method, path, data, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return Answer(answer.status, json.loads(text) if text else {})

    def beat(self, token: str, spans: object, seq: object = 1, **more: object) -> Answer:
        return self.ask("POST", BEATS, {"lease": token, "seq": seq, "spans": spans, **more})


@dataclass
class Learner:
    """A member with a course and a playback of it that began `ago` seconds ago."""

    actor: Actor
    course: Course
    token: str
    lease: PlaybackLease


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("running")
    if request.param == "sqlite":
        yield from _run(f"sqlite:///{folder / 'ledger.db'}", folder)
    else:
        with postgres(folder / "pg", durable=True) as url:
            yield from _run(url, folder)


def _run(url: str, folder: Path) -> Iterator[Running]:
    settings = scene.settings_for(url, folder)
    command.upgrade(alembic_config(url), "head")
    with drive.server(settings):
        found = Running(settings)
        yield found
        found.runtime.db.dispose()


def watching(running: Running, *, ago: float, minutes: float = 60, **changes: object) -> Learner:
    from academy.learning import service

    with running.runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        course = lecture(tx, account, minutes=minutes, **changes)
        opened = service.open_lease(tx, actor, course.shown.items[0])
        since = opened.ledger.credited_until_ms - int(ago * 1000)
        opened.ledger.credited_until_ms = opened.lease.credited_until_ms = opened.ledger.last_heartbeat_ms = since
    return Learner(actor, course, Signer(running.settings).sign(opened.grant), opened.lease)


def held(running: Running, who: Learner) -> queries.Ledger:
    assert who.actor.member_id is not None
    with running.runtime.db.read() as tx:
        return queries.ledger_of(tx, who.actor.member_id, shelf.item(tx, who.course))


def test_an_hour_claimed_after_five_seconds(running: Running) -> None:
    who = watching(running, ago=5)
    answer = running.beat(who.token, [[0, 3_600_000]], complete=True, duration=1)
    assert (answer.status, answer.said["reason"], answer.said["finished"]) == (200, "too_fast", False)
    assert 20_000 <= held(running, who).covered < 40_000


def test_a_hundred_beats_a_second(running: Running) -> None:
    who = watching(running, ago=0)

    def hammer(n: int) -> None:
        for k in range(50):
            assert running.beat(who.token, [[0, 3_600_000]], seq=n * 50 + k).status in {200, 204, 503}

    threads = [threading.Thread(target=hammer, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with running.runtime.db.read() as tx:
        row = tx.scalars(select(WatchLedger).where(WatchLedger.lease_id == who.lease.id)).one()
        assert 0 < row.covered <= (row.last_heartbeat_ms - who.lease.credited_until_ms) * 2 + 10_000


def test_many_lectures_in_parallel_and_two_devices(running: Running) -> None:
    with running.runtime.db.begin() as tx:
        _, actor, account = learner(tx)
        courses = [lecture(tx, account) for _ in range(20)]
        session = factories.session_token(tx, account)
    from flask import Flask
    from flask.sessions import SecureCookieSessionInterface

    app = Flask("cookie")
    app.secret_key = running.settings.secret_key
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    cookie = "academy=" + str(signer.dumps({"_user_id": session, "_fresh": True}))
    csrf = running.ask("POST", "/api/v1/progress/leases", {"item": courses[0].shown.items[0].public_id}, cookie)
    assert csrf.status == 400, "a cookie alone opens nothing"
    from academy.learning import service

    tokens = []
    for course in courses:
        with running.runtime.db.begin() as tx:
            item = shelf.item(tx, course)
            opened = service.open_lease(tx, actor, item, device_key="d")
            tokens.append(Signer(running.settings).sign(opened.grant))
    answers = [running.beat(token, [[0, 5_000]]) for token in tokens]
    assert [answer.status for answer in answers] == [409] * 19 + [204]
    with running.runtime.db.begin() as tx:
        item = shelf.item(tx, courses[-1])
        service.open_lease(tx, actor, item, device_key="other", take_over=True)
    ended = running.beat(tokens[-1], [[5_000, 6_000]], seq=2)
    assert (ended.status, ended.said["reason"]) == (409, "taken_over")


@pytest.mark.parametrize(
    "spans",
    [
        "[[NaN, 5]]",
        "[[0, 1e309]]",
        "[[-1, 5]]",
        "[[9, 3]]",
        "[[0, 99999999]]",
        "[" + ",".join(["[0,1]"] * 10_000) + "]",
        "[[0,1]",
        "{}",
        "[[[[[[]]]]]]",
    ],
)
def test_nonsense(running: Running, spans: str) -> None:
    who = watching(running, ago=60)
    body = f'{{"lease": "{who.token}", "seq": 1, "spans": {spans}}}'.encode()
    assert running.ask("POST", BEATS, body).status in {400, 413}
    assert running.beat(who.token, [[0, 1000]]).status == 204, "and the playback goes on"


def test_leases_that_are_not_ones_own_or_have_ended(running: Running) -> None:
    who, other = watching(running, ago=60), watching(running, ago=60)
    body, mac = who.token[:62], other.token[62:]
    assert running.beat(body + mac, [[0, 1000]]).status == 409
    with running.runtime.db.begin() as tx:
        publish(tx, CourseWithdrawn(who.course.id))
    withdrawn = running.beat(who.token, [[0, 1000]])
    assert (withdrawn.status, withdrawn.said["reason"]) == (409, "withdrawn")
    grant = Signer(running.settings).read(other.token)
    old = type(grant)(**{name: getattr(grant, name) for name in grant.__slots__} | {"expires_s": int(time.time()) - 1})
    assert running.beat(Signer(running.settings).sign(old), [[0, 1000]]).status == 409
    assert running.beat(other.token, [[0, 1000]]).status == 204


def test_repeats_gaps_disorder_and_a_wrong_clock(running: Running) -> None:
    who = watching(running, ago=120)
    for seq in (3, 1, 2, 2, 9, 1):
        span = [(seq - 1) * 10_000, seq * 10_000]
        answer = running.beat(who.token, [span], seq=seq, position=span[1], at="1970-01-01T00:00:00Z", now=0)
        assert answer.status == 204
    found = held(running, who)
    assert (found.spans, found.position) == (((0, 30_000), (80_000, 90_000)), 90_000)


def test_a_lecture_replaced_in_mid_watch(running: Running) -> None:
    who = watching(running, ago=60)
    assert running.beat(who.token, [[0, 30_000]]).status == 204
    with running.runtime.db.begin() as tx:
        shelf.change_item(tx, who.course.shown.items[0].item_id, number=2)
    assert running.beat(who.token, [[30_000, 60_000]], seq=2).status == 204
    with running.runtime.db.read() as tx:
        rows = tx.execute(
            select(WatchLedger.item_version, WatchLedger.covered).where(
                WatchLedger.item_id == who.course.shown.items[0].item_id
            )
        ).all()
    assert rows == [(1, 60_000)], "what was watched stays with the version that was watched"


def test_a_crowd_on_one_playback_counts_each_second_once(running: Running) -> None:
    who = watching(running, ago=3600)
    claims = [[n * 1_000, (n + 1) * 1_000] for n in range(60)]

    def send(some: list[list[int]]) -> None:
        for claim in some:
            assert running.beat(who.token, [claim]).status == 204

    threads = [threading.Thread(target=send, args=(claims[n::6],)) for n in range(6)] + [
        threading.Thread(target=send, args=(claims[::3],))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held(running, who).spans == ((0, 60_000),)
