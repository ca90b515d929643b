"""Lecturers answer by a link that needs no account: what it shows, what it takes, how it ends, what follows."""

import datetime as dt
import logging
from collections.abc import Callable
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.classes.models import Holiday
from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import AuditEntry
from academy.core.ids import ALPHABET
from academy.faculty import copies
from academy.faculty.materials import clearance
from academy.faculty.models import (
    Assignment,
    LecturerConsent,
    LectureRecording,
    LectureTeacher,
    PlanRuling,
    PoolMembership,
    ProgrammeLecture,
    TermPlan,
    TopicRequest,
)
from academy.faculty.plan_rules import ANSWER_DAYS, LINKS
from academy.jobs import api as jobs
from academy.library.api import CoursePublished
from tests.http.planning_school import NEXT, NOW, School, school
from tests.support import factories as make
from tests.support.shortcuts import drain

__all__ = ["school"]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.fixture
def plan(school: School) -> str:
    """A plan with one topic that 周正 is invited to teach; 吴敏 could teach it too."""
    school.lecturer_of("周正", "village", "municipal")
    school.lecturer_of("吴敏", "village", "county")
    school.topic("题", "village")
    found = school.begin()
    assert school.planned()["题"][0] == "周正"
    school.invited(found)
    return found


@pytest.fixture
def phone(school: School) -> FlaskClient:
    """Somebody's browser without a session."""
    return school.app.test_client()


def state(school: School, title: str = "题") -> str:
    return school.assignment(title).state


def test_the_page_says_what_is_asked_and_nothing_else(school: School, plan: str, phone: FlaskClient) -> None:
    link = school.link(plan)
    assert "要准备的" in phone.get(link).text and "教案" not in phone.get(link).text, "no rule demands any"
    with school.runtime.db.begin() as tx:
        clearance.seed_material_rule(tx)
    answer = phone.get(link)
    page = answer.text
    for sentence in ("周正老师，请您讲一课", "题", "18:00", "周三", "1 人点了这一题", "教案、讲义", "由学校另行通知"):
        assert sentence in page, sentence
    assert "吴敏" not in page and "/faculty/" not in page and "义务" not in page
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store" and "noindex" in answer.headers["X-Robots-Tag"]


def test_scanners_and_previews_change_nothing(school: School, plan: str, phone: FlaskClient) -> None:
    link = school.link(plan)
    for agent in ("facebookexternalhit/1.1", "Mozilla/5.0", "MicroMessenger"):
        for call in (phone.get, phone.head, phone.options):
            call(link, headers={"User-Agent": agent})
            call(link + "?verb=accepted", headers={"User-Agent": agent})
    assert state(school) == "proposed"
    with school.runtime.db.read() as tx:
        verbs = set(tx.scalars(select(AuditEntry.verb)))
    assert "invitation.answered" not in verbs


def test_an_answer_stands_until_the_school_confirms_and_can_be_changed(
    school: School, plan: str, phone: FlaskClient
) -> None:
    link, day = school.link(plan), school.assignment().day
    other = next(one for one in NEXT if one != day)
    for verb, fields in (
        ("accepted", {}),
        ("other_day", {"day": other.isoformat()}),
        ("declined", {"words": "出差"}),
        ("accepted", {}),
    ):
        assert phone.post(link, data={"verb": verb} | fields).status_code == 303
        drain(school.runtime)
        row = school.assignment_of("周正")
        assert row.state == verb and row.day == (other if verb == "other_day" else day)
        assert row.answer_way == "link"
    with school.runtime.db.read() as tx:
        assert tx.scalars(select(PlanRuling)).all() == [], "the no left nothing behind"
    assert school.office.post(f"/faculty/plans/{plan}", data={"verb": "decide"}).status_code == 303
    late = phone.post(link, data={"verb": "declined"})
    assert late.status_code == 409 and "已经定了" in late.text
    assert "已经排定" in phone.get(link).text


