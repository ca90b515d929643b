"""Pages of training classes: the office's from enrolment to closing, and the members' own."""

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.classes.models import ClassApplication, ClassMember, DiscussionGroup, LecternTurn, TrainingClass
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty.models import LectureAttendance
from academy.jobs.api import publish
from academy.people.api import MembersChanged
from academy.people.models import Member
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as school

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])
NOW = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
TODAY = dt.date(2026, 5, 20)


@dataclass
class School:
    runtime: Runtime
    office: FlaskClient
    people: list[FlaskClient]
    members: list[Member]
    term: str
    city: str

    def open_class(self, **changes: str) -> str:
        """Make a class by the form; its public id."""
        fields = {
            "term": self.term,
            "name": "新任书记班",
            "unit": self.city,
            "first": "2026-05-25",
            "last": "2026-06-20",
            "seats": "2",
            "apply_until": "2026-05-24",
            "summary": "带身份证报到",
        }
        answer = self.office.post("/faculty/classes/new", data=fields | changes)
        assert answer.status_code == 303, answer.text
        return str(answer.location).rpartition("/")[2]

    def post(self, public_id: str, rest: str = "", **data: object) -> int:
        return self.office.post(f"/faculty/classes/{public_id}{rest}", data=data).status_code

    def page(self, public_id: str, rest: str = "") -> str:
        answer = self.office.get(f"/faculty/classes/{public_id}{rest}")
        assert answer.status_code == 200, answer.text
        return answer.text

    def enrol(self, public_id: str, *numbers: int) -> None:
        """Enrol members by a pasted list."""
        text = "\n".join(self.members[one].number for one in numbers)
        looked = self.office.post(f"/faculty/classes/{public_id}/enrol", data={"people": text}).text
        lines = re.search(r'name="lines" value="([^"]*)"', looked)
        seen = re.search(r'name="seen" value="(\w+)"', looked)
        assert lines and seen, looked
        fields = {"lines": lines[1].replace("&#34;", '"'), "seen": seen[1]}
        assert self.post(public_id, "/enrol/apply", **fields) == 303


@pytest.fixture
def town(app: Flask, runtime: Runtime) -> Iterator[School]:
    with clock.frozen(NOW):
        with runtime.db.begin() as tx:
            city = make.organisation(tx, level="city")
            nodes = [make.organisation(tx, city) for _ in range(2)]
            members = [make.member(tx, nodes[number % 2]) for number in range(5)]
            accounts = [make.account(tx, one) for one in members[:3]]
            accounts.append(make.account(tx, None, (Role.NODE_ADMINISTRATOR, city)))
            term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10)).public_id
            clients = []
            for one in accounts:
                clients.append(app.test_client())
                sign_in(clients[-1], make.session_token(tx, one))
            name = city.name
        yield School(runtime, clients[-1], clients[:-1], members, term, name)


@pytest.mark.thorough
def test_a_class_is_applied_for_waited_for_and_moved_up_into(town: School) -> None:
    made = town.open_class()
    first, second, third = town.people
    assert "新任书记班" in first.get("/my/classes").text
    for person in town.people:
        assert "带身份证报到" in person.get(f"/my/classes/{made}").text
        assert person.post(f"/my/classes/{made}", data={"verb": "apply"}).status_code == 303
    listed = town.office.get("/faculty/classes").text
    assert 'data-total="3"' in listed
    with town.runtime.db.read() as tx:
        asked = list(tx.scalars(select(ClassApplication.public_id).order_by(ClassApplication.id)))
    page = f"/faculty/classes/{made}/applications"
    for one in asked:
        fields = {"application": one, "verb": "approve", "seen": "applied"}
        assert town.office.post(page, data=fields).status_code == 303
    assert town.office.post(page, data=fields).status_code == 409, "decided meanwhile"
    assert "候补第 1 位" in third.get(f"/my/classes/{made}").text
    assert second.post(f"/my/classes/{made}", data={"verb": "leave"}).status_code == 303
    shown = third.get(f"/my/classes/{made}").text
    assert "接下来的课" in shown and "候补第" not in shown
    assert town.members[2].name in town.page(made)
    gone = second.get(f"/my/classes/{made}").text
    assert "我要报名" in gone and town.members[2].name not in gone, "who left sees no classmates"


