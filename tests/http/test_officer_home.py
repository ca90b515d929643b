"""An officer's home page answers, and each of its figures is the length of the list that it leads to."""

import datetime as dt
import re
from collections.abc import Callable
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm.util import AliasedInsp

from academy.accounts import api as accounts
from academy.accounts.models import Account, SecondFactor
from academy.classes.models import ClassApplication
from academy.core import clock
from academy.core.actor import SYSTEM, Role
from academy.core.database import Tx
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluation_models import EvaluationComment, EvaluationRound
from academy.faculty.evaluations import forms
from academy.faculty.models import Assignment, LectureMaterial, MaterialVersion, TermPlan
from academy.faculty.request_models import TopicRequest
from academy.jobs.models import Job
from academy.learning import api as learning
from academy.library import api as library
from academy.library.models import Category, ContentProposal
from academy.notifications.models import Delivery
from academy.people import api as people
from academy.talk import questions
from academy.talk.places import Spot
from academy.trainings import service
from tests.conftest import sign_in
from tests.support import factories as make
from tests.support import faculty as school
from tests.support.coverage_city import City, at, training
from tests.support.coverage_lists import length, plant

FIGURE = re.compile(r'data-figure="(\d+)" href="([^"]+)"')
INBOX = re.compile(r'<a href="([^"]+)" data-waiting="(\d+)">')
MENU = re.compile(r'<a href="([^"]+)"[^>]*>(?:(?!</a>).)*?<span class="count" data-waiting="(\d+)">', re.S)


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.thorough
def test_every_figure_leads_to_a_list_of_that_length(runtime: Runtime, client: FlaskClient) -> None:
    city, plan = plant(runtime, 0)
    with clock.frozen(at(3)), runtime.db.begin() as tx:
        tokens = {
            node.id: make.session_token(tx, make.account(tx, None, (Role.NODE_ADMINISTRATOR, node)))
            for node in (city.city, city.county, city.towns[0], city.branches[0])
        }
    with clock.frozen(at(3)):
        for node in (city.city, city.county, city.towns[0], city.branches[0]):
            sign_in(client, tokens[node.id])
            page = client.get("/").text
            found = FIGURE.findall(page)
            assert len(found) >= (1 if node is city.branches[0] else 2), node.level
            for number, address in found:
                listed = client.get(unescape(address))
                assert listed.status_code == 200 and length(listed.text, "") == int(number), address
            assert f"/coverage/{plan.public_id}/{node.public_id}" in page


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_places_where_most_are_missing_come_first_and_only_five(runtime: Runtime, client: FlaskClient) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        for number in range(7):
            town = make.organisation(tx, city.county, level="town", name=f"第{number}镇")
            branch = make.organisation(tx, town)
            for _ in range(number + 6):
                make.member(tx, branch)
        service.open_training(tx, SYSTEM, training(tx, city.city, city.courses))
        who = make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.county))
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        token = make.session_token(tx, who)
    with clock.frozen(at(1)):
        sign_in(client, token)
        page = client.get("/").text
    places = page.split('<ol class="stuck">')[1].split("</ol>")[0]
    assert [int(number) for number, _ in FIGURE.findall(places)] == [12, 11, 10, 10, 10]
    assert places.index("第6镇") < places.index("第5镇")


