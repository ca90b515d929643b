"""Searchable pickers: what they offer, to whom, a page at a time; and the same forms without script."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.core import clock
from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.people.models import Organisation
from academy.web.pickers import SIZE
from tests.conftest import sign_in
from tests.support import factories


@dataclass
class Offices:
    """A county with courses, and the browsers of its planner and its trainer."""

    county: Organisation
    branch: Organisation
    planner: FlaskClient
    trainer: FlaskClient
    titles: list[str]


@pytest.fixture
def offices(app: Flask, runtime: Runtime) -> Iterator[Offices]:
    titles = [f"第{n}课" for n in range(SIZE + 2)] + ["移风易俗进农家"]
    with runtime.db.begin() as tx:
        county = factories.organisation(tx, level="county", name="河湾县委")
        branch = factories.organisation(tx, county, name="柳树村党支部")
        trainer, reviewer, planner = (
            factories.account(tx, None, (role, county))
            for role in (Role.TRAINER, Role.REVIEWER, Role.NODE_ADMINISTRATOR)
        )
        for title in titles:
            factories.published_course(tx, trainer, reviewer, title=title)
        factories.course(tx, trainer, title="还是草稿", lecturer="田禾", office="柳林镇党委书记", is_leader=True)
        clients = [app.test_client(), app.test_client()]
        for client, who in zip(clients, (planner, trainer), strict=True):
            sign_in(client, factories.session_token(tx, who))
    yield Offices(county, branch, clients[0], clients[1], titles)


def offered(page: str) -> list[str]:
    return re.findall(r'class="picker-title">([^<]+)<', page)


@pytest.mark.thorough
def test_courses_are_offered_newest_first_and_a_page_at_a_time(offices: Offices) -> None:
    first = offices.planner.get("/pick/courses").text
    assert offered(first) == offices.titles[::-1][:SIZE]
    assert f'data-total="{len(offices.titles)}"' in first and 'data-next="2"' in first
    second = offices.planner.get("/pick/courses?page=2").text
    assert offered(second) == offices.titles[::-1][SIZE:] and "data-next" not in second
    assert offered(offices.planner.get("/pick/courses?q=移风").text) == ["移风易俗进农家"]
    assert len(offered(offices.planner.get("/pick/courses?q=马青山").text)) == SIZE, "by lecturer"
    for nothing in ("还是草稿", "%", "_", "\\", "'"):
        assert offered(offices.planner.get("/pick/courses", query_string={"q": nothing}).text) == []


@pytest.mark.thorough
def test_lecturers_fill_what_belongs_to_them(offices: Offices) -> None:
    page = offices.trainer.get("/pick/lecturers?q=柳林").text
    assert offered(page) == ["田禾"]
    assert "柳林镇党委书记" in page and "is_leader" in page
    assert offices.planner.get("/pick/lecturers").status_code == 404


@pytest.mark.thorough
def test_organisations_are_those_below_ones_own(offices: Offices) -> None:
    here = f"/pick/organisations/{offices.county.public_id}"
    assert offered(offices.planner.get(here).text) == ["柳树村党支部"], "without the node itself"
    assert offered(offices.planner.get(here, query_string={"q": offices.branch.code}).text) == ["柳树村党支部"]
    assert offices.trainer.get(here).status_code == 404


def ids(page: str, name: str, *, checked: bool) -> list[str]:
    found = re.findall(rf'name="{name}" value="(\w+)"( checked)?>', page)
    return [value for value, mark in found if bool(mark) == checked]


@pytest.mark.thorough
def test_without_script_a_training_is_put_together(offices: Offices) -> None:
    here = f"/trainings/new/{offices.county.public_id}"
    empty = offices.planner.get(here).text
    assert ids(empty, "courses", checked=False) == [], "nothing of the library is in the page before somebody looks"
    typed = {"title": "春训", "opens_on": "2099-12-01", "closes_on": "2099-12-31", "courses_search": "移风"}
    typed["statuses"] = "active"
    looked = offices.planner.post(here, data=typed | {"find": "courses"})
    assert looked.status_code == 200 and 'value="春训"' in looked.text
    (course,) = ids(looked.text, "courses", checked=False)
    many = offices.planner.post(here, data=typed | {"find": "courses", "courses_search": "", "courses": course}).text
    assert ids(many, "courses", checked=True) == [course] and 'value="courses:2"' in many
    node = offices.planner.post(here, data=typed | {"find": "nodes", "nodes_search": "柳树", "courses": course}).text
    assert ids(node, "nodes", checked=False) == [offices.branch.public_id]
    assert ids(node, "courses", checked=True) == [course], "what was ticked stays"
    sent = typed | {"courses": course, "nodes": offices.branch.public_id}
    made = offices.planner.post(here, data=sent, follow_redirects=True)
    assert made.status_code == 200, re.findall(r"<li><a href=.#.*", made.text)
    assert "移风易俗进农家" in made.text and "柳树村党支部" in made.text
    edit = offices.planner.get(f"{made.request.path}/edit").text
    assert ids(edit, "courses", checked=True) == [course]
    assert ids(edit, "nodes", checked=True) == [offices.branch.public_id]
    again = offices.planner.post(f"{made.request.path}/edit", data=sent | {"find": "courses:2", "courses_search": ""})
    assert again.status_code == 200 and len(ids(again.text, "courses", checked=False)) == 3


@pytest.mark.thorough
def test_without_script_a_correction_finds_its_course(offices: Offices, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        person = factories.member(tx, tx.merge(offices.branch))
        here = f"/members/{person.public_id}/corrections"
    sent = {
        "kind": "register",
        "course_search": "移风",
        "reason": "签到表第 2 页",
        "studied_on": clock.today().isoformat(),
    }
    looked = offices.planner.post(here, data=sent | {"find": "course"})
    (course,) = ids(looked.text, "course", checked=False)
    assert looked.status_code == 200 and "签到表第 2 页" in looked.text
    wrong = offices.planner.post(here, data=sent | {"course": course, "reason": ""})
    assert wrong.status_code == 422 and ids(wrong.text, "course", checked=True) == [course]
    assert offices.planner.post(here, data=sent | {"course": course}).status_code == 303