def test_declining_gives_a_reason_and_keeps_what_was_typed(town: School) -> None:
    made = town.open_class()
    town.people[0].post(f"/my/classes/{made}", data={"verb": "apply"})
    with town.runtime.db.read() as tx:
        asked = tx.scalars(select(ClassApplication.public_id)).one()
    fields = {"application": asked, "verb": "decline", "seen": "applied"}
    assert town.post(made, "/applications", **fields) == 422
    assert town.post(made, "/applications", **fields, reason="名额已定") == 303
    assert "名额已定" in town.people[0].get(f"/my/classes/{made}").text
    assert town.people[0].post(f"/my/classes/{made}", data={"verb": "apply"}).status_code == 303
    assert town.people[0].post(f"/my/classes/{made}", data={"verb": "withdraw"}).status_code == 303
    assert town.people[1].get("/my/classes/nothing").status_code == 404


def test_a_list_is_checked_line_by_line(town: School) -> None:
    made = town.open_class()
    bad = town.office.post(f"/faculty/classes/{made}/enrol", data={"people": "没有这个人\nX-404"}).text
    assert "花名册里没有没有这个人" in bad and 'name="lines"' not in bad
    empty = town.office.post(f"/faculty/classes/{made}/enrol", data={"people": " "})
    assert empty.status_code == 422
    sheet = "姓名,党员编号\n" + "\n".join(f"{one.name},{one.number}" for one in town.members[:3])
    sent = {"file": (io.BytesIO(sheet.encode("utf-8-sig")), "班.csv"), "people": ""}
    looked = town.office.post(f"/faculty/classes/{made}/enrol", data=sent, content_type="multipart/form-data").text
    assert looked.count("进班</span>") == 2 and looked.count("候补</span>") == 1
    assert town.post(made, "/enrol/apply", lines="[]", seen="x") == 422
    town.enrol(made, 3, 4)
    stale = re.search(r'name="lines" value="([^"]*)"', looked)
    seen = re.search(r'name="seen" value="(\w+)"', looked)
    assert stale and seen
    assert town.post(made, "/enrol/apply", lines=stale[1].replace("&#34;", '"'), seen=seen[1]) == 409
    assert "加学员" in town.page(made, "/enrol")


def test_the_form_of_a_class(town: School) -> None:
    assert "新建班次" in town.office.get("/faculty/classes/new").text
    wrong = town.office.post("/faculty/classes/new", data={"term": town.term, "name": "有名字", "unit": town.city})
    assert wrong.status_code == 422 and "有名字" in wrong.text
    made = town.open_class()
    town.enrol(made, 0, 1, 2)
    fields = {"name": "改名班", "first": "2026-05-25", "last": "2026-06-20"}
    assert "带身份证报到" in town.page(made, "/edit")
    assert town.post(made, "/edit", **fields, seats="1") == 422
    assert town.post(made, "/edit", **fields, seats="2", apply_until="2026-07-01") == 422
    assert town.post(made, "/edit", **fields, seats="3") == 303
    with town.runtime.db.read() as tx:
        assert len(tx.scalars(select(ClassMember)).all()) == 3, "a seat more: who waited has it"
    found = town.office.get("/faculty/classes?q=改名&state=planned&term=" + town.term).text
    assert "改名班" in found and 'data-listed="1"' in found
    assert "没有符合条件的班" in town.office.get("/faculty/classes?q=别的").text


