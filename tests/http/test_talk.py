"""Talk under a lecture as pages and as JSON: without a script, kept from others, decided on before it is seen."""

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from academy.app import create_app
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.library.models import Course
from academy.media import service as media
from academy.media.captions.caption_files import CueText
from academy.media.models import Asset
from academy.notifications.models import Notification
from academy.talk.models import Clip, Favourite, Note, Question
from tests.conftest import sign_in
from tests.support import factories, shelf
from tests.support.ledger_makers import learner, lecture
from tests.support.shortcuts import drain

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

SECRET = "只有我自己看的一句话"


@dataclass
class Village:
    runtime: Runtime
    course: Course
    item: str
    member: FlaskClient
    other: FlaskClient
    trainer: FlaskClient
    reviewer: FlaskClient
    stranger: FlaskClient

    def note(self, **changes: object) -> dict[str, object]:
        sent = {"item": self.item, "start": 12_000, "body": SECRET, "writer": "p", "sequence": 1, "revision": 0}
        answer = self.member.put("/api/v1/talk/notes/k1", json=sent | changes)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json
        return found

    def ask(self, text: str = "名单贴在哪里？") -> str:
        """The question's public id."""
        data = {"at": "0:16", "question": text}
        assert self.member.post(f"/learn/{self.item}/questions", data=data).status_code == 303
        with self.runtime.db.read() as tx:
            return tx.scalars(select(Question.public_id).order_by(Question.id.desc())).first() or ""


@pytest.fixture
def village(app: Flask, runtime: Runtime) -> Iterator[Village]:
    with runtime.db.begin() as tx:
        _, _, account = learner(tx)
        course = lecture(tx, account, title="村务公开")
        item = course.shown.items[0]
        lines = [
            CueText(n * 5000, n * 5000 + 5000, text)
            for n, text in enumerate(("开场白", "三件事", "账目公开", "名单公开"))
        ]
        media.replace_cues(tx, tx.get_one(Asset, item.asset_id), lines, "manual")
        _, _, other = learner(tx)
        trainer = factories.account(tx, None, (Role.TRAINER, course.organisation))
        reviewer = factories.account(tx, None, (Role.REVIEWER, course.organisation))
        stranger = factories.account(
            tx, None, (Role.REVIEWER, factories.organisation(tx)), (Role.TRAINER, factories.organisation(tx))
        )
        clients = []
        for who in (account, other, trainer, reviewer, stranger):
            client = app.test_client()
            sign_in(client, factories.session_token(tx, who))
            clients.append(client)
        made = Village(runtime, course, item.public_id, *clients)
    drain(runtime)
    yield made


@pytest.mark.thorough
def test_the_player_leads_to_talk_and_says_how_much_there_is(village: Village) -> None:
    page = village.member.get(f"/learn/{village.item}?t=12").text
    assert f'href="/learn/{village.item}/talk?at=12"' in page and "大家提了" not in page
    village.trainer.post(f"/questions/{village.ask()}", data={"verb": "show", "seen": "waiting"})
    assert "大家提了 1 个问题" in village.other.get(f"/learn/{village.item}").text
    assert "关于" not in village.other.get(f"/learn/{village.item}/talk?at=abc").text


def test_a_note_without_a_script_is_taken_changed_and_deleted(village: Village) -> None:
    talk = f"/learn/{village.item}/talk"
    assert "账目公开" in village.member.get(f"{talk}?at=12").text
    wrong = village.member.post(f"/learn/{village.item}/notes", data={"at": "半路", "body": SECRET})
    assert wrong.status_code == 422 and SECRET in wrong.text and "3:05" in wrong.text, "what was typed is still there"
    for _ in range(2):
        data = {"at": "0:12", "body": SECRET, "key": "form-1"}
        assert village.member.post(f"/learn/{village.item}/notes", data=data).status_code == 303
    assert village.member.post(f"/learn/{village.item}/notes", data={"at": "0:00", "body": ""}).status_code == 303
    page = village.member.get(talk).text
    assert page.count(SECRET) == 1 and "收藏的句子" in page and f'href="/learn/{village.item}?t=10"' in page
    listed = village.member.get("/my/notes").text
    assert SECRET in listed and "账目公开" in listed
    change = "/my/notes/form-1"
    assert SECRET in village.member.get(change).text
    assert village.member.post(change, data={"body": "长" * 5000, "version": "1"}).status_code == 422
    village.member.put(
        "/api/v1/talk/notes/form-1",
        json={"item": village.item, "start": 0, "body": "手机上写的", "writer": "m", "sequence": 1, "revision": 1},
    )
    village.member.post(change, data={"body": "电脑上写的", "version": "1"})
    both = village.member.get(change).text
    assert "手机上写的\n电脑上写的" in both, "neither is lost"
    assert village.member.post(change, data={"verb": "remove"}).status_code == 303
    assert village.member.get(change).status_code == 404


