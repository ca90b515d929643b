"""From the roll of a lecture to a note that a stranger checks: the pages of evaluations, contests and notes."""

import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.accounts.models import Account
from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.faculty.contest_models import Contest, Nomination, PersonnelNote
from academy.faculty.evaluation_models import EvaluationComment, EvaluationRound
from academy.faculty.evaluations import forms, schedule
from academy.faculty.models import LecturerConsent, PoolMembership, ProgrammeLecture
from academy.people.models import Member
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as school

TAUGHT = dt.datetime(2026, 6, 3, 10, tzinfo=dt.UTC)
"""A Wednesday, 18:00 in the city."""
MARKS = {"q1": "5", "q2": "4", "q3": "5", "q4": "4"}
POINTS = {"stance": "90", "content": "92", "teaching": "88", "material": "95"}


class School:
    """A city with its office, a lecture of the forum, students and judges of other counties, a browser each."""

    def __init__(self, runtime: Runtime, app: Flask) -> None:
        self.runtime, self.app = runtime, app
        with runtime.db.begin() as tx:
            forms.seed_forms(tx, dt.date(2026, 1, 1))
            self.city = make.organisation(tx, level="city")
            county = make.organisation(tx, self.city, level="county")
            term = school.term(tx, dt.date(2026, 3, 1), dt.date(2026, 7, 10))
            self.term = term.public_id
            lecturer = school.lecturer(tx, county, "county_first", name="周正")
            self.teacher = make.account(tx, make.member(tx, make.organisation(tx, county)))
            membership = tx.scalars(select(PoolMembership).where(PoolMembership.lecturer_id == lecturer.id)).one()
            membership.member_id = self.teacher.member_id
            tx.add(LecturerConsent(lecturer_id=lecturer.id, kind="publish", given_on=dt.date(2026, 6, 1)))
            self.lecture = school.lecture(tx, term, dt.date(2026, 6, 3), (lecturer, 1000)).public_id
            self.students = [self._person(tx) for _ in range(6)]
            self.judges = [self._person(tx) for _ in range(5)]
            self.officer = make.account(tx, None, (Role.NODE_ADMINISTRATOR, self.city))

    @property
    def office(self) -> FlaskClient:
        """The office, signed in just now: weeks pass between the steps."""
        return self.client(self.officer)

    def _person(self, tx: object) -> tuple[Account, str]:
        branch = make.organisation(tx, make.organisation(tx, self.city, level="county"))  # type: ignore[arg-type]
        member = make.member(tx, branch)  # type: ignore[arg-type]
        return make.account(tx, member), member.number  # type: ignore[arg-type]

    def client(self, account: Account) -> FlaskClient:
        client = self.app.test_client()
        with self.runtime.db.begin() as tx:
            sign_in(client, make.session_token(tx, account))
        return client

    def answered(self) -> str:
        """The roll is entered and everybody answers; the address of the results."""
        numbers = "\n".join(number for _, number in self.students)
        roll = f"/faculty/lectures/{self.lecture}/roll"
        assert self.office.post(roll, data={"students": numbers}).status_code == 303
        schedule.run_schedule(self.runtime.db)
        with self.runtime.db.read() as tx:
            row = tx.scalars(select(EvaluationRound.public_id).where(EvaluationRound.kind == "participants")).one()
        for account, _ in self.students:
            answer = self.client(account).post(f"/evaluations/{row}", data=MARKS | {"q5": "再多讲些案例"})
            assert answer.status_code == 303, answer.text
        return row

    def announced(self) -> str:
        """A contest with this lecture, scored and announced."""
        rules = {"title": "春季评比", "places": "1", "least_judges": "4", "trimmed": "1", "objection_days": "5"}
        answer = self.office.post("/contests", data={"term": self.term, **rules})
        assert answer.status_code == 303, answer.text
        page = str(answer.location)
        self.step(page, verb="nominate", lecture=self.lecture, reason="讲得实")
        for _, number in self.judges:
            self.step(page, verb="appoint", number=number)
        self.step(page, verb="score")
        with self.runtime.db.read() as tx:
            nomination = tx.scalars(select(Nomination.public_id)).one()
        for account, _ in self.judges:
            answer = self.client(account).post(f"{page}/nominations/{nomination}", data=POINTS)
            assert answer.status_code == 303, answer.text
        self.step(page, verb="announce")
        return page

    def step(self, page: str, **fields: str) -> None:
        answer = self.office.post(page, data=fields)
        assert answer.status_code == 303, answer.text


@pytest.fixture
def town(runtime: Runtime, app: Flask) -> Iterator[School]:
    with clock.frozen(TAUGHT):
        yield School(runtime, app)