def test_groups_are_looked_at_dealt_and_changed_by_hand(town: School) -> None:
    made = town.open_class(seats="")
    assert town.post(made, "/groups", verb="look", count="2") == 422
    town.enrol(made, 0, 1, 2, 3)
    looked = town.office.post(f"/faculty/classes/{made}/groups", data={"verb": "look", "count": "2"}).text
    seed, seen = (re.search(rf'name="{name}" value="(\w+)"', looked) for name in ("seed", "seen"))
    assert seed and seen and "分组预览" in looked
    fields = {"verb": "deal", "count": "2", "seed": seed[1]}
    assert town.post(made, "/groups", **fields, seen="else") == 409
    assert town.post(made, "/groups", **fields, seen=seen[1]) == 303
    assert town.post(made, "/groups", verb="add", name="第 1 组") == 422
    assert town.post(made, "/groups", verb="add", name="第三组") == 303
    with town.runtime.db.read() as tx:
        group = tx.scalars(select(DiscussionGroup.public_id).order_by(DiscussionGroup.position.desc())).first()
    chosen = [town.members[0].public_id, town.members[1].public_id]
    assert "本组的人" in town.page(made, f"/groups/{group}")
    wrong = {"verb": "save", "name": "先锋", "chosen": chosen, "leader": town.members[3].public_id}
    assert town.post(made, f"/groups/{group}", **wrong) == 422
    assert town.post(made, f"/groups/{group}", **(wrong | {"leader": chosen[0]})) == 303
    assert "组长" in town.page(made, "/groups")
    assert "先锋" in town.people[0].get(f"/my/classes/{made}").text
    assert town.post(made, f"/groups/{group}", verb="remove") == 303
    assert "还没有分组" in town.page(made, "/groups")


def test_groups_are_called_in_the_language_of_who_reads(town: School) -> None:
    made = town.open_class()
    town.enrol(made, 0, 1)
    looked = town.office.post(f"/faculty/classes/{made}/groups", data={"verb": "look", "count": "2"}).text
    seed, seen = (re.search(rf'name="{name}" value="(\w+)"', looked) for name in ("seed", "seen"))
    assert seed and seen
    assert town.post(made, "/groups", verb="deal", count="2", seed=seed[1], seen=seen[1]) == 303
    with town.runtime.db.read() as tx:
        group = tx.scalars(select(DiscussionGroup.public_id).order_by(DiscussionGroup.position)).first()
    own = f"/my/classes/{made}"
    person = f"/people/{town.members[0].public_id}"
    for language, words in (("zh", r"第 [12] 组"), ("en", r"Group [12]\b")):
        for client in (town.office, town.people[0]):
            assert client.post("/display/language", data={"language": language}).status_code == 303
        pages = [town.page(made, rest) for rest in ("/groups", f"/groups/{group}", person)]
        assert [bool(re.search(words, page)) for page in (*pages, town.people[0].get(own).text)] == [True] * 4


def test_of_a_place_that_was_given_up_nothing_is_left(town: School) -> None:
    made = town.open_class(first="2026-05-25")
    own = f"/my/classes/{made}"
    assert town.people[0].post(own, data={"verb": "apply"}).status_code == 303
    with town.runtime.db.read() as tx:
        asked = tx.scalars(select(ClassApplication.public_id)).one()
    assert town.post(made, "/applications", application=asked, verb="approve", seen="applied") == 303
    assert town.people[0].post(own, data={"verb": "leave"}).status_code == 303
    page = town.people[0].get(own).text
    assert "已进班" not in page and "我要报名" in page
    with town.runtime.db.begin() as tx:
        tx.scalars(select(TrainingClass)).one().apply_until = TODAY - dt.timedelta(days=1)
    assert "您已经不在这个班里了" in town.people[0].get(own).text


def test_the_list_of_who_left_says_who_is_no_longer_on_the_register(town: School) -> None:
    made = town.open_class()
    town.enrol(made, 0, 1)
    assert town.post(made, f"/people/{town.members[0].public_id}", reason="调动") == 303
    page = town.page(made, "?show=gone")
    assert town.members[0].name in page and town.members[1].name not in page and "已不在册" not in page
    with town.runtime.db.begin() as tx:
        tx.get_one(Member, town.members[1].id).status = "left"
        publish(tx, MembersChanged([town.members[1].id]))
    assert town.page(made, "?show=gone").count("已不在册") == 1
    assert town.members[1].name not in town.page(made)


