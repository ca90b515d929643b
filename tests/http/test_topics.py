"""Topics asked for: one voice each, merged and taken back, declined; who asked is notified and never shown."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select

from academy.accounts.api import PersonErased
from academy.accounts.models import Account
from academy.classes.models import ClassMember, TeachingTerm, TrainingClass
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty.request_models import TopicRequest, TopicVoice
from academy.jobs import api as jobs
from academy.library.models import Category
from academy.notifications.models import Notification
from tests.conftest import sign_in
from tests.support import factories
from tests.support.ledger_makers import learner
from tests.support.shortcuts import drain

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@dataclass
class Town:
    runtime: Runtime
    clients: dict[str, FlaskClient]
    accounts: dict[str, Account]

    def post(self, who: str, address: str, **data: str) -> int:
        return self.clients[who].post(address, data=data).status_code

    def ask(self, who: str, title: str, **more: str) -> str:
        """The topic's public id."""
        assert self.post(who, "/topics/new", title=title, category="village", **more) == 303
        with self.runtime.db.read() as tx:
            return tx.scalars(select(TopicRequest.public_id).order_by(TopicRequest.id.desc())).first() or ""

    def voices(self) -> int:
        with self.runtime.db.read() as tx:
            return tx.scalar(select(func.count()).select_from(TopicVoice)) or 0

    def shown(self, topic: str) -> int:
        """How many people support it, by its page."""
        found = re.search(r'topic-count">([\d,]+)<', self.clients["office"].get(f"/topics/{topic}").text)
        assert found
        return int(found[1])

    def messages(self, who: str) -> list[str]:
        drain(self.runtime)
        with self.runtime.db.read() as tx:
            mine = select(Notification.body).where(Notification.account_id == self.accounts[who].id)
            return [str(body["text"] % body["params"]) for body in tx.scalars(mine.order_by(Notification.id))]

    def state(self, topic: str) -> str:
        with self.runtime.db.read() as tx:
            return tx.scalars(select(TopicRequest.state).where(TopicRequest.public_id == topic)).one()


@pytest.fixture
def town(app: Flask, runtime: Runtime) -> Iterator[Town]:
    with runtime.db.begin() as tx:
        tx.add(Category(slug="village", name="乡村振兴", position=1))
        city = factories.organisation(tx, level="city")
        county = factories.organisation(tx, city)
        accounts = {name: learner(tx)[2] for name in ("anna", "bert", "carl")}
        accounts["office"] = factories.account(tx, None, (Role.NODE_ADMINISTRATOR, city))
        accounts["county"] = factories.account(tx, None, (Role.NODE_ADMINISTRATOR, county))
        clients = {}
        for name, account in accounts.items():
            clients[name] = app.test_client()
            sign_in(clients[name], factories.session_token(tx, account))
        made = Town(runtime, clients, accounts)
    drain(runtime)
    yield made


def test_one_voice_each_given_twice_and_withdrawn_at_will(town: Town) -> None:
    topic = town.ask("anna", "村集体的账怎么公开")
    assert town.shown(topic) == 1, "who asks supports it"
    for _ in range(2):
        assert town.post("bert", f"/topics/{topic}/voice", verb="support") == 303
    assert town.shown(topic) == 2 == town.voices()
    assert "已点，收回" in town.clients["bert"].get("/topics").text
    for _ in range(2):
        assert town.post("bert", f"/topics/{topic}/voice", verb="withdraw") == 303
    assert town.shown(topic) == 1
    assert "我也想听" in town.clients["bert"].get(f"/topics/{topic}").text
    assert "村集体的账怎么公开" not in town.clients["bert"].get("/topics/mine").text
    assert "村集体的账怎么公开" in town.clients["anna"].get("/topics/mine").text


def test_nobody_votes_for_another(town: Town) -> None:
    topic = town.ask("anna", "听证会怎么开")
    carl = town.accounts["carl"]
    for name in ("account", "account_id", "member", "member_id", "proposed_by", "on_behalf_of"):
        town.post("bert", f"/topics/{topic}/voice", verb="support", **{name: str(carl.id)})
    with town.runtime.db.read() as tx:
        voters = set(tx.scalars(select(TopicVoice.account_id)))
    assert voters == {town.accounts["anna"].id, town.accounts["bert"].id}
    assert town.clients["bert"].post(f"/topics/{topic}/voice", data={}).status_code >= 400