@pytest.mark.thorough
def test_nobody_else_finds_a_note_by_any_way(village: Village) -> None:
    village.note()
    talk = f"/learn/{village.item}/talk"
    for client in (village.other, village.trainer, village.reviewer):
        for address in (
            talk,
            "/my/notes",
            "/my/questions",
            f"/learn/{village.item}",
            f"/search?q={SECRET}",
            "/questions",
            "/me/data/copy",
            "/",
        ):
            text = client.get(address).text
            assert SECRET not in text.replace(f'value="{SECRET}"', "") or address.startswith("/search"), address
        assert village.item in client.get(talk).text
        for method in (client.get, client.post):
            assert method("/my/notes/k1").status_code == 404
        assert client.delete("/api/v1/talk/notes/k1").status_code == 404
    found = village.other.get(f"/search?q={SECRET}").text
    assert found.count(SECRET) <= village.other.get("/search?q=没有人写过的一句话").text.count("没有人写过的一句话")
    assert SECRET in village.member.get("/me/data/copy").text
    assert village.member.get("/me/data").text.count("笔记") >= 1


def test_a_note_saves_itself_in_sequence(village: Village) -> None:
    first = village.note()
    assert (first["start"], first["quote"], first["revision"]) == (10_000, "账目公开", 1)
    assert village.note(sequence=3, body="三")["body"] == "三"
    assert village.note(sequence=2, body="二") == village.note(sequence=3, body="三"), (
        "late and repeated ones change nothing"
    )
    answer = village.note(writer="q", sequence=1, body="另一台", revision=1)
    assert answer["merged"] and answer["body"] == "三\n另一台"
    for wrong in ({"body": "长" * 4001}, {"start": 2**31 - 9}):
        sent = {"item": village.item, "start": 0, "body": "", "writer": "p", "sequence": 9, "revision": 0} | wrong
        key = "k1" if "body" in wrong else "k2"
        assert village.member.put(f"/api/v1/talk/notes/{key}", json=sent).status_code == 422
    assert village.member.put("/api/v1/talk/notes/k1", json={"body": "x"}).status_code == 400
    assert village.member.delete("/api/v1/talk/notes/k1").status_code == 204


def test_a_question_is_seen_by_others_only_when_somebody_decided_so(village: Village) -> None:
    public_id = village.ask()
    talk = f"/learn/{village.item}/talk"
    assert "名单贴在哪里" in village.member.get(talk).text and "等老师看" in village.member.get("/my/questions").text
    assert "名单贴在哪里" not in village.other.get(talk).text
    assert village.member.get(f"/questions/{public_id}").status_code in {403, 404}
    assert village.stranger.get(f"/questions/{public_id}").status_code == 404
    assert village.stranger.post(f"/questions/{public_id}", data={"verb": "show"}).status_code == 404
    desk = village.reviewer.get("/questions").text
    assert "名单贴在哪里" in desk and 'data-total="1"' in desk
    shown = village.reviewer.get(f"/questions/{public_id}").text
    assert "回答并公开" not in shown and "公开这个问题" in shown, (
        "a reviewer decides, and does not answer for the course"
    )
    assert (
        village.reviewer.post(f"/questions/{public_id}", data={"answer": "我来答", "seen": "waiting"}).status_code
        == 404
    )
    assert village.reviewer.post(f"/questions/{public_id}", data={"verb": "show", "seen": "waiting"}).status_code == 303
    assert "还没有回答" in village.other.get(talk).text
    empty = village.trainer.post(f"/questions/{public_id}", data={"answer": " ", "seen": "shown"})
    assert empty.status_code == 422
    stale = village.trainer.post(f"/questions/{public_id}", data={"answer": "在村部墙上。", "seen": "waiting"})
    assert stale.status_code == 409 and "在村部墙上" in stale.text
    done = village.trainer.post(
        f"/questions/{public_id}", data={"answer": "在村部墙上。", "by_lecturer": "1", "seen": "shown"}
    )
    assert done.status_code == 303
    page = village.other.get(talk).text
    assert "在村部墙上" in page and "主讲人回答" in page and 'data-at="15000"' in page
    assert "有回答了" in village.member.get("/notifications").text
    assert village.trainer.get("/questions?state=answered").text.count("名单贴在哪里") == 1


def test_a_refusal_is_explained_to_whoever_asked_and_to_nobody_else(village: Village) -> None:
    public_id = village.ask("我家的低保为什么没批？")
    bare = village.reviewer.post(
        f"/questions/{public_id}", data={"verb": "refuse", "refusal": "other", "seen": "waiting"}
    )
    assert bare.status_code == 422, "another reason needs words"
    data = {"verb": "refuse", "refusal": "personal", "comment": "请到镇里民政办问。", "seen": "waiting"}
    assert village.reviewer.post(f"/questions/{public_id}", data=data).status_code == 303
    own = village.member.get("/my/questions").text
    assert "里面有个人的信息" in own and "请到镇里民政办问" in own and "没有公开" in own
    assert "低保" not in village.other.get(f"/learn/{village.item}/talk").text
    with village.runtime.db.read() as tx:
        sent = tx.scalars(select(Notification).where(Notification.kind == "question.refused")).one()
    assert sent.link == f"/my/questions#{public_id}" and "低保" not in str(sent.body)


