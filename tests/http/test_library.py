"""Courses in the browser's words: made, judged, shown, taken away."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.core.runtime import Runtime
from academy.library import queries
from academy.library.kinds import CourseState
from academy.library.models import Course
from academy.media.models import Asset, Upload
from tests.conftest import sign_in
from tests.support import factories


@dataclass
class Town:
    """A trainer, a second trainer, a reviewer and a member, each with a browser."""

    runtime: Runtime
    trainer_account: Account
    reviewer_account: Account
    trainer: FlaskClient
    other: FlaskClient
    reviewer: FlaskClient
    member: FlaskClient

    def course(self, public_id: str) -> Course:
        with self.runtime.db.read() as tx:
            return tx.scalars(
                select(Course).where(Course.public_id == public_id).options(joinedload(Course.draft))
            ).one()

    def uploaded(self, kind: str = "video", state: str = "ready") -> str:
        """The public id of an upload of the trainer's that became an asset."""
        with self.runtime.db.begin() as tx:
            asset = factories.asset(tx, self.trainer_account, kind=kind, state=state)
            upload = Upload(
                account_id=self.trainer_account.id,
                filename=asset.filename,
                size=1000,
                offset=1000,
                purpose=kind,
                asset_id=asset.id,
                expires_at=clock.now(),
                completed_at=clock.now(),
            )
            tx.add(upload)
            tx.flush()
            return upload.public_id

    def published(self, **changes: object) -> Course:
        with self.runtime.db.begin() as tx:
            return factories.published_course(tx, self.trainer_account, self.reviewer_account, **changes)

    def draft(self, **changes: object) -> Course:
        with self.runtime.db.begin() as tx:
            return factories.course(tx, self.trainer_account, **changes)


@pytest.fixture
def town(app: Flask, runtime: Runtime) -> Iterator[Town]:
    with runtime.db.begin() as tx:
        factories.library.seed_categories(tx)
        county = factories.organisation(tx, level="county")
        branch = factories.organisation(tx, county)
        trainer = factories.account(tx, None, (Role.TRAINER, county))
        reviewer = factories.account(tx, None, (Role.REVIEWER, county))
        other = factories.account(tx, None, (Role.TRAINER, county))
        person = factories.account(tx, factories.member(tx, branch))
        clients = []
        for who in (trainer, other, reviewer, person):
            client = app.test_client()
            sign_in(client, factories.session_token(tx, who))
            clients.append(client)
    yield Town(runtime, trainer, reviewer, *clients)


PARTICULARS = {
    "title": "移风易俗进农家",
    "category": "village",
    "summary": "讲三件事。",
    "lecturer": "田禾",
    "office": "河湾镇党委书记",
    "is_leader": "1",
    "threshold": "90",
    "credit_minutes": "45",
}


def test_a_course_goes_from_an_empty_form_to_the_members_shelf(town: Town) -> None:
    made = town.trainer.post("/studio/new", data=PARTICULARS)
    public_id = made.headers["Location"].rsplit("/", 1)[-1]
    here = f"/studio/{public_id}"
    assert "至少上传一个课件" in town.trainer.get(here).text
    refused = town.trainer.post(f"{here}/do", data={"verb": "submit"})
    assert refused.status_code == 422 and "至少上传一个课件" in refused.text
    added = town.trainer.post(f"{here}/items", data={"upload": town.uploaded()})
    assert added.status_code == 303
    assert town.trainer.post(f"{here}/do", data={"verb": "submit"}).status_code == 303
    assert "移风易俗进农家" in town.reviewer.get("/review").text
    desk = town.reviewer.get(f"/review/{public_id}").text
    assert "data-player" in desk and "data-held" not in desk, "watched without a ledger"
    item = re.search(rf"{here}/items/[a-z0-9]+", town.trainer.get(here).text)
    assert item is not None and "data-player" in town.trainer.get(item[0]).text
    seen = re.search(r'name="seen" value="(\d+)"', desk)
    assert seen is not None
    blank = town.reviewer.post(f"/review/{public_id}", data={"verb": "return", "comment": "", "seen": seen[1]})
    assert blank.status_code == 422 and "请写明需要修改的地方" in blank.text
    town.reviewer.post(f"/review/{public_id}", data={"verb": "return", "comment": "请核对数字。", "seen": seen[1]})
    assert "请核对数字。" in town.trainer.get(here).text
    town.trainer.post(here, data=PARTICULARS | {"summary": "核对过了。"})
    town.trainer.post(f"{here}/do", data={"verb": "submit"})
    stale = town.reviewer.post(f"/review/{public_id}", data={"verb": "approve", "seen": seen[1]})
    assert stale.status_code == 409, "the page shows what is there no more"
    done = town.reviewer.post(
        f"/review/{public_id}", data={"verb": "approve_and_publish", "seen": str(int(seen[1]) + 1)}
    )
    assert done.status_code == 303
    assert "移风易俗进农家" in town.member.get("/library?category=village").text
    page = town.member.get(f"/library/{public_id}").text
    assert "田禾" in page and "开始学习" in page and "一把手" in page
    assert "移风易俗进农家" in town.member.get("/").text
    course = town.course(public_id)
    assert (course.state, course.shown.threshold_permille) == (CourseState.PUBLISHED, 900)