def test_a_no_brings_another_lecturer_with_reasons_and_the_price(school: School, plan: str, phone: FlaskClient) -> None:
    phone.post(school.link(plan), data={"verb": "declined", "words": "那周在外地"})
    drain(school.runtime)
    page = school.board(plan)
    assert "周正来不了：题" in page and "那周在外地" in page
    assert "则1 项义务会逾期" in page and "会逾期的：周正" in page, "the price of the no"
    assert school.assignment().lecturer_id != school.assignment_of("周正").lecturer_id
    assert "吴敏今年还没有讲过" in page, "the reasons for the replacement"
    with school.runtime.db.read() as tx:
        ruling = tx.scalars(select(PlanRuling)).one().public_id
    refused = school.office.post(f"/faculty/plans/{plan}/rulings/{ruling}", data={"verb": "withdraw"})
    assert refused.status_code == 409 and "老师自己的答复" in refused.text
    school.invited(plan)
    back = phone.post(school.link_of("周正"), data={"verb": "accepted"})
    assert back.status_code == 409 and "已经请了别的老师" in back.text


def test_another_evening_frees_the_first_and_the_draft_is_planned_around_it(school: School, phone: FlaskClient) -> None:
    school.lecturer_of("周正", "village", "municipal", most=1)
    school.lecturer_of("吴敏", "law", "municipal", most=1)
    school.topic("题", "village")
    found = school.begin()
    school.invited(found)
    school.topic("法", "law")
    school.office.post(f"/faculty/plans/{found}", data={"verb": "run"})
    drain(school.runtime)
    wanted = school.planned()["法"][1]
    assert phone.post(school.link(found), data={"verb": "other_day", "day": wanted.isoformat()}).status_code == 303
    drain(school.runtime)
    assert school.planned()["题"][1] == wanted and school.planned()["法"][1] != wanted
    for day in (wanted, dt.date(2026, 5, 28), dt.date(2025, 1, 1)):
        refused = phone.post(school.link(found), data={"verb": "other_day", "day": day.isoformat()})
        assert refused.status_code in (303, 409) if day == wanted else refused.status_code == 409
    assert phone.post(school.link(found), data={"verb": "other_day"}).status_code == 422


def test_the_second_of_two_who_accept_one_evening_reads_a_sentence_and_free_evenings(
    school: School, phone: FlaskClient
) -> None:
    school.lecturer_of("周正", "village", "municipal", most=1)
    school.lecturer_of("吴敏", "law", "municipal", most=1)
    school.topic("题", "village")
    school.topic("法", "law")
    found = school.begin()
    school.invited(found)
    first, second = school.link(found), school.link(found, "法")
    day, other = school.assignment().day, school.assignment("法").day
    free = next(one for one in NEXT if one not in {day, other})
    assert phone.post(first, data={"verb": "other_day", "day": free.isoformat()}).status_code == 303
    assert phone.post(second, data={"verb": "other_day", "day": day.isoformat()}).status_code == 303
    refused = phone.post(first, data={"verb": "accepted"})
    assert refused.status_code == 409 and "已经给了别的老师" in refused.text and "还空着" in refused.text
    assert f"{other.month}月{other.day}日" in refused.text, "the evening that the other gave up is offered"
    assert state(school) == "other_day" and state(school, "法") == "other_day"


def test_forged_foreign_revoked_and_outdated_links_show_nothing(school: School, plan: str, phone: FlaskClient) -> None:
    school.topic("二", "village")
    school.office.post(f"/faculty/plans/{plan}", data={"verb": "run"})
    drain(school.runtime)
    school.invited(plan)
    link, other = school.link(plan), school.link(plan, "二")
    assert link != other
    forged = [
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        link[:-10] + other[-10:],  # the signature of another invitation
        other[:-10] + link[-10:],
        "/a/" + ALPHABET[:16] + link[-10:],
        *("/a/" + quote(text) for text in ("", "x" * 26, "中" * 26, "x" * 5000, "'; --")),
    ]
    for address in forged:
        for call in (phone.get, phone.post):
            answer = call(address, data={"verb": "accepted"}) if call == phone.post else call(address)
            assert answer.status_code == 404 and "题" not in answer.text.replace("标题", ""), address
    assert school.act(plan, "link").status_code == 303
    newest = school.link(plan)
    assert newest != link
    for old in (phone.get(link), phone.post(link, data={"verb": "accepted"})):
        assert old.status_code == 410 and "已经停用" in old.text and "周正" not in old.text
    assert school.act(plan, "revoke").status_code == 303
    assert phone.post(newest, data={"verb": "accepted"}).status_code == 410 and state(school) == "proposed"
    for number in range(LINKS):
        answer = school.act(plan, "link")
        assert answer.status_code == (303 if number < LINKS - 2 else 409)


