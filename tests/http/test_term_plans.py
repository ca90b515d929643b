"""The planning board: proposed with reasons, ruled at a price, moved by holidays and leavers, decided by people."""

import pytest
from sqlalchemy import select

from academy.classes.models import Holiday
from academy.core import clock
from academy.faculty import plan_problem, plans
from academy.faculty.models import PlanRuling, PoolMembership, PoolSpell, ProgrammeLecture, TermPlan, TopicRequest
from academy.faculty.planning.solve import propose
from tests.http.planning_school import NEXT, School, school
from tests.support.shortcuts import drain

__all__ = ["school"]

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_a_term_is_proposed_with_a_reason_for_everything(school: School) -> None:
    school.lecturer_of("周正", "village")
    school.topic("村集体的账怎么公开", "village")
    school.topic("民法典进农家", "law")
    plan = school.begin()
    (name, day) = school.planned()["村集体的账怎么公开"]
    assert name == "周正" and day in NEXT
    page = school.board(plan)
    for sentence in ("这一题有 1 人点", "周正今年还没有讲过", "这一晚没有别的老师能讲这一题", "还没有人讲“法律法规”"):
        assert sentence in page, sentence
    assert "周正在2029年12月31日前还欠 1 讲" in page
    assert str(school.office.post("/faculty/plans", data={"term": school.term_id}).location).endswith(plan), (
        "one plan a term"
    )
    assert plan in school.office.get("/faculty/plans").text


def test_a_ruling_shows_its_price_before_it_is_confirmed(school: School) -> None:
    school.lecturer_of("周正", "village", "municipal", most=1)
    first = school.topic("先点的题", "village")
    plan = school.begin()
    before = school.planned()
    sent = {"topic": first, "verb": "refuse"}
    assert school.office.post(f"/faculty/plans/{plan}/rulings", data=sent).status_code == 303
    assert "正在算代价" in school.board(plan)
    early = school.step(plan, "confirm")
    assert early.status_code == 409 and "代价还没有算出来" in early.text
    drain(school.runtime)
    page = school.board(plan)
    assert "则1 项义务会逾期" in page and "会逾期的：周正" in page
    assert school.planned() == before, "asking changes nothing"
    assert school.step(plan, "confirm").status_code == 303
    drain(school.runtime)
    assert school.planned() == {} and "已经由人定下不排" in school.board(plan)
    assert school.step(plan, "withdraw").status_code == 303
    drain(school.runtime)
    assert school.planned().keys() == before.keys()


def test_what_is_impossible_says_why_and_cannot_be_confirmed(school: School) -> None:
    school.lecturer_of("周正", "village")
    topic = school.topic("题", "village")
    plan = school.begin()
    sent = {"topic": topic, "verb": "want", "day": "2026-05-28"}
    assert school.office.post(f"/faculty/plans/{plan}/rulings", data=sent).status_code == 303
    drain(school.runtime)
    assert "这样排不成：2026年5月28日没有场次" in school.board(plan)
    assert school.step(plan, "confirm").status_code == 409
    assert school.office.post(f"/faculty/plans/{plan}/rulings", data={"verb": "want"}).status_code == 422
    assert school.office.post(f"/faculty/plans/{plan}/rulings", data=sent | {"topic": "none"}).status_code == 404


def test_a_topic_is_given_to_whom_and_when_people_want(school: School) -> None:
    school.lecturer_of("周正", "village")
    other = school.lecturer_of("吴敏", "law")
    topic = school.topic("题", "village")
    plan = school.begin()
    assert school.planned()["题"][0] == "周正"
    sent = {"topic": topic, "verb": "want", "lecturer": other, "day": NEXT[3].isoformat()}
    school.office.post(f"/faculty/plans/{plan}/rulings", data=sent)
    drain(school.runtime)
    school.step(plan, "confirm")
    drain(school.runtime)
    assert school.planned()["题"] == ("吴敏", NEXT[3])
    assert "不是吴敏报的方向，是人定的" in school.board(plan)


def test_a_holiday_moved_after_planning_is_shown_and_planned_around(school: School) -> None:
    school.lecturer_of("周正", "village")
    school.topic("题", "village")
    plan = school.begin()
    day = school.planned()["题"][1]
    with school.runtime.db.begin() as tx:
        tx.add(Holiday(name="调休", first_day=day, last_day=day))
    assert "放假的日子改过了" in school.board(plan)
    refused = school.invite(plan)
    assert refused.status_code == 409 and "请先重新排一次" in refused.text
    with school.runtime.db.read() as tx:
        assert tx.scalars(select(ProgrammeLecture)).all() == [], "all or nothing"
    assert school.office.post(f"/faculty/plans/{plan}", data={"verb": "run"}).status_code == 303
    assert "正在排" in school.board(plan) and "data-refresh" in school.board(plan)
    drain(school.runtime)
    assert school.planned()["题"][1] not in {day} and "放假的日子改过了" not in school.board(plan)