def test_items_are_renamed_moved_replaced_and_removed(town: Town) -> None:
    course = town.draft(items=2)
    with town.runtime.db.read() as tx:
        ids = [line.item.public_id for line in factories.lines(tx, course)]
    change = f"/studio/{course.public_id}/items/{ids[0]}"
    town.trainer.post(change, data={"item_title": "新标题", "required": "1"})
    town.trainer.post(change, data={"verb": "down"})
    town.trainer.post(change, data={"verb": "replace", "upload": town.uploaded()})
    with town.runtime.db.read() as tx:
        lines = factories.lines(tx, course)
        assert [line.item.public_id for line in lines] == ids[::-1]
        assert (lines[1].item.title, lines[1].item.number) == ("新标题", 2)
    town.trainer.post(change, data={"verb": "remove"})
    with town.runtime.db.read() as tx:
        assert [line.item.public_id for line in factories.lines(tx, course)] == ids[1:]
    assert town.trainer.post(change, data={"verb": "remove"}).status_code == 404


def test_a_cover_is_a_picture_of_ones_own(town: Town) -> None:
    course = town.draft()
    here = f"/studio/{course.public_id}/cover"
    assert town.trainer.post(here, data={"upload": town.uploaded("video")}).status_code == 422
    assert town.trainer.post(here, data={"upload": town.uploaded("image")}).status_code == 303
    assert town.course(course.public_id).shown.cover_asset_id is not None
    town.trainer.post(here)
    assert town.course(course.public_id).shown.cover_asset_id is None


def test_a_published_course_is_revised_beside_itself(town: Town) -> None:
    course = town.published(title="第一版")
    here = f"/studio/{course.public_id}"
    assert town.trainer.post(here, data=PARTICULARS).status_code == 409
    assert town.trainer.post(f"{here}/do", data={"verb": "revise"}).headers["Location"] == here
    assert "修订稿" in town.trainer.get(here).text and "修订稿：草稿" in town.trainer.get("/studio").text
    town.trainer.post(here, data=PARTICULARS | {"title": "第二版"})
    assert "第一版" in town.member.get(f"/library/{course.public_id}").text
    town.trainer.post(f"{here}/do", data={"verb": "submit"})
    assert "修订稿" in town.reviewer.get("/review").text and "第二版" in town.reviewer.get("/review").text
    town.reviewer.post(here.replace("studio", "review"), data={"verb": "approve_and_publish"})
    assert "第二版" in town.member.get(f"/library/{course.public_id}").text
    assert "修订稿：审阅" not in town.trainer.get(here).text
    town.trainer.post(f"{here}/do", data={"verb": "revise"})
    town.trainer.post(here, data=PARTICULARS | {"title": "第三版"})
    assert "放弃修订" in town.trainer.get(here).text
    town.trainer.post(f"{here}/do", data={"verb": "discard"})
    assert "第三版" not in town.trainer.get(here).text and "第二版" in town.trainer.get(here).text