def test_a_link_takes_answers_for_two_weeks_and_is_readable_up_to_the_evening(
    school: School, plan: str, phone: FlaskClient
) -> None:
    day = NEXT[-1]
    if school.assignment().day != day:
        assert school.act(plan, "move", day=day.isoformat()).status_code == 303
    link = school.link(plan)
    late = dt.timedelta(days=ANSWER_DAYS + 1)
    with clock.frozen(NOW + late):
        assert "答复的日子已经过了" in phone.get(link).text
        refused = phone.post(link, data={"verb": "accepted"})
        assert refused.status_code == 409 and state(school) == "proposed"
        school.office = school.client(school.top)
        assert school.telephoned(plan, "accepted").status_code == 303, "the office may"
    assert school.assignment().answer_way == "office" and school.assignment().answered_by is not None
    with clock.frozen(dt.datetime.combine(day, dt.time(4), dt.UTC) + dt.timedelta(days=1)):
        assert phone.get(link).status_code == 410


def test_answers_after_the_plan_was_changed_or_the_lecture_cancelled(
    school: School, plan: str, phone: FlaskClient
) -> None:
    link = school.link(plan)
    refused = school.act(plan, "withdraw")
    assert refused.status_code == 422 and "请写明原因" in refused.text
    assert school.act(plan, "withdraw", reason="另有安排").status_code == 303
    assert phone.post(link, data={"verb": "accepted"}).status_code == 410
    drain(school.runtime)
    assert school.planned_now()["题"][0] == "吴敏"
    school.again(plan, "周正")
    newest = school.link_of("周正")
    assert phone.post(newest, data={"verb": "accepted"}).status_code == 303
    assert school.act(plan, "confirm").status_code == 303
    assert any("排上课了" in one and "周正主讲" in one for one in school.notices())
    with school.runtime.db.read() as tx:
        lecture = tx.scalars(select(ProgrammeLecture)).one()
    reason = {"verb": "cancel", "reason": "防汛"}
    assert school.office.post(f"/faculty/lectures/{lecture.public_id}", data=reason).status_code == 303
    assert "这一讲不安排了" in phone.get(newest).text
    assert phone.post(newest, data={"verb": "accepted"}).status_code == 409
    assert any("这次不讲了" in one for one in school.notices())
    assert school.topic_state() == "shortlisted"
    assert school.office.post(f"/faculty/lectures/{lecture.public_id}", data={"verb": "reopen"}).status_code == 303
    assert school.topic_state() == "planned" and school.assignment_of("周正").state == "confirmed"


def test_what_was_confirmed_is_a_lecture_that_the_asker_finds(school: School, plan: str, phone: FlaskClient) -> None:
    assert school.act(plan, "confirm").status_code == 409, "nobody agreed"
    phone.post(school.link(plan), data={"verb": "accepted"})
    assert school.act(plan, "confirm").status_code == 303
    day = school.assignment().day
    with school.runtime.db.read() as tx:
        topic = tx.scalars(select(TopicRequest)).one().public_id
        lecture = tx.scalars(select(ProgrammeLecture)).one()
        assert (lecture.day, lecture.title) == (day, "题")
    assert "周正主讲" in school.office.get(f"/topics/{topic}").text
    assert school.telephoned(plan, "declined").status_code == 409
    assert school.act(plan, "withdraw", reason="x").status_code == 409


def test_a_decision_ends_what_is_open_and_can_be_taken_back(school: School, phone: FlaskClient) -> None:
    school.lecturer_of("周正", "village", "municipal", most=None)
    for title in ("甲", "乙", "丙"):
        school.topic(title, "village")
    found = school.begin()
    school.invited(found)
    links = {title: school.link(found, title) for title in ("甲", "乙", "丙")}
    phone.post(links["甲"], data={"verb": "accepted"})
    free = next(day for day in NEXT if day not in {day for _, day in school.planned().values()})
    phone.post(links["乙"], data={"verb": "other_day", "day": free.isoformat()})
    drain(school.runtime)
    assert "还有 2 位没有答复" in school.board(found)
    assert school.office.post(f"/faculty/plans/{found}", data={"verb": "decide"}).status_code == 303
    with school.runtime.db.read() as tx:
        assert tx.scalars(select(ProgrammeLecture.title)).all() == ["甲"]
        states = dict(tx.execute(select(TopicRequest.title, TopicRequest.state)).all())
    assert states == {"甲": "planned", "乙": "shortlisted", "丙": "shortlisted"}
    assert phone.get(links["丙"]).status_code == 410 and "已经排定" in phone.get(links["甲"]).text
    assert school.office.post(f"/faculty/plans/{found}", data={"verb": "reopen"}).status_code == 303
    drain(school.runtime)
    planned = school.planned_now()
    assert planned.keys() == {"甲", "乙", "丙"} and state(school, "甲") == "confirmed"
    assert len({day for _, day in planned.values()}) == 3


