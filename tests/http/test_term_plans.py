"""The planning board: proposed with reasons, ruled at a price, moved by holidays and leavers, decided by people."""

import datetime as dt

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from academy.classes.models import Holiday
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty import plan_problem, plans
from academy.faculty.models import (
    Assignment,
    LecturerConsent,
    LecturerSubject,
    ObligationRule,
    PlanRuling,
    PoolMembership,
    PoolSpell,
    ProgrammeLecture,
    TermPlan,
    TopicRequest,
)
from academy.faculty.planning.solve import propose
from academy.library import api as library
from academy.library.models import Category
from academy.people.models import Organisation
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as makers
from tests.support.shortcuts import drain

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

NOW = dt.datetime(2026, 5, 20, 4, tzinfo=dt.UTC)
NEXT = [dt.date(2026, 5, 27) + dt.timedelta(days=7 * week) for week in range(7)]
"""The Wednesdays that are left of the term, up to 8 July."""


class School:
    """A city with a county, a term, lecturers who consent, and topics on the shortlist."""

    def __init__(self, runtime: Runtime, app: Flask) -> None:
        self.runtime, self.app = runtime, app
        with runtime.db.begin() as tx:
            library.seed_categories(tx)
            self.top = make.organisation(tx, level="city")
            self.county = make.organisation(tx, self.top, level="county")
            for level, years in (("municipal", 1), ("county_first", 5)):
                tx.add(ObligationRule(level=level, years=years, counts_from=makers.SINCE, valid_from=makers.SINCE))
            self.term_id = makers.term(tx, dt.date(2026, 3, 2), dt.date(2026, 7, 10)).public_id
        self.office = self.client(self.top)

    def client(self, node: Organisation) -> FlaskClient:
        client = self.app.test_client()
        with self.runtime.db.begin() as tx:
            who = make.account(tx, None, (Role.NODE_ADMINISTRATOR, node))
            sign_in(client, make.session_token(tx, who))
        return client

    def lecturer_of(self, name: str, subject: str, level: str = "county_first", most: int | None = 2) -> str:
        """Public id of a confirmed lecturer who consents to teach a field."""
        with self.runtime.db.begin() as tx:
            lecturer = makers.lecturer(tx, tx.merge(self.county), level, name=name)
            person = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == lecturer.id)).one()
            person.most_per_term = most
            public_id = person.public_id
            category = tx.scalars(select(Category).where(Category.slug == subject)).one()
            tx.add(LecturerSubject(lecturer_id=person.lecturer_id, category_id=category.id))
            tx.add(LecturerConsent(lecturer_id=person.lecturer_id, kind="teach", given_on=dt.date(2026, 1, 1)))
        return public_id

    def topic(self, title: str, subject: str) -> str:
        """Public id of a topic on the shortlist."""
        assert self.office.post("/topics/new", data={"title": title, "category": subject}).status_code == 303
        with self.runtime.db.read() as tx:
            found = tx.scalars(select(TopicRequest.public_id).where(TopicRequest.title == title)).one()
        sent = {"verb": "shortlist", "seen": "open"}
        assert self.office.post(f"/faculty/topics/{found}", data=sent).status_code == 303
        return found

    def begin(self) -> str:
        """Public id of the term's plan, run."""
        answer = self.office.post("/faculty/plans", data={"term": self.term_id})
        assert answer.status_code == 303
        drain(self.runtime)
        return str(answer.location).rpartition("/")[2]

    def board(self, plan: str) -> str:
        return self.office.get(f"/faculty/plans/{plan}").text

    def planned(self) -> dict[str, tuple[str, dt.date]]:
        """Title → lecturer and day."""
        with self.runtime.db.read() as tx:
            return {row.request.title: (row.lecturer.name, row.day) for row in tx.scalars(select(Assignment))}

    def step(self, plan: str, verb: str) -> TestResponse:
        """Confirm or withdraw the newest ruling."""
        return self.office.post(f"/faculty/plans/{plan}/rulings/{self.ruling()}", data={"verb": verb})

    def ruling(self) -> str:
        with self.runtime.db.read() as tx:
            return tx.scalars(select(PlanRuling.public_id).order_by(PlanRuling.id.desc())).first() or ""


@pytest.fixture
def school(runtime: Runtime, app: Flask) -> object:
    with clock.frozen(NOW):
        yield School(runtime, app)


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
    refused = school.office.post(f"/faculty/plans/{plan}", data={"verb": "decide"})
    assert refused.status_code == 409 and "请重新排一次" in refused.text
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
