"""A stretch of a lecture is assigned with a training: pasted into its plan, opened by its notice, listed."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.runtime import Runtime
from academy.jobs.context import JobContext
from academy.learning.models import WatchLedger
from academy.learning.rules import pack_spans
from academy.library.models import Course
from academy.notifications.models import Notification
from academy.outreach import jobs
from academy.talk import clips
from academy.talk.api import Spot
from academy.talk.models import Clip
from academy.trainings import service
from academy.trainings.events import TrainingOpened
from academy.trainings.models import Training
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import shelf
from tests.support.coverage_city import City, at
from tests.support.ledger_makers import lecture

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


class Scene:
    """A city whose officer plans, a member who is due, a clip of a lecture of somebody's."""

    def __init__(self, runtime: Runtime, client: FlaskClient) -> None:
        self.runtime, self.client = runtime, client
        with clock.frozen(at()), runtime.db.begin() as tx:
            self.city = City(tx)
            self.member = make.account(tx, self.city.people[0])
            self.officer = make.account(tx, None, (Role.NODE_ADMINISTRATOR, self.city.city))
            self.course = lecture(tx, self.member)
            self.item = self.course.shown.items[0]
            clip = clips.make_clip(tx, make.actor_of(tx, self.member), self.item, Spot(60_000), Spot(80_000))
            self.clip, self.stretch = clip.public_id, (clip.place_start, clip.place_end)

    def become(self, who: str) -> None:
        """Sign somebody in."""
        with self.runtime.db.begin() as tx:
            sign_in(self.client, make.session_token(tx, getattr(self, who)))

    def form(self, **changes: object) -> dict[str, object]:
        """A plan for the whole city."""
        return {
            "title": "冬训", "opens_on": "2026-11-01", "closes_on": "2027-11-30",
            "courses": [c.public_id for c in self.city.courses], "statuses": ["active", "floating"],
            "joining": "include", "leaving": "drop", "moving": "follow", "clip": f"http://localhost/clips/{self.clip}",
        } | changes  # fmt: skip

    def planned(self) -> Training:
        """The only training."""
        with self.runtime.db.read() as tx:
            return tx.scalars(select(Training)).one()

    def notices(self) -> set[tuple[str, str]]:
        """Sentence and link of what the opening sent, by the job."""
        jobs.announce(JobContext(self.runtime, 0), TrainingOpened(self.planned().id))
        with self.runtime.db.read() as tx:
            rows = tx.scalars(select(Notification).where(Notification.kind == "training.opened")).all()
            return {(str(row.body), row.link) for row in rows}


@pytest.fixture
def scene(runtime: Runtime, client: FlaskClient) -> Scene:
    return Scene(runtime, client)


def test_a_clip_goes_from_its_own_page_into_a_plan_and_from_the_notice_to_the_member(scene: Scene) -> None:
    client, node = scene.client, scene.city.city.public_id
    scene.become("officer")
    page = client.get(f"/clips/{scene.clip}").text
    assert f"/trainings/new/{node}?clip=" in page and "布置给一次培训" in page
    page = client.get(f"/trainings/new/{node}?clip=http://localhost/clips/{scene.clip}").text
    assert f'value="http://localhost/clips/{scene.clip}"' in page
    made = client.post(f"/trainings/new/{node}", data=scene.form())
    assert made.status_code == 302
    assert (
        f'href="/clips/{scene.clip}"' in client.get(made.location).text
        and "先看的一段" in client.get(made.location).text
    )
    edit = client.get(f"{made.location}/edit").text
    assert f'value="http://localhost/clips/{scene.clip}"' in edit
    assert client.post(f"{made.location}/open").status_code == 302
    ((body, link),) = scene.notices()
    assert link == f"/clips/{scene.clip}" and scene.course.title in body
    scene.become("member")
    mine = client.get("/my/trainings").text
    assert f'href="/clips/{scene.clip}"' in mine and "先看一段" in mine and "已看" not in mine
    assert "布置给一次培训" not in client.get(link).text
    with scene.runtime.db.begin() as tx:
        tx.add(
            WatchLedger(
                member_id=scene.city.people[0].id, item_id=scene.item.item_id, item_version=scene.item.number,
                spans=pack_spans([scene.stretch]), covered=scene.stretch[1] - scene.stretch[0],
            )
        )  # fmt: skip
    assert "已看" in client.get("/my/trainings").text


def test_a_wrong_address_keeps_what_was_typed_and_a_copy_keeps_the_clip(scene: Scene) -> None:
    client, node = scene.client, scene.city.city.public_id
    scene.become("officer")
    wrong = client.post(f"/trainings/new/{node}", data=scene.form(clip="https://elsewhere.example/clips/x"))
    assert wrong.status_code == 422 and "没有找到这个片段" in wrong.text
    assert 'value="https://elsewhere.example/clips/x"' in wrong.text and 'value="冬训"' in wrong.text
    made = client.post(f"/trainings/new/{node}", data=scene.form())
    with scene.runtime.db.begin() as tx:
        copy = service.copy_training(tx, Actor(account_id=scene.officer.id), tx.merge(scene.planned()))
        assert copy.clip_id == tx.scalars(select(Clip.id)).one()
        service.discard_training(tx, Actor(account_id=scene.officer.id), copy)
    assert client.post(f"{made.location}/edit", data=scene.form(clip="")).status_code == 302
    assert scene.planned().clip_id is None


@pytest.mark.parametrize("gone", ["withdrawn", "cut"])
def test_what_is_gone_is_asked_of_nobody(scene: Scene, gone: str) -> None:
    client = scene.client
    scene.become("officer")
    made = client.post(f"/trainings/new/{scene.city.city.public_id}", data=scene.form())
    client.post(f"{made.location}/open")
    with scene.runtime.db.begin() as tx:
        if gone == "cut":
            tx.scalars(select(Clip)).one().place = "cut"
        else:
            shelf.withdraw(tx, tx.get_one(Course, scene.course.id))
    assert {link for _, link in scene.notices()} == {"/my/trainings"}
    assert scene.clip not in client.get(made.location).text
    scene.become("member")
    assert "先看一段" not in client.get("/my/trainings").text