@pytest.mark.thorough
def test_a_lecture_is_evaluated_by_those_who_were_there(town: School) -> None:
    row = town.answered()
    first = town.client(town.students[0][0])
    assert "已评" in first.get("/evaluations").text
    assert first.post(f"/evaluations/{row}", data=MARKS).status_code == 409
    assert town.client(town.judges[0][0]).get(f"/evaluations/{row}").status_code == 404
    results = f"/faculty/lectures/{town.lecture}/results"
    assert "4.5" not in town.office.get(results).text, "nothing is shown while it is open"
    with clock.frozen(TAUGHT + dt.timedelta(days=20)):
        schedule.run_schedule(town.runtime.db)
        page = town.office.get("/faculty/comments").text
        assert page.count("再多讲些案例") == 6
        with town.runtime.db.read() as tx:
            one, two = tx.scalars(select(EvaluationComment.id).limit(2)).all()
        shown = town.office.post(f"/faculty/comments/{one}", data={"verb": "show", "seen": "waiting"})
        assert shown.status_code == 303
        refused = town.office.post(f"/faculty/comments/{two}", data={"verb": "withhold", "seen": "waiting"})
        assert refused.status_code == 422
        teacher = town.client(town.teacher)
        page = teacher.get(results).text
        assert page.count("再多讲些案例") == 1
        assert "6 / 6" in page
        assert town.client(town.students[0][0]).get(results).status_code == 404


def test_what_was_chosen_stays_when_a_mark_is_missing(town: School) -> None:
    numbers = "\n".join(number for _, number in town.students)
    town.office.post(f"/faculty/lectures/{town.lecture}/roll", data={"students": numbers})
    schedule.run_schedule(town.runtime.db)
    with town.runtime.db.read() as tx:
        row = tx.scalars(select(EvaluationRound.public_id).where(EvaluationRound.kind == "participants")).one()
    answer = town.client(town.students[0][0]).post(f"/evaluations/{row}", data={"q1": "2", "q5": "写了很久的话"})
    assert answer.status_code == 422
    assert "写了很久的话" in answer.text
    assert re.search(r'name="q1" value="2" required checked', answer.text)
    assert answer.text.count("请选一个分数。") >= 3


def test_a_roll_names_numbers_that_nobody_has_and_keeps_what_was_typed(town: School) -> None:
    good = town.students[0][1]
    answer = town.office.post(f"/faculty/lectures/{town.lecture}/roll", data={"students": f"{good}\n无此号"})
    assert answer.status_code == 422
    assert "没有这些党员编号：无此号" in answer.text
    assert f"{good}\n无此号" in answer.text


def test_students_sign_the_roll_by_the_code_in_the_classroom(town: School) -> None:
    page = town.office.get(f"/faculty/lectures/{town.lecture}/roll/code")
    assert page.headers["Cache-Control"] == "no-store"
    found = re.search(r'class="roll-code">(\d{6})<', page.text)
    assert found is not None
    student = town.client(town.students[0][0])
    assert f'value="{found[1]}"' in student.get(f"/roll/{town.lecture}?code={found[1]}").text
    assert student.post(f"/roll/{town.lecture}", data={"code": "12"}).status_code == 422
    assert student.post(f"/roll/{town.lecture}", data={"code": found[1]}).status_code == 303
    assert "已签到" in student.get(f"/roll/{town.lecture}").text
    with clock.frozen(TAUGHT + dt.timedelta(days=1)):
        assert town.client(town.students[0][0]).get(f"/roll/{town.lecture}").status_code == 404


def contested(town: School) -> str:
    """The number of the note of the one chosen lecture."""
    town.answered()
    with clock.frozen(TAUGHT + dt.timedelta(days=20)):
        schedule.run_schedule(town.runtime.db)
        page = town.announced()
        member = town.client(town.students[0][0])
        assert "入选" in member.get(page).text
        objection = member.post(f"{page}/objections", data={"body": "教案没有附出处"})
        assert objection.status_code == 303
        assert member.post(f"{page}/objections", data={"body": " "}).status_code == 422
    with clock.frozen(TAUGHT + dt.timedelta(days=27)):
        assert town.office.post(page, data={"verb": "publish"}).status_code == 409
        found = re.search(rf'action="({page}/objections/\w+)"', town.office.get(page).text)
        assert found is not None
        decided = town.office.post(found[1], data={"decision": "dismissed", "answer": "出处在讲义里"})
        assert decided.status_code == 303
        town.step(page, verb="publish")
        with town.runtime.db.read() as tx:
            contest, nomination = (
                tx.scalars(select(Contest.public_id)).one(),
                tx.scalars(select(Nomination.public_id)).one(),
            )
        for _ in range(2):
            answer = town.office.post("/notes", data={"contest": contest, "nomination": nomination})
            assert answer.status_code == 303, answer.text
    with town.runtime.db.read() as tx:
        return tx.scalars(select(PersonnelNote.number)).one()


