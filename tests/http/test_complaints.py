"""The complaint box: said without a name, answered by another, a lecture gone at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.library.models import Complaint, Course
from academy.media import delivery
from academy.media.storage.file_storage import local_storage, set_key
from tests.conftest import sign_in
from tests.support import factories
from tests.support.shortcuts import drain


@dataclass
class Village:
    """A member, the reviewer above, the administrator of the branch next door, and a lecture."""

    runtime: Runtime
    course: Course
    name: str
    member: FlaskClient
    trainer: FlaskClient
    reviewer: FlaskClient
    neighbour: FlaskClient

    def one(self) -> Complaint:
        with self.runtime.db.read() as tx:
            return tx.scalars(select(Complaint)).one()

    def complain(self, **changes: str) -> int:
        form = {"subject": "content", "body": "第 3 分钟的数字不对。", "course": self.course.public_id} | changes
        return self.member.post("/complaints/new", data=form).status_code


@pytest.fixture
def village(app: Flask, runtime: Runtime) -> Iterator[Village]:
    with runtime.db.begin() as tx:
        county = factories.organisation(tx, level="county")
        branch, next_door = factories.organisation(tx, county), factories.organisation(tx, county)
        person = factories.member(tx, branch, name="田守成")
        trainer = factories.account(tx, None, (Role.TRAINER, county), (Role.REVIEWER, county))
        reviewer = factories.account(tx, None, (Role.REVIEWER, county))
        neighbour = factories.account(tx, None, (Role.NODE_ADMINISTRATOR, next_door))
        course = factories.published_course(tx, trainer, reviewer, title="有误的课")
        clients = []
        for who in (factories.account(tx, person), trainer, reviewer, neighbour):
            client = app.test_client()
            sign_in(client, factories.session_token(tx, who))
            clients.append(client)
    yield Village(runtime, course, person.name, *clients)


def test_a_word_is_answered_and_the_lecture_taken_down_at_once(village: Village) -> None:
    assert "反映问题" in village.member.get(f"/library/{village.course.public_id}").text
    assert village.complain() == 303
    box = village.reviewer.get("/complaints/box").text
    assert "第 3 分钟的数字不对" in box and "有误的课" in box
    page = re.search(r"/complaints/[a-z0-9]{16}", box)
    assert page is not None
    shown = village.reviewer.get(page[0]).text
    assert village.name not in shown and "下架" in shown, "the writer stays unnamed"
    assert village.reviewer.post(page[0], data={"answer": " "}).status_code == 422
    assert village.reviewer.post(page[0], data={"answer": "属实，已下架重录。", "verb": "take_down"}).status_code == 303
    assert village.member.get(f"/library/{village.course.public_id}").status_code == 404
    own = village.member.get(page[0]).text
    assert "属实，已下架重录" in own and "课程已下架" in own
    assert "您反映的问题有答复了" in village.member.get("/notifications").text
    assert village.reviewer.post(page[0], data={"answer": "再答一次"}).status_code == 409
    with village.runtime.db.read() as tx:
        verbs = set(tx.scalars(select(AuditEntry.verb).where(AuditEntry.target.startswith("complaint:"))))
    assert verbs == {"complaint.made", "complaint.answered"}


def test_nobody_answers_about_their_own_lecture_or_out_of_scope(village: Village) -> None:
    village.complain()
    here = f"/complaints/{village.one().public_id}"
    for stranger in (village.trainer, village.neighbour):
        assert "第 3 分钟" not in stranger.get("/complaints/box").text
        assert stranger.get(here).status_code == 404
        assert stranger.post(here, data={"answer": "没有问题。"}).status_code == 404
    assert village.member.post(here, data={"answer": "自己答"}).status_code == 404
    assert village.one().state == "open"
    with village.runtime.db.begin() as tx, pytest.raises(IntegrityError), tx.begin_nested():
        row = tx.scalars(select(Complaint)).one()
        row.answered_by = row.account_id
        tx.flush()


def test_the_box_takes_words_about_rules_and_refuses_empty_ones(village: Village) -> None:
    assert village.complain(course="", subject="rule", body="学时折算看不懂。") == 303
    assert "学时折算看不懂" in village.reviewer.get("/complaints/box").text, "from a branch below"
    assert village.complain(body="  ") == 422
    assert village.complain(subject="nonsense") == 422
    assert village.complain(course="nosuchcourse") == 404
    assert "学时折算看不懂" in village.member.get("/complaints").text


def test_one_person_cannot_fill_the_box(village: Village) -> None:
    assert [village.complain() for _ in range(11)] == [303] * 10 + [503]


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_takedown_reaches_links_search_and_who_is_watching(village: Village) -> None:
    runtime = village.runtime
    with runtime.db.read() as tx:
        line = factories.lines(tx, tx.get_one(Course, village.course.id))[0]
    item, asset = line.item, line.asset
    assert asset is not None
    file = local_storage(runtime.settings).path(f"{set_key(asset.public_id, asset.generation)}/poster.jpg")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\xff\xd8\xff")
    link = delivery.url(runtime.settings, asset, "poster.jpg")
    drain(runtime)
    addresses = (f"/library/{village.course.public_id}", f"/learn/{item.public_id}", link)

    def seen() -> list[int]:
        codes = []
        for address in addresses:
            with village.member.get(address) as answer:
                codes.append(answer.status_code)
        return codes

    assert seen() == [200, 200, 200]
    assert item.public_id in village.member.get("/search?q=有误的课").text
    leased = village.member.post("/api/v1/progress/leases", json={"item": item.public_id})
    assert leased.status_code == 201
    village.complain()
    village.reviewer.post(
        f"/complaints/{village.one().public_id}", data={"answer": "属实，已下架重录。", "verb": "take_down"}
    )
    assert seen() == [404, 404, 404], "before any job has run"
    assert item.public_id not in village.member.get("/search?q=有误的课").text
    beat = {"lease": (leased.json or {})["token"], "seq": 1, "spans": [[0, 1000]]}
    late = village.member.post("/api/v1/progress/heartbeats", json=beat)
    assert (late.status_code, (late.json or {})["reason"]) == (409, "withdrawn")
    drain(runtime)
    assert seen() == [404, 404, 404] and not file.exists()