def test_what_was_sent_twice_is_one_topic_and_what_was_typed_stays(town: Town) -> None:
    for _ in range(2):
        town.ask("anna", "用水怎么收费", key="k-1")
    with town.runtime.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(TopicRequest)) == 1
    wrong = town.clients["anna"].post(
        "/topics/new", data={"title": "题" * 61, "category": "village", "body": "我写的话"}
    )
    assert wrong.status_code == 422 and "我写的话" in wrong.text and "1 到 60 个字" in wrong.text
    assert town.clients["anna"].post("/topics/new", data={"title": "没有方面"}).status_code == 422


def test_one_person_does_not_fill_the_list(town: Town) -> None:
    for number in range(5):
        town.ask("anna", f"题目{number}")
    assert town.post("anna", "/topics/new", title="再来一个", category="village") == 503
    town.ask("bert", "别人的题")


def test_every_step_is_sent_to_everybody_who_asked(town: Town) -> None:
    topic = town.ask("anna", "养老服务站")
    town.post("bert", f"/topics/{topic}/voice", verb="support")
    assert "养老服务站" in town.clients["office"].get("/faculty/topics").text
    desk = f"/faculty/topics/{topic}"
    assert town.post("office", desk, verb="shortlist", seen="open", demanded="1") == 303
    assert "教学计划要开" in town.clients["office"].get(desk).text
    for who in ("anna", "bert"):
        assert [text for text in town.messages(who) if "入选" in text] == ["您点的“养老服务站”入选了，学校正在配老师。"]
    assert town.messages("carl") == []
    assert town.post("office", desk, verb="decline", seen="shortlisted") == 422, "a reason is needed"
    assert town.post("office", desk, verb="decline", seen="shortlisted", reason="下学期再讲") == 303
    assert "下学期再讲" in town.clients["bert"].get(f"/topics/{topic}").text
    assert any("这次不排" in text for text in town.messages("bert"))
    assert town.post("bert", f"/topics/{topic}/voice", verb="withdraw") == 303, "also of a declined one"
    assert town.post("carl", f"/topics/{topic}/voice", verb="support") == 303
    assert town.shown(topic) == 1, "what is decided takes no voices"
    assert town.post("office", desk, verb="reopen", seen="declined") == 303
    assert town.state(topic) == "open"
    assert any("重新开始收集" in text for text in town.messages("anna"))


def test_two_officers_decide_and_the_second_is_told(town: Town) -> None:
    topic = town.ask("anna", "合作社分红")
    desk = f"/faculty/topics/{topic}"
    assert town.post("office", desk, verb="shortlist", seen="open") == 303
    late = town.clients["office"].post(desk, data={"verb": "decline", "seen": "open", "reason": "写好的原因"})
    assert late.status_code == 409 and "已经有人处理过了" in late.text and "写好的原因" in late.text
    assert town.state(topic) == "shortlisted"


def test_a_merger_counts_each_person_once_and_is_taken_back(town: Town) -> None:
    one, other = town.ask("anna", "用水怎么收费"), town.ask("bert", "自来水价格")
    town.post("bert", f"/topics/{one}/voice", verb="support")
    town.post("carl", f"/topics/{other}/voice", verb="support")
    desk = f"/faculty/topics/{other}/merge"
    page = town.clients["office"].get(desk, query_string={"into": one}).text
    assert "3 人想听，每人只算一次" in page and page.count("2 人想听") == 2
    assert town.voices() == 4, "looking changes nothing"
    assert town.post("office", desk, into=one, seen="open") == 303
    assert town.shown(one) == 3 == town.shown(other)
    assert any("并入了“用水怎么收费”" in text for text in town.messages("carl"))
    assert town.messages("anna") == []
    assert town.post("carl", f"/topics/{other}/voice", verb="support") == 303
    assert town.shown(one) == 3, "a voice for the one is a voice for the other"
    again = town.clients["office"].get(f"/faculty/topics/{one}/merge", query_string={"into": other})
    assert again.status_code == 409 and "不能并进去" in again.text
    third = town.ask("carl", "第三题")
    chain = town.clients["office"].post(f"/faculty/topics/{one}/merge", data={"into": third, "seen": "open"})
    assert chain.status_code == 409 and town.state(one) == "open"
    assert town.post("office", f"/faculty/topics/{other}", verb="reopen", seen="merged") == 303
    assert (town.shown(one), town.shown(other)) == (2, 2), "nothing was lost"
    assert town.post("office", f"/faculty/topics/{one}/merge", into=one, seen="open") == 409