@pytest.mark.thorough
def test_a_note_is_checked_by_a_stranger(town: School, tmp_path: Path) -> None:
    number = contested(town)
    pdf, signed = (town.office.get(f"/notes/{number}.{kind}").data for kind in ("pdf", "json"))
    assert pdf.startswith(b"%PDF-")
    stranger = town.app.test_client()
    assert stranger.get(f"/notes/{number}.json").status_code in {302, 303, 401}

    def said(data: bytes) -> str:
        answer = stranger.post("/notes/check", data={"file": (io.BytesIO(data), "note")})
        assert answer.status_code == 200
        return answer.text

    for data in (pdf, signed):
        page = said(data)
        assert "真实有效" in page
        assert "周正" in page
    document = json.loads(signed)["document"]
    assert document["points_hundredths"] == 9085
    assert "内容被改过" in said(pdf.replace(b"/Count 1", b"/Count 2"))
    assert "内容被改过" in said(signed.replace(b"9085", b"9985"))
    assert "内容被改过" in said(b"hello")
    runner = town.app.test_cli_runner()
    assert stranger.post("/notes/check", data={}).status_code == 422
    reason = {"contest": "x", "reason": "复核后撤销"}
    assert town.office.post(f"/notes/{number}/revoke", data=reason).status_code == 303
    page = said(signed)
    assert "已经撤销" in page
    assert "复核后撤销" in page
    file = tmp_path / "note.json"
    file.write_bytes(signed)
    ran = runner.invoke(args=["faculty", "verify-note", str(file)])
    assert ran.exit_code == 1
    assert json.loads(ran.output)["state"] == "revoked"
    key = json.loads(signed)["signature"]["public_key"]
    assert runner.invoke(args=["faculty", "verify-note", str(file), "--key", key]).exit_code == 0
    other = runner.invoke(args=["faculty", "verify-note", str(file), "--key", "A" * 43 + "="])
    assert json.loads(other.output)["state"] == "unknown_key"


@pytest.mark.thorough
def test_a_judge_is_told_to_abstain_and_others_see_no_scores(town: School) -> None:
    town.answered()
    with clock.frozen(TAUGHT + dt.timedelta(days=20)):
        schedule.run_schedule(town.runtime.db)
        rules = {"title": "春季评比", "places": "1", "least_judges": "4", "trimmed": "1", "objection_days": "5"}
        page = str(town.office.post("/contests", data={"term": town.term, **rules}).location)
        with town.runtime.db.read() as tx:
            contest = tx.scalars(select(Contest.public_id)).one()
        assert f"/contests/{contest}" == page
        assert "还没有推荐的课程" in town.office.get(f"/contests/{contest}").text
        assert "春季评比" in town.office.get("/contests").text
        assert town.office.post("/contests", data={"term": town.term, **rules}).status_code == 409
        town.step(page, verb="nominate", lecture=town.lecture, reason="讲得实")
        with town.runtime.db.read() as tx:
            assert town.teacher.member_id is not None
            own = tx.get_one(Member, town.teacher.member_id).number
            nomination = tx.scalars(select(Nomination.public_id)).one()
            assert tx.scalars(select(ProgrammeLecture.public_id)).one() == town.lecture
        for number in (own, *(number for _, number in town.judges)):
            town.step(page, verb="appoint", number=number)
        assert town.office.post(page, data={"verb": "appoint", "number": "无此号"}).status_code == 422
        assert town.client(town.students[0][0]).get(page).status_code == 404
        town.step(page, verb="score")
        barred = town.client(town.teacher)
        assert "请回避" in barred.get(page).text
        assert barred.post(f"{page}/nominations/{nomination}", data=POINTS).status_code == 409
        judge = town.client(town.judges[0][0])
        refused = judge.post(f"{page}/nominations/{nomination}", data=POINTS | {"stance": "101"})
        assert refused.status_code == 422
        assert 'value="101"' in refused.text
        assert judge.post(f"{page}/nominations/{nomination}", data=POINTS).status_code == 303
        assert "已打分" in judge.get(page).text
        assert judge.post(page, data={"verb": "announce"}).status_code == 404
        assert town.office.post(page, data={"verb": "announce"}).status_code == 409


def test_a_form_is_replaced_from_a_day_on(town: School) -> None:
    fields = {"kind": "follow_up", "questions": "100% 用上了吗\n*写一件事", "scale": "3", "open_days": "30"}
    later = fields | {"after_months": "3", "valid_from": "2026-07-01"}
    assert town.office.post("/faculty/evaluation-forms", data=later).status_code == 303
    for wrong in ({"scale": "2"}, {"after_months": ""}, {"valid_from": "2026-06-03"}, {"questions": "*只有文字"}):
        answer = town.office.post("/faculty/evaluation-forms", data=later | {"valid_from": "2026-08-01"} | wrong)
        assert answer.status_code == 422
        assert "换一张表" in answer.text
    assert "100% 用上了吗" not in town.office.get("/faculty/evaluation-forms").text
    with clock.frozen(TAUGHT + dt.timedelta(days=40)):
        assert "100% 用上了吗" in town.office.get("/faculty/evaluation-forms").text