def leave(tx: Tx, city: City, runtime: Runtime) -> dict[str, int]:
    """Something of each kind that waits, some of it made by the officer who looks; how much the officer can decide."""
    boss = make.account(
        tx,
        None,
        *((role, city.city) for role in (Role.NODE_ADMINISTRATOR, Role.REVIEWER, Role.SECURITY_OFFICER)),
        *((role, city.city) for role in (Role.ROSTER_OFFICER, Role.SYSTEM_ADMINISTRATOR, Role.TRAINER)),
    )
    other = make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.county), (Role.TRAINER, city.county))
    me, they, day = make.actor_of(tx, boss), make.actor_of(tx, other), clock.today()
    for who, person in ((they, city.people[0]), (they, city.people[1]), (me, city.people[2])):
        people.request_exemption(tx, who, person, reason="病重", valid_from=day)
    for who, person in ((they, city.people[3]), (me, city.people[4])):
        learning.propose_correction(
            tx, who, person, city.courses[0], kind="register", reason="签到表", studied_on=day
        )  # fmt: skip
    for author in (boss, other):
        library.submit_course(tx, make.actor_of(tx, author), make.course(tx, author, category="shelf"))
    shown = make.published_course(tx, other, boss, category="shelf")
    item = make.lines(tx, shown)[0]
    assert item.asset
    tx.add(
        ContentProposal(
            course_id=shown.id,
            asset_id=item.asset.id,
            account_id=other.id,
            kind="chapters",
            state="open",
            content={"chapters": []},
        )
    )
    member = make.account(tx, city.people[5])
    library.file_complaint(tx, make.actor_of(tx, member), subject="other", body="看不清")
    questions.ask_question(tx, make.actor_of(tx, member), item.item, "q", Spot(0), "名单贴在哪里？")
    accounts.file_data_request(tx, make.actor_of(tx, member), "correct", "学历不对")
    make.asset(tx, other, state="failed", error=msg("坏了").to_json())
    tx.add(Job(name="sample.nothing", state="failed", args={}))
    lost = {"channel": "mail", "pace": "at_once", "state": "failed"}
    tx.add(Delivery(account_id=other.id, due_at=clock.now(), **lost))
    _leave_programme(tx, city, boss)
    tx.add(SecondFactor(account_id=other.id, secret_sealed=b"x", confirmed_at=clock.now()))
    tx.flush()
    return {"boss": boss.id}


def _leave_programme(tx: Tx, city: City, boss: Account) -> None:
    """A past lecture that nobody entered, a comment that nobody read, a topic that waits for the school, a syllabus and
    a handout, of which the officer wrote one."""
    today = clock.today()
    term = school.term(tx, today - dt.timedelta(60), today + dt.timedelta(60))
    person = school.lecturer(tx, city.city)
    school.lecture(tx, term, today - dt.timedelta(3), (person, 1000), state="planned")
    coming = school.lecture(tx, term, today + dt.timedelta(9), (person, 1000), state="planned")
    for kind, author in (("syllabus", None), ("handout", boss.id)):
        material = LectureMaterial(lecture_id=coming.id, kind=kind)
        version = MaterialVersion(material=material, number=1, passages=["导入"], state="submitted", author_id=author)
        version.submitted_at = clock.now()
        tx.add(version)
    held = school.lecture(tx, term, today - dt.timedelta(10), (person, 1000))
    forms.seed_forms(tx, today - dt.timedelta(60))
    form = forms.form_on(tx, EvaluationKind.PARTICIPANTS, today)
    assert form is not None
    row = EvaluationRound(lecture_id=held.id, form_id=form.id, kind=form.kind, closes_on=today, closed_at=clock.now())
    tx.add(row)
    tx.flush()
    tx.add(EvaluationComment(round_id=row.id, question="q5", body="再多讲些案例"))
    category = tx.scalars(select(Category)).first()
    assert category is not None
    topic = TopicRequest(key="k", title="怎样开好组织生活会", category_id=category.id)
    plan = TermPlan(term_id=term.id)
    tx.add_all((topic, plan))
    tx.flush()
    asked = {"plan_id": plan.id, "request_id": topic.id, "lecturer_id": person.id, "reasons": []}
    tx.add(Assignment(**asked, day=today + dt.timedelta(20), state="other_day", asked_day=today + dt.timedelta(13)))
    asked_for = school.training_class(tx, term, city.city)
    tx.add(ClassApplication(class_id=asked_for.id, member_id=city.people[3].id))