def test_withdrawing_takes_back_every_voice_of_what_was_merged(town: Town) -> None:
    one, other = town.ask("anna", "甲"), town.ask("anna", "乙")
    town.post("office", f"/faculty/topics/{other}/merge", into=one, seen="open")
    assert town.post("anna", f"/topics/{other}/voice", verb="withdraw") == 303
    assert town.shown(one) == 0 == town.voices()


def test_who_asked_is_shown_to_nobody(town: Town) -> None:
    topic = town.ask("anna", "信访怎么走")
    with town.runtime.db.read() as tx:
        account = tx.get_one(Account, town.accounts["anna"].id)
        names = {account.username, account.display_name} - {""}
    for who in ("bert", "office", "county"):
        pages = ["/topics", f"/topics/{topic}"]
        pages += ["/faculty/topics", f"/faculty/topics/{topic}"] if who != "bert" else []
        for address in pages:
            text = town.clients[who].get(address).text
            assert not [name for name in names if name in text], address


def test_the_school_decides_and_nobody_else(town: Town) -> None:
    topic = town.ask("anna", "土地流转")
    desk = f"/faculty/topics/{topic}"
    assert "土地流转" in town.clients["county"].get("/faculty/topics").text
    assert "由市委党校处理" in town.clients["county"].get(desk).text
    for who in ("anna", "county"):
        assert town.post(who, desk, verb="shortlist", seen="open") == 404
        assert town.clients[who].get(f"{desk}/merge", query_string={"into": topic}).status_code == 404
    assert town.state(topic) == "open"


def test_a_member_asks_for_a_class_they_are_in(town: Town) -> None:
    with town.runtime.db.begin() as tx:
        today = clock.today()
        term = TeachingTerm(name="秋季学期", first_day=today, last_day=today)
        tx.add(term)
        tx.flush()
        node = factories.organisation(tx)
        classes = [
            TrainingClass(term_id=term.id, name=name, organisation_id=node.id, first_day=today, last_day=today)
            for name in ("青干班", "别的班")
        ]
        tx.add_all(classes)
        tx.flush()
        tx.add(ClassMember(class_id=classes[0].id, member_id=town.accounts["anna"].member_id or 0, joined_on=today))
        own, strange = (one.public_id for one in classes)
    assert "青干班" in town.clients["anna"].get("/topics/new").text
    assert "青干班" not in town.clients["bert"].get("/topics/new").text
    topic = town.ask("anna", "班里想听的", for_class=own)
    assert "青干班" in town.clients["bert"].get(f"/topics/{topic}").text
    for who, other in (("anna", strange), ("bert", own), ("anna", "nothing")):
        assert town.post(who, "/topics/new", title="题", category="village", for_class=other) == 422


def test_erasing_a_person_leaves_the_topic_without_them(town: Town) -> None:
    topic = town.ask("anna", "生态补偿")
    anna = town.accounts["anna"].id
    with town.runtime.db.begin() as tx:
        tx.execute(delete(Notification))
        jobs.publish(tx, PersonErased(account_id=anna, member_id=town.accounts["anna"].member_id))
    assert town.shown(topic) == 0
    with town.runtime.db.read() as tx:
        assert tx.scalars(select(TopicRequest.proposed_by)).one() is None


def test_lists_are_filtered_and_never_sorted_by_voices(town: Town) -> None:
    with town.runtime.db.begin() as tx:
        tx.add(Category(slug="law", name="法律法规", position=2))
    first, last = town.ask("anna", "先点的题"), town.ask("bert", "后点的题")
    town.post("carl", f"/topics/{first}/voice", verb="support")
    page = town.clients["carl"].get("/topics").text
    assert page.index(last) < page.index(first), "the newest first, however many want the other"
    assert first not in town.clients["carl"].get("/topics?category=law").text
    assert town.clients["carl"].get("/topics?category=none&page=99").status_code == 200
    for state in ("shortlisted", "planned", "declined", "merged", "?"):
        assert town.clients["office"].get("/faculty/topics", query_string={"state": state}).status_code == 200