def test_withdrawn_is_gone_and_can_come_back(town: Town) -> None:
    course = town.published()
    town.reviewer.post(f"/review/{course.public_id}", data={"verb": "withdraw", "comment": "过期"})
    assert town.member.get(f"/library/{course.public_id}").status_code == 404
    assert course.title not in town.member.get("/library").text
    assert town.trainer.get(f"/studio/{course.public_id}").status_code == 200
    town.reviewer.post(f"/review/{course.public_id}", data={"verb": "republish"})
    assert town.member.get(f"/library/{course.public_id}").status_code == 200


def test_a_draft_is_there_for_its_author_alone_and_attempts_are_audited(town: Town) -> None:
    course = town.draft()
    for client, path in (
        (town.other, f"/studio/{course.public_id}"),
        (town.reviewer, f"/review/{course.public_id}"),
        (town.member, f"/library/{course.public_id}"),
    ):
        assert client.get(path).status_code == 404
    for path in ("items", "cover", "do"):
        assert town.other.post(f"/studio/{course.public_id}/{path}", data={"verb": "submit"}).status_code == 404
    with town.runtime.db.read() as tx:
        rows = tx.scalars(
            select(AuditEntry).where(
                AuditEntry.verb == "access.refused", AuditEntry.target == f"course:{course.public_id}"
            )
        ).all()
    assert len(rows) == 6


@pytest.mark.parametrize("path", ["/studio", "/studio/new", "/review"])
def test_offices_are_closed_to_members(town: Town, path: str) -> None:
    assert town.member.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/library", "/studio", "/review"])
def test_strangers_are_asked_to_sign_in(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, "/sign-in" in answer.headers["Location"]) == (302, True)


def test_a_failed_file_is_on_the_first_page_and_in_the_studio(town: Town) -> None:
    course = town.draft(title="坏了")
    with town.runtime.db.begin() as tx:
        asset = tx.get_one(Asset, factories.lines(tx, course)[0].item.asset_id)
        asset.state, asset.error = "failed", {"text": "文件不完整，请重新上传。", "params": {}}
    assert "坏了" in town.trainer.get("/").text
    assert "文件不完整" in town.trainer.get("/studio").text
    assert "文件不完整" in town.trainer.get(f"/studio/{course.public_id}").text


def test_an_unknown_shelf_and_odd_pages(town: Town) -> None:
    assert town.member.get("/library?category=nothing").status_code == 404
    assert town.member.get("/library?page=99999999999").status_code == 200
    assert town.member.get("/library?leaders=1").status_code == 200
    bad = town.trainer.post("/studio/new", data=PARTICULARS | {"threshold": "nan", "credit_minutes": "1e999"})
    assert bad.status_code == 422


def test_the_citys_administrator_keeps_the_shelves(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        factories.library.seed_categories(tx)
        city = factories.organisation(tx, level="city")
        county = factories.organisation(tx, city, level="county")
        clients = []
        for node in (city, county):
            client = app.test_client()
            sign_in(client, factories.session_token(tx, factories.account(tx, None, (Role.NODE_ADMINISTRATOR, node))))
            clients.append(client)
    keeper, county_officer = clients
    here = "/library/categories"
    assert county_officer.get(here).status_code == 404
    assert county_officer.post(here, data={"name": "越权"}).status_code == 404
    assert keeper.post(here, data={"name": "民族团结"}).status_code == 303
    for wrong in ("", "民族团结", "字" * 21):
        assert keeper.post(here, data={"name": wrong}).status_code == 422
    with runtime.db.read() as tx:
        slugs = {c.name: c.slug for c in queries.list_categories(tx)}
    added = slugs["民族团结"]
    keeper.post(here, data={"verb": "rename", "slug": added, "name": "民族宗教政策"})
    keeper.post(here, data={"verb": "up", "slug": added})
    with runtime.db.read() as tx:
        assert [c.name for c in queries.list_categories(tx)][-2:] == ["民族宗教政策", "经济发展"]
    keeper.post(here, data={"verb": "remove", "slug": added})
    with runtime.db.begin() as tx:
        assert added not in [c.slug for c in queries.list_categories(tx)]
        trainer = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        factories.course(tx, trainer, category="law")
    assert keeper.post(here, data={"verb": "remove", "slug": "law"}).status_code == 409
    assert keeper.post(here, data={"verb": "remove", "slug": "nothing"}).status_code == 404