EXPECTED = {
    "/faculty/lectures": 1,
    "/faculty/classes": 1,
    "/faculty/material": 1,
    "/faculty/comments": 1,
    "/faculty/topics": 1,
    "/faculty/plans": 1,
    "/review": 1,
    "/review/proposals": 1,
    "/exemptions": 2,
    "/corrections": 1,
    "/questions": 1,
    "/complaints/box": 1,
    "/data-requests": 1,
    "/studio/failures": 1,
    "/system/jobs": 1,
    "/system/deliveries": 1,
    "/grants": 1,
}


@pytest.mark.parametrize("database_kind", ["sqlite"])
@pytest.mark.thorough
def test_the_inbox_counts_what_each_page_lists(app: Flask, runtime: Runtime, client: FlaskClient) -> None:
    """Also in the navigation, and for every page that declares that something waits there."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        boss = tx.get_one(Account, leave(tx, city, runtime)["boss"])
        token = make.session_token(tx, boss)
    sign_in(client, token)
    with clock.frozen(at() + dt.timedelta(minutes=1)):
        page = client.get("/").text
        inbox = {address: int(number) for address, number in INBOX.findall(page)}
        assert inbox == EXPECTED
        assert {address: int(number) for address, number in MENU.findall(page.split("<main")[0])} == inbox
        for address, number in inbox.items():
            listed = client.get(address).text
            assert re.findall(r'data-total="(\d+)"', listed) == [str(number)], address
        for address, own in (("/exemptions", 1), ("/corrections", 1), ("/review", 1)):
            listed = client.get(f"{address}?own=1").text
            assert f'data-total="{own}"' in listed, "what another officer decides is found, too"
            assert ">批准<" not in listed
    declared = app.extensions["academy.routes"].by_endpoint.values()
    assert sum(one.waiting is not None for one in declared) == len(EXPECTED), "each is shown by this test"


@pytest.mark.thorough
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_what_waits_is_counted_once_a_page_cheaply_and_for_no_part_of_one(
    runtime: Runtime,
    client: FlaskClient,
    count_queries: Callable[[Callable[[], object]], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is counted on every page of an officer: one statement a figure, and no alias made anew: that takes longer than
    its query. A part of a page, which the picker fetches at every letter, shows none of the figures."""
    with clock.frozen(at()), runtime.db.begin() as tx:
        boss = tx.get_one(Account, leave(tx, City(tx), runtime)["boss"])
        token = make.session_token(tx, boss)
    sign_in(client, token)
    made: list[object] = []
    before = AliasedInsp.__init__
    with clock.frozen(at() + dt.timedelta(minutes=1)):
        places = [address for address in EXPECTED if MENU.findall(client.get(address).text)]
        assert len(places) == len(EXPECTED)

        def noted(self: object, *args: object, **more: object) -> None:
            made.append(self)
            before(self, *args, **more)

        monkeypatch.setattr(AliasedInsp, "__init__", noted)
        whole = count_queries(lambda: client.get("/notifications"))
        assert made == [] and whole <= len(EXPECTED) + 13
        part = count_queries(lambda: made.append(client.get("/pick/lecturers?q=x").status_code))
        assert made == [200] and part <= whole - len(EXPECTED)


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_member_has_no_desk_and_a_calm_officer_is_told_so(runtime: Runtime, client: FlaskClient) -> None:
    with clock.frozen(at()), runtime.db.begin() as tx:
        city = City(tx)
        service.open_training(tx, SYSTEM, training(tx, city.city, city.courses))
        whose = [make.account(tx, city.people[0]), make.account(tx, None, (Role.NODE_ADMINISTRATOR, city.city))]
    with clock.frozen(at(1)), runtime.db.begin() as tx:
        tokens = [make.session_token(tx, who) for who in whose]
    with clock.frozen(at(1)):
        sign_in(client, tokens[0])
        page = client.get("/").text
        assert 'id="office-sections"' not in page and "等您处理" not in page
        sign_in(client, tokens[1])
        page = client.get("/").text
        assert "没有等您处理的事" in page
        groups = re.findall(r'<h2 class="office-title">(.*?)</h2>', page)
        assert groups == ["学习", "领导干部讲坛", "人员", "审批", "系统"]
