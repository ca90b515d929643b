"""A public screen answers the same whoever let it in: nothing that it shows or says depends on its owner."""

import datetime as dt
import re
import secrets

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import IntegerConverter

from academy.accounts.models import Account, LoginSession
from academy.accounts.queries import digest
from academy.core import clock
from academy.core.actor import SYSTEM, Actor, Role
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.http.declarations import declaration_of
from academy.learning import service as progress
from academy.learning.heartbeats import Heartbeat
from academy.learning.models import LeaseEnd, WatchLedger
from academy.library.models import Course, CourseItem
from academy.notifications.service import notify
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.shortcuts import record_heartbeat

START = dt.datetime(2026, 3, 2, 4, tzinfo=dt.UTC)
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def seconds(number: float) -> dt.datetime:
    return START + dt.timedelta(seconds=number)


class World:
    """Two lectures of a minute, somebody who has done nothing, and somebody who has done and set a great deal."""

    def __init__(self, app: Flask, runtime: Runtime) -> None:
        self.app, self.runtime = app, runtime
        with clock.frozen(START - dt.timedelta(days=3)), runtime.db.begin() as tx:
            node = make.organisation(tx, level="city")
            trainer, reviewer = (
                make.account(tx, None, (Role.TRAINER, node)),
                make.account(tx, None, (Role.REVIEWER, node)),
            )
            self.course = make.published_course(tx, trainer, reviewer, items=2)
            self.items = [item.public_id for item in self.course.shown.items]
            self.owners = [make.account(tx, make.member(tx, node), *grants) for grants in ((), ((Role.AUDITOR, node),))]
            self._have_a_past(tx, self.owners[1], make.published_course(tx, trainer, reviewer))
            self.nobody, self.somebody = (self.screen(tx, owner) for owner in self.owners)

    def _have_a_past(self, tx: Tx, owner: Account, other: Course) -> None:
        assert owner.member_id is not None
        owner.language, owner.elder_mode, owner.display_name = "en", True, "路人甲"
        lease = progress.open_lease(tx, Actor(member_id=owner.member_id), self.course.shown.items[0])
        with clock.frozen(clock.now() + dt.timedelta(minutes=5)):
            claim = Heartbeat(lease.grant, 1, ((0, 40_000),), 40_000, clock.now_ms())
            record_heartbeat(tx, self.runtime.settings, claim)
            progress.end_lease(tx, tx.merge(lease.lease), LeaseEnd.FINISHED)
        progress.record_completion(tx, SYSTEM, owner.member_id, other, clock.now())
        notify(tx, key="seen", body=msg("您有一项学习任务。"), link="/", member_id=owner.member_id, kind="test")

    def screen(self, tx: Tx, owner: Account) -> FlaskClient:
        token, client = secrets.token_urlsafe(32), self.app.test_client()
        ends = START + dt.timedelta(days=9)
        tx.add(LoginSession(digest=digest(token), account_id=owner.id, device="", screen=True, expires_at=ends))
        sign_in(client, token)
        return client

    def both(self, at: dt.datetime, method: str, address: str, **sent: object) -> object:
        """What both screens are answered, which is the same; returns it."""
        with clock.frozen(at):
            one, other = (screen.open(address, method=method, **sent) for screen in (self.nobody, self.somebody))
        assert (one.status_code, _visible(one.text)) == (other.status_code, _visible(other.text)), address
        return one


def _visible(page: str) -> str:
    """Without what differs between two visits of one person too: tokens, nonces, signatures."""
    return re.sub(r"[\w.%=-]{20,}", "…", page)


@pytest.mark.thorough
def test_every_page_and_answer_is_the_same(app: Flask, runtime: Runtime) -> None:
    world, seen = World(app, runtime), set[str]()
    given = {"public_id": world.course.public_id, "item_public_id": world.items[0], "category": "theory"}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or not declaration_of(app, rule.endpoint).screen:
            continue
        for item in world.items:
            other = {
                name: "1" if isinstance(kind, IntegerConverter) else "x" for name, kind in rule._converters.items()
            }
            values = {name: given.get(name, other[name]) for name in rule.arguments} | {
                name: item for name in rule.arguments if "item" in name or rule.endpoint == "api_progress.held"
            }
            with app.test_request_context():
                address = app.url_map.bind("localhost").build(rule.endpoint, values, force_external=False)
            world.both(START, "GET", address)
        seen.add(rule.endpoint)
    assert {"library.course", "learn.play", "search.results", "api_progress.held", "display.show"} <= seen
    for address in ("/search?q=第1讲", "/library?sort=progress", "/"):
        world.both(START, "GET", address)


def test_beats_say_nothing(app: Flask, runtime: Runtime) -> None:
    """Whatever is claimed: what is new, what was held, what completes the lecture, what comes too fast, what comes
    when the playback has ended. Every beat is credited all the same."""
    world = World(app, runtime)
    tokens: list[str] = []
    for client in (world.nobody, world.somebody):
        with clock.frozen(START):
            lease = client.post("/api/v1/progress/leases", json={"item": world.items[0], "device": "hall"}).json
        assert lease is not None
        tokens.append(lease.pop("token"))
        lease.pop("lease")
        tokens.append(str(lease))
    assert tokens[1] == tokens[3]
    claims = [(5, [[0, 5_000]]), (6, [[0, 38_000]]), (7, [[39_000, 60_000]]), (60, [[0, 60_000]]), (90, [[0, 60_000]])]
    ended = [(100, [[0, 60_000]]), (101, [[0, 1_000]]), (102, [])]

    def beat(token: str, number: int, at: float, spans: list[list[int]]) -> tuple[int, str]:
        body = {"lease": token, "seq": number, "spans": spans, "position": 1_000}
        with clock.frozen(seconds(at)):
            answer = app.test_client().post("/api/v1/progress/heartbeats", json=body)
        return answer.status_code, answer.text

    for number, (at, spans) in enumerate(claims, 1):
        assert beat(tokens[0], number, at, spans) == beat(tokens[2], number, at, spans) == (204, "")
    with runtime.db.begin() as tx:
        for owner in world.owners:
            lease = progress.active_lease(tx, owner.member_id or 0)
            assert lease is not None
            with clock.frozen(seconds(95)):
                progress.end_lease(tx, lease, LeaseEnd.FINISHED)
    for number, (at, spans) in enumerate(ended, 9):
        one, other = beat(tokens[0], number, at, spans), beat(tokens[2], number, at, spans)
        assert one == other and one[0] == 409
        assert '"gained":0' in one[1].replace(" ", "") and "refused" not in one[1].replace('"refused":[]', "")
    with runtime.db.read() as tx:
        rows = tx.execute(
            select(WatchLedger.covered, WatchLedger.completed_ms.is_not(None))
            .join(CourseItem)
            .where(CourseItem.public_id == world.items[0])
        ).all()
    assert [tuple(row) for row in rows] == [(60_000, True)] * 2