def test_a_class_shows_the_absent_of_its_own_lectures_only(town: School) -> None:
    made, other = town.open_class(), town.open_class(name="另一个班")
    town.enrol(made, 0)
    town.enrol(other, 1)
    with town.runtime.db.begin() as tx:
        for place in tx.scalars(select(ClassMember)):
            place.joined_on = dt.date(2026, 5, 1)
        rows = {row.public_id: row for row in tx.scalars(select(TrainingClass))}
        lecture = school.lecture(tx, rows[made].term, dt.date(2026, 5, 18), lesson_of=rows[made])
        tx.add(LectureAttendance(lecture_id=lecture.id, member_id=town.members[2].id))
        lesson = lecture.public_id
    assert town.members[0].name in town.page(made, f"/absent/{lesson}")
    assert town.office.get(f"/faculty/classes/{other}/absent/{lesson}").status_code == 404


def test_a_turn_is_planned_from_the_page_of_its_student(town: School) -> None:
    made = town.open_class(first="2026-05-11", apply_until="")
    town.enrol(made, 0, 1)
    who = town.members[1].public_id
    link = re.search(rf"/faculty/classes/{made}(/turns\?member={who})#plan", town.page(made, f"/people/{who}"))
    assert link and re.search(rf'value="{who}" selected', town.page(made, link[1]))
    assert town.office.get(f"/faculty/classes/{made}/turns?member={town.members[2].public_id}").status_code == 404


@pytest.mark.parametrize("state", ["", "closed", "else"])
def test_a_class_passes_into_no_state_that_its_page_does_not_offer(town: School, state: str) -> None:
    made = town.open_class()
    assert town.post(made, "/state", state=state) == 422
    with town.runtime.db.read() as tx:
        assert tx.scalars(select(TrainingClass.state)).one() == "planned"


def test_turns_rate_and_who_is_missing(town: School) -> None:
    made = town.open_class(first="2026-05-11", apply_until="")
    town.enrol(made, 0, 1)
    who = town.members[0].public_id
    plan = {"verb": "plan", "member": who, "day": "2026-05-20", "topic": "我的村这三年", "minutes": "10"}
    assert town.post(made, "/turns", **(plan | {"topic": " "})) == 422
    assert town.post(made, "/turns", **(plan | {"day": ""})) == 422
    assert town.post(made, "/turns", **plan) == 303
    assert "我的村这三年" in town.people[0].get(f"/my/classes/{made}").text
    with town.runtime.db.read() as tx:
        turn = tx.scalars(select(LecternTurn.public_id)).one()
    confirm = {"verb": "confirm", "turn": turn, "day": "2026-05-20", "minutes": "12"}
    assert town.post(made, "/turns", **(confirm | {"day": "2026-05-21"})) == 422
    assert town.post(made, "/turns", **confirm) == 303
    assert "50%" in town.page(made, "/turns?state=taken")
    assert town.members[1].name in town.page(made, "/turns/people")
    assert town.members[0].name in town.page(made, "/turns/people?show=taken")
    assert town.post(made, "/turns", verb="cancel", turn=turn) == 409
    assert town.post(made, "/turns", verb="reopen", turn=turn) == 303
    assert town.post(made, "/turns", verb="cancel", turn=turn) == 303


