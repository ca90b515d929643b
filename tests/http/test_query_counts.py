"""As many queries for a few as for many: pages that list what people gather over the years."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.media.models import Cue, Transcript
from academy.notifications.service import notify
from academy.trainings import service as trainings
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support.coverage_city import City, at, training
from tests.support.shortcuts import settle_all

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@dataclass
class Scene:
    """A member and a trainer of a city, to whom more and more is given."""

    runtime: Runtime
    city: City
    member: Account
    trainer: Account

    def grow(self) -> None:
        """A training, a course of the library, items with captions in the draft, notifications, files."""
        with self.runtime.db.begin() as tx:
            plan = training(tx, self.city.city, self.city.courses)
            trainings.open_training(tx, SYSTEM, plan)
            make.course(tx, self.trainer)
            key, body = f"reminder:{plan.id}", msg("“%(title)s”请学完。", title=f"冬训{plan.id}")
            notify(tx, key=key, body=body, link="/my/trainings", member_id=self.member.member_id, kind="reminder")
            settle_all(tx)


@pytest.fixture
def scene(runtime: Runtime) -> Iterator[Scene]:
    with clock.frozen(at()):
        with runtime.db.begin() as tx:
            make.library.seed_categories(tx)
            city = City(tx)
            trainer = make.account(tx, None, (Role.TRAINER, city.city))
            made = Scene(runtime, city, make.account(tx, city.people[0]), trainer)
        yield made


def client_of(app: Flask, runtime: Runtime, account: Account) -> FlaskClient:
    client = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, make.session_token(tx, account))
    return client


def opened(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200, path


@pytest.mark.parametrize("path", ["/", "/my/trainings", "/my/record", "/notifications", "/library"])
@pytest.mark.thorough
def test_what_a_member_is_given(
    app: Flask, scene: Scene, path: str, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    client = client_of(app, scene.runtime, scene.member)
    for _ in range(2):
        scene.grow()
    opened(client, path)
    few = count_queries(lambda: opened(client, path))
    for _ in range(5):
        scene.grow()
    opened(client, path)
    assert count_queries(lambda: opened(client, path)) == few


@pytest.mark.thorough
def test_a_course_of_many_items_with_long_captions_in_the_studio(
    app: Flask, scene: Scene, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    client = client_of(app, scene.runtime, scene.trainer)
    with scene.runtime.db.begin() as tx:
        few, many = make.course(tx, scene.trainer, items=2), make.course(tx, scene.trainer, items=9)
        for line in [*make.lines(tx, few), *make.lines(tx, many)]:
            transcript = Transcript(asset_id=line.item.asset_id, origin="manual")
            tx.add(transcript)
            tx.flush()
            rows = [
                {
                    "transcript_id": transcript.id,
                    "seq": n,
                    "start_ms": n * 2000,
                    "end_ms": n * 2000 + 1900,
                    "text": "字",
                }
                for n in range(200)
            ]
            tx.execute(insert(Cue), rows)
        paths = [f"/studio/{made.public_id}" for made in (few, many)]
    for path in paths:
        opened(client, path)
    counts = [count_queries(lambda path=path: opened(client, path)) for path in paths]  # type: ignore[misc]
    assert counts[0] == counts[1]


def test_the_studio_of_a_trainer_with_many_courses(
    app: Flask, scene: Scene, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    client = client_of(app, scene.runtime, scene.trainer)
    for _ in range(2):
        scene.grow()
    opened(client, "/studio")
    few = count_queries(lambda: opened(client, "/studio"))
    for _ in range(5):
        scene.grow()
    assert count_queries(lambda: opened(client, "/studio")) == few
