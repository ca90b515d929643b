"""What follows from the answers of lecturers: other lecturers, other evenings, lectures on the timetable."""

import datetime as dt
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from academy.classes.models import Holiday
from academy.core import clock
from academy.core.actor import Role
from academy.faculty.models import (
    LecturerConsent,
    LectureRecording,
    LectureTeacher,
    PlanRuling,
    ProgrammeLecture,
    TermPlan,
    TopicRequest,
)
from academy.jobs import api as jobs
from academy.library.api import CoursePublished
from academy.library.models import Course
from tests.http.invitation_scene import phone, plan, school, state
from tests.http.planning_school import NEXT, School
from tests.support import factories as make
from tests.support.shortcuts import drain

__all__ = ["phone", "plan", "school"]
pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


@pytest.mark.thorough
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


@pytest.mark.thorough
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


@pytest.mark.thorough
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
    refused = school.invite(plan)
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


@pytest.mark.thorough
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
    for is_shown, notified in ((False, 0), (True, 1), (True, 1)):
        with school.runtime.db.begin() as tx:
            tx.get_one(Course, course.id).withdrawn_at = None if is_shown else clock.now()
            jobs.publish(tx, CoursePublished(course.id))
        assert sum("录像在课程里" in one for one in school.notices()) == notified, (
            "what left the shelf at once is no news"
        )


def test_a_county_sees_no_invitation(school: School, plan: str) -> None:
    county = school.client(school.county)
    address = f"/faculty/plans/{plan}/assignments/{school.assignment().public_id}"
    assert county.get(address).status_code == 404
    assert county.post(address, data={"verb": "confirm"}).status_code == 404
    assert county.post(f"{address}/answer", data={"verb": "accepted"}).status_code == 404
    assert school.office.get(f"/faculty/plans/{plan}/assignments/none").status_code == 404