def test_a_lecturer_who_leaves_in_mid_term_teaches_no_more(school: School) -> None:
    leaving = school.lecturer_of("周正", "village", most=None)
    for number in range(7):
        school.topic(f"题{number}", "village")
    plan = school.begin()
    assert {day for _, day in school.planned().values()} == set(NEXT)
    with school.runtime.db.begin() as tx:
        person = tx.scalars(select(PoolMembership).where(PoolMembership.public_id == leaving)).one()
        spell = tx.scalars(select(PoolSpell).where(PoolSpell.membership_id == person.id)).one()
        spell.valid_to = NEXT[3]
        tx.flush()
        tx.add(PoolSpell(membership_id=person.id, state="left", valid_from=NEXT[3]))
    school.office.post(f"/faculty/plans/{plan}", data={"verb": "run"})
    drain(school.runtime)
    assert {day for _, day in school.planned().values()} == set(NEXT[:3])


def test_people_decide_and_then_it_stands(school: School) -> None:
    school.lecturer_of("周正", "village")
    topic = school.topic("题", "village")
    plan = school.begin()
    lecturer, day = school.planned()["题"]
    early = school.office.post(f"/faculty/plans/{plan}", data={"verb": "decide"})
    assert early.status_code == 409 and "还没有一位老师答应" in early.text
    school.accepted(plan)
    assert school.office.post(f"/faculty/plans/{plan}", data={"verb": "decide"}).status_code == 303
    with school.runtime.db.read() as tx:
        lecture = tx.scalars(select(ProgrammeLecture)).one()
        assert (lecture.title, lecture.day, lecture.kind) == ("题", day, "forum")
        assert [one.lecturer.name for one in lecture.teachers] == [lecturer]
        assert tx.scalars(select(TopicRequest.state)).one() == "planned"
        assert tx.scalars(select(TermPlan.state)).one() == "decided"
    assert "已排课" in school.office.get(f"/topics/{topic}").text
    for verb in ("decide", "run"):
        again = school.office.post(f"/faculty/plans/{plan}", data={"verb": verb})
        assert again.status_code == 409 and "已经定了" in again.text
    assert (
        school.office.post(f"/faculty/plans/{plan}/rulings", data={"topic": topic, "verb": "refuse"}).status_code == 409
    )


def test_rulings_that_contradict_each_other_are_named_and_the_draft_stays(school: School) -> None:
    school.lecturer_of("周正", "village", most=1)
    for title in ("甲", "乙"):
        school.topic(title, "village")
    plan = school.begin()
    before = school.planned()
    with school.runtime.db.begin() as tx:
        row = tx.scalars(select(TermPlan)).one()
        for topic in tx.scalars(select(TopicRequest)):
            price = {"text": "这样改没有代价。", "params": {}}
            tx.add(PlanRuling(plan_id=row.id, request_id=topic.id, state="confirmed", price=price))
    school.office.post(f"/faculty/plans/{plan}", data={"verb": "run"})
    drain(school.runtime)
    assert "互相矛盾" in school.board(plan) and school.planned() == before


def test_a_run_that_was_overtaken_writes_nothing(school: School) -> None:
    school.lecturer_of("周正", "village")
    school.topic("题", "village")
    plan = school.begin()
    with school.runtime.db.begin() as tx:
        row = tx.scalars(select(TermPlan)).one()
        problem = plan_problem.problem_of(tx, row, clock.today())
        assert not plans.keep_proposal(tx, row, row.revision - 1, problem, propose(problem))
    assert school.planned() and "data-refresh" not in school.board(plan)


def test_a_county_reads_the_terms_and_changes_nothing(school: School) -> None:
    plan = school.begin()
    county = school.client(school.county)
    listed = county.get("/faculty/plans").text
    assert "还没有定" in listed and plan not in listed
    assert county.get(f"/faculty/plans/{plan}").status_code == 404
    assert county.post("/faculty/plans", data={"term": school.term_id}).status_code == 404
    assert county.post(f"/faculty/plans/{plan}", data={"verb": "decide"}).status_code == 404