@pytest.mark.thorough
def test_attendance_leads_to_names_and_closing_keeps_the_report(town: School) -> None:
    made = town.open_class(first="2026-05-11", apply_until="")
    town.enrol(made, 0, 1)
    with town.runtime.db.begin() as tx:
        row = tx.scalars(select(TrainingClass)).one()
        for place in tx.scalars(select(ClassMember)):
            place.joined_on = row.first_day
        person = school.lecturer(tx, row.organisation)
        lecture = school.lecture(tx, row.term, dt.date(2026, 5, 18), (person, 1000), lesson_of=row)
        tx.add(LectureAttendance(lecture_id=lecture.id, member_id=town.members[0].id))
        lesson = lecture.public_id
    assert "50%" in town.page(made, "/timetable")
    absent = town.page(made, f"/absent/{lesson}")
    assert town.members[1].name in absent and town.members[0].name not in absent
    assert "未到" in town.page(made, f"/people/{town.members[1].public_id}")
    assert "到课" in town.people[0].get(f"/my/classes/{made}").text
    assert town.post(made, "/state", state="open") == 303
    preview = town.page(made, "/close")
    fields = dict(re.findall(r'name="(\w+)" value="(\d+)"', preview))
    assert fields["expected"] == "2" and fields["present"] == "1"
    assert town.post(made, "/close", **(fields | {"present": "2"})) == 409
    assert town.post(made, "/close", **fields) == 303
    assert "这是结业时的数字" in town.page(made, "/close")
    assert town.post(made, f"/people/{town.members[0].public_id}", reason="晚了") == 409
    assert town.post(made, "/state", state="open") == 303, "it can be opened again"
    assert town.post(made, f"/people/{town.members[0].public_id}", reason="") == 422
    assert town.post(made, f"/people/{town.members[0].public_id}", reason="调动") == 303
    assert "调动" not in town.page(made) and "调动" in town.page(made, "?show=gone")
    assert town.post(made, "/state", state="cancelled") == 303
    assert town.post(made, "/state", state="open") == 409


@pytest.mark.parametrize("rest", ["", "/applications", "/groups", "/turns", "/timetable", "/close"])
def test_many_people_take_as_many_queries_as_few(
    town: School, rest: str, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    made = town.open_class(first="2026-05-11", seats="")

    def grow(number: int) -> None:
        with town.runtime.db.begin() as tx:
            row = tx.scalars(select(TrainingClass)).one()
            branch = make.organisation(tx)
            person = school.lecturer(tx, row.organisation)
            for _ in range(number):
                one, other = make.member(tx, branch), make.member(tx, make.organisation(tx))
                tx.add(ClassMember(class_id=row.id, member_id=one.id, joined_on=row.first_day))
                tx.add(ClassApplication(class_id=row.id, member_id=other.id))
                tx.add(LecternTurn(class_id=row.id, member_id=one.id, day=TODAY, topic="题"))
                lecture = school.lecture(tx, row.term, dt.date(2026, 5, 18), (person, 1000), lesson_of=row)
                lecture.minute = 60 + number
                tx.add(LectureAttendance(lecture_id=lecture.id, member_id=one.id))

    grow(3)
    town.page(made, rest)
    few = count_queries(lambda: town.page(made, rest))
    grow(12)
    town.page(made, rest)
    assert count_queries(lambda: town.page(made, rest)) == few


def test_own_pages_take_as_many_queries_however_large_the_class(
    town: School, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    made = town.open_class(seats="")
    town.enrol(made, 0)
    pages = ("/my/classes", f"/my/classes/{made}")

    def look() -> None:
        for address in pages:
            assert town.people[0].get(address).status_code == 200

    look()
    few = count_queries(look)
    with town.runtime.db.begin() as tx:
        row = tx.scalars(select(TrainingClass)).one()
        for _ in range(20):
            member = make.member(tx, make.organisation(tx))
            tx.add(ClassMember(class_id=row.id, member_id=member.id, joined_on=row.first_day))
    look()
    assert count_queries(look) == few


def test_a_class_asks_for_a_topic_from_its_page(town: School) -> None:
    made = town.open_class()
    town.enrol(made, 0)
    page = town.people[0].get(f"/my/classes/{made}").text
    assert f"/topics/new?class={made}" in page
    assert re.search(rf'value="{made}" selected', town.people[0].get(f"/topics/new?class={made}").text)


def test_others_see_nothing_of_a_class(town: School) -> None:
    made = town.open_class(apply_until="")
    town.enrol(made, 0)
    for address in ("", "/edit", "/applications", "/enrol", "/groups", "/turns", "/timetable", "/close"):
        assert town.people[0].get(f"/faculty/classes/{made}{address}").status_code in {403, 404}
    assert town.people[0].get(f"/my/classes/{made}").status_code == 200
    assert town.people[1].get(f"/my/classes/{made}").status_code == 404
    assert town.people[1].post(f"/my/classes/{made}", data={"verb": "apply"}).status_code == 404