def test_questions_by_a_queue_are_one_and_too_many_wait(village: Village) -> None:
    sent = {"item": village.item, "start": 0, "key": "q1", "body": "问"}
    answers = [village.member.post("/api/v1/talk/questions", json=sent) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201] and answers[0].json == answers[1].json
    for n in range(9):
        assert village.member.post("/api/v1/talk/questions", json=sent | {"key": f"more{n}"}).status_code == 201
    busy = village.member.post("/api/v1/talk/questions", json=sent | {"key": "last"})
    assert busy.status_code in {429, 503} and busy.headers["Retry-After"]
    full = village.member.post(f"/learn/{village.item}/questions", data={"at": "0:00", "question": "还有一个问题"})
    assert full.status_code in {429, 503}


@pytest.mark.parametrize("page", ["/learn/{item}/questions", "/api/v1/talk/questions"])
@pytest.mark.thorough
def test_questions_are_limited_by_the_minute(village: Village, runtime: Runtime, page: str) -> None:
    limited = dataclasses.replace(runtime, settings=dataclasses.replace(runtime.settings, rate_per_minute=500))
    app = create_app(limited)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    with runtime.db.begin() as tx:
        sign_in(client, factories.session_token(tx, learner(tx)[2]))
    address = page.format(item=village.item)
    statuses = [client.post(address, json={}).status_code for _ in range(11)]
    assert statuses[-1] == 429 and 429 not in statuses[:10]


def test_a_clip_has_one_address_shows_its_words_and_goes_with_the_course(village: Village) -> None:
    late = village.member.post(f"/learn/{village.item}/clips", data={"first": "0:12", "last": "0:02"})
    assert late.status_code == 422 and "0:12" in late.text
    made = village.member.post(f"/learn/{village.item}/clips", data={"first": "0:07", "last": "0:12"})
    assert made.status_code == 303
    again = village.other.post("/api/v1/talk/clips", json={"item": village.item, "start": 5000, "last": 10_000})
    assert again.status_code == 201 and again.json["address"].endswith(made.location), "one stretch, one address"
    page = village.other.get(made.location).text
    assert 'data-start="5000"' in page and 'data-until="15000"' in page and "片段 0:05–0:15" in page
    words = re.findall(r"<span data-text>(.*?)</span>", page)
    assert words == ["三件事", "账目公开"], "only what is in it"
    assert f'href="/learn/{village.item}?t=5"' in page and "看整节课" in page
    assert "附在提醒里" not in page
    assert village.other.get("/clips/0000000000000000").status_code == 404
    assert village.other.application.test_client().get(made.location).status_code in {302, 303}, "as the course"
    with village.runtime.db.begin() as tx:
        tx.scalars(select(Clip)).one().place = "cut"
    assert "已经从这节课里剪去了" in village.other.get(made.location).text
    with village.runtime.db.begin() as tx:
        shelf.withdraw(tx, tx.get_one(Course, village.course.id))
    assert village.other.get(made.location).status_code == 404
    assert SECRET not in village.member.get("/my/notes").text


def test_favourites_are_a_list_of_ones_own(village: Village) -> None:
    address = f"/library/{village.course.public_id}"
    for _ in range(2):
        assert village.member.post(f"{address}/favourite", data={"verb": "add"}).status_code == 303
    assert "已收藏" in village.member.get(address).text and "已收藏" not in village.other.get(address).text
    assert "村务公开" in village.member.get("/my/favourites").text and "我的收藏" in village.member.get("/").text
    assert "还没有收藏" in village.other.get("/my/favourites").text and "我的收藏" not in village.other.get("/").text
    with village.runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(Favourite)) == 1
    assert '"favourites": [' in village.member.get("/me/data/copy").text
    village.member.post(f"{address}/favourite", data={"verb": "remove"})
    assert "还没有收藏" in village.member.get("/my/favourites").text


def test_notes_of_a_withdrawn_lecture_stay_with_their_owner(village: Village) -> None:
    village.note()
    with village.runtime.db.begin() as tx:
        shelf.withdraw(tx, tx.get_one(Course, village.course.id))
    page = village.member.get("/my/notes").text
    assert SECRET in page and "已下架" in page and f"/learn/{village.item}" not in page
    with village.runtime.db.begin() as tx:
        row = tx.scalars(select(Note)).one()
        row.place, row.updated_at = "cut", row.updated_at + dt.timedelta(1)
    assert "这一段已经剪去" in unescape(village.member.get("/my/notes/k1").text)
    assert (
        village.member.put(
            "/api/v1/talk/notes/k1",
            json={"item": village.item, "start": 0, "body": "还能改", "writer": "z", "sequence": 1, "revision": 1},
        ).status_code
        == 200
    )
    gone = village.member.put(
        "/api/v1/talk/notes/k9",
        json={"item": village.item, "start": 0, "body": "", "writer": "z", "sequence": 1, "revision": 0},
    )
    assert gone.status_code == 404