def test_a_plan_is_run_again_while_answers_come_in(school: School, plan: str, phone: FlaskClient) -> None:
    link = school.link(plan)
    school.topic("二", "village")
    school.office.post(f"/faculty/plans/{plan}", data={"verb": "run"})
    refused = school.office.post(f"/faculty/plans/{plan}", data={"verb": "invite"})
    assert refused.status_code == 409 and "正在重新排" in refused.text
    assert phone.post(link, data={"verb": "accepted"}).status_code == 303
    drain(school.runtime)
    assert state(school) == "accepted" and state(school, "二") == "draft"
    with school.runtime.db.read() as tx:
        row = tx.scalars(select(TermPlan)).one()
        assert row.planned_revision == row.revision


def test_a_holiday_moved_after_an_answer_is_listed_and_the_lecturer_asked_again(
    school: School, plan: str, phone: FlaskClient
) -> None:
    link = school.link(plan)
    phone.post(link, data={"verb": "accepted"})
    day = school.assignment().day
    with school.runtime.db.begin() as tx:
        tx.add(Holiday(name="调休", first_day=day, last_day=day))
    assert "这一天不开讲了" in school.board(plan)
    refused = phone.post(link, data={"verb": "accepted"})
    assert refused.status_code == 409 and "还空着" in refused.text
    confirmed = school.act(plan, "confirm")
    assert confirmed.status_code == 409 and "放假" in confirmed.text
    new = next(one for one in NEXT if one != day)
    assert school.act(plan, "move", day=day.isoformat()).status_code == 422
    assert school.act(plan, "move", day=new.isoformat()).status_code == 303
    assert phone.get(link).status_code == 410 and state(school) == "proposed"
    assert phone.post(school.link(plan), data={"verb": "accepted"}).status_code == 303
    assert school.assignment().day == new and "这一天不开讲了" not in school.board(plan)


def test_an_evening_that_is_promised_is_not_given_away_by_hand(school: School, plan: str) -> None:
    other = school.lecturer_of("郑重", "law")
    sent = {"title": "手排", "day": school.assignment().day.isoformat(), "minute": "18:00", "hours": "2"}
    refused = school.office.post("/faculty/lectures/new", data=sent | {"lecturer": other})
    assert refused.status_code == 422 and "已经请了周正" in refused.text


def test_the_office_enters_what_was_telephoned(school: School, plan: str) -> None:
    day = next(one for one in NEXT if one != school.assignment().day)
    for verb, fields in (("accepted", {}), ("other_day", {"day": day.isoformat()}), ("declined", {"words": "病了"})):
        assert school.telephoned(plan, verb, **fields).status_code == 303
    row = school.assignment_of("周正")
    page = school.office.get(f"/faculty/plans/{plan}/assignments/{row.public_id}").text
    assert "电话答复，由办公室记下" in page and "病了" in page
    assert school.telephoned(plan, "other_day").status_code in (409, 422)
    long = school.telephoned(plan, "declined", words="长" * 201)
    assert long.status_code in (409, 422)
    assert school.telephoned(plan, "maybe").status_code == 422


def test_who_is_in_the_register_gets_the_link_as_a_message(school: School) -> None:
    pool = school.lecturer_of("周正", "village")
    with school.runtime.db.begin() as tx:
        member = make.member(tx, make.organisation(tx, tx.merge(school.county), level="branch"))
        tx.execute(update(PoolMembership).where(PoolMembership.public_id == pool).values(member_id=member.id))
    school.topic("题", "village")
    found = school.begin()
    school.invited(found)
    assert any("请您在" in one and "讲“题”" in one for one in school.notices())


def test_no_log_and_no_audit_row_holds_a_link(
    school: School, plan: str, phone: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    link = school.link(plan)
    with caplog.at_level(logging.DEBUG):
        phone.get(link)
        phone.post(link, data={"verb": "accepted"})
        phone.post(link, data={"verb": "nonsense"})
        phone.post(link, data={"verb": "other_day", "day": "never"})
    logged = " ".join(str(record.__dict__) for record in caplog.records)
    with school.runtime.db.read() as tx:
        audited = " ".join(f"{row.target} {row.detail} {row.label}" for row in tx.scalars(select(AuditEntry)))
        stored = " ".join(str(row.__dict__) for row in tx.scalars(select(Assignment)))
    assert link[-10:] not in logged + audited + stored
    assert "answer link" in audited


def test_the_board_and_its_lists_need_as_many_queries_for_many_as_for_few(
    school: School, count_queries: Callable[[Callable[[], object]], int]
) -> None:
    school.lecturer_of("周正", "village", "municipal", most=None)
    counted = []
    found = ""
    for titles in (("题", "甲"), ("乙", "丙", "丁", "戊")):
        for title in titles:
            school.topic(title, "village")
        if found:
            school.office.post(f"/faculty/plans/{found}", data={"verb": "run"})
        found = found or school.begin()
        drain(school.runtime)
        school.invited(found)
        pages = (f"/faculty/plans/{found}", "/faculty/plans", "/faculty/lectures", school.link(found))
        counted.append([count_queries(lambda page=page: school.office.get(page)) for page in pages])  # type: ignore[misc]
    assert counted[0] == counted[1]


def test_a_lecturer_reads_in_their_own_copy_what_they_were_asked(school: School, plan: str) -> None:
    with school.runtime.db.begin() as tx:
        member = make.member(tx, make.organisation(tx, tx.merge(school.county), level="branch"))
        person = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == school.assignment().lecturer_id))
        person.one().member_id = member.id
        tx.flush()
        own = copies.copy_programme(tx, Actor(account_id=0, member_id=member.id))["invitations_to_teach"]
        assert [(one["topic"], one["state"]) for one in own] == [("题", "proposed")]
        assert copies.copy_programme(tx, Actor(account_id=0))["invitations_to_teach"] == []


def test_the_school_sees_who_would_rather_come_on_another_evening(
    school: School, plan: str, phone: FlaskClient
) -> None:
    assert "老师想换一天" not in school.office.get("/faculty/plans").text
    other = next(one for one in NEXT if one != school.assignment().day)
    phone.post(school.link(plan), data={"verb": "other_day", "day": other.isoformat()})
    page = school.office.get("/faculty/plans").text
    assert "老师想换一天，等您定" in page and 'data-total="1"' in page


def test_who_asked_is_notified_once_when_the_recording_is_on_the_shelf(
    school: School, plan: str, phone: FlaskClient
) -> None:
    phone.post(school.link(plan), data={"verb": "accepted"})
    assert school.act(plan, "confirm").status_code == 303
    with school.runtime.db.begin() as tx:
        people = [make.account(tx, None, (role, tx.merge(school.top))) for role in (Role.TRAINER, Role.REVIEWER)]
        course = make.published_course(tx, *people)
        lecture = tx.scalars(select(ProgrammeLecture)).one()
        lecture.state, lecture.confirmed_at = "held", clock.now()
        tx.execute(update(LectureTeacher).values(part="taught"))
        tx.add(LectureRecording(lecture_id=lecture.id, course_id=course.id))
        for kind in ("record", "publish"):
            lecturer = school.assignment().lecturer_id
            tx.add(LecturerConsent(lecturer_id=lecturer, kind=kind, given_on=dt.date(2026, 1, 1)))
    for _ in range(2):
        with school.runtime.db.begin() as tx:
            jobs.publish(tx, CoursePublished(course.id))
        assert sum("录像在课程里" in one for one in school.notices()) == 1


def test_a_county_sees_no_invitation(school: School, plan: str) -> None:
    county = school.client(school.county)
    address = f"/faculty/plans/{plan}/assignments/{school.assignment().public_id}"
    assert county.get(address).status_code == 404
    assert county.post(address, data={"verb": "confirm"}).status_code == 404
    assert county.post(f"{address}/answer", data={"verb": "accepted"}).status_code == 404
    assert school.office.get(f"/faculty/plans/{plan}/assignments/none").status_code == 404
