"""The results page: one address that can be shared, whatever is in the text."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.library.models import CourseItem
from academy.search.backends.selection import search_backend
from tests.components import search_city as city
from tests.conftest import sign_in
from tests.support import factories
from tests.support.shortcuts import drain


def enter(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.db.begin() as tx:
        sign_in(client, factories.session_token(tx, factories.account(tx)))


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/search?q=x").status_code == 302


def test_a_sentence_is_shown_with_its_second_and_its_mark(runtime: Runtime, client: FlaskClient) -> None:
    enter(runtime, client)
    with runtime.db.begin() as tx:
        city.lecture(tx, "乡村振兴", ["先说别的。", "再说<script>alert(1)</script>茶叶。"], by="王大山")
    drain(runtime)
    page = client.get("/search?q=茶叶").get_data(as_text=True)
    assert "<mark>茶叶</mark>" in page and "0:05" in page
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_an_empty_page_says_so(runtime: Runtime, client: FlaskClient) -> None:
    enter(runtime, client)
    assert "想学什么" in client.get("/search").get_data(as_text=True)
    page = client.get("/search?q=不存在的东西&category=9&year=x&page=-1&length=huge").get_data(as_text=True)
    assert "没有" in page


def office(runtime: Runtime, client: FlaskClient) -> None:
    with runtime.db.begin() as tx:
        node = factories.organisation(tx)
        sign_in(client, factories.session_token(tx, factories.account(tx, None, (Role.REVIEWER, node))))


@pytest.mark.thorough
def test_the_dictionary_keeps_a_word_whole_where_it_is_said(runtime: Runtime, client: FlaskClient) -> None:
    office(runtime, client)
    with runtime.db.begin() as tx:
        city.lecture(tx, "山里的事", ["云岭夜话开播了。"])
        city.lecture(tx, "别的事", ["今天天气很好。"])
    drain(runtime)
    assert client.post("/search/terms", data={"text": "云岭夜话"}).status_code == 303
    assert client.post("/search/terms", data={"text": "云岭夜话"}).status_code == 422
    assert client.post("/search/terms", data={"text": "，"}).status_code == 422
    drain(runtime)
    assert search_backend(runtime).frequencies(["云岭夜话"]) == {"云岭夜话": 1}
    assert "山里的事" in client.get("/search?q=云岭夜话").get_data(as_text=True)
    page = client.get("/search/terms").get_data(as_text=True)
    assert "云岭夜话" in page
    number = re.search(r"/search/terms/(\d+)/remove", page)
    assert number and client.post(number[0]).status_code == 303
    drain(runtime)
    assert search_backend(runtime).frequencies(["云岭夜话"]) == {"云岭夜话": 0}


def test_the_log_knows_what_was_asked_and_not_who(runtime: Runtime, client: FlaskClient) -> None:
    office(runtime, client)
    for text in ("没人讲过的事", "没人讲过的事", "13800001111", "a@b.cn"):
        client.get("/search", query_string={"q": text})
    page = client.get("/search/asked").get_data(as_text=True)
    assert "没人讲过的事" in page and "13800001111" not in page and "a@b" not in page


def test_members_have_no_dictionary(runtime: Runtime, client: FlaskClient) -> None:
    enter(runtime, client)
    assert client.get("/search/terms").status_code == 404
    assert client.get("/search/asked").status_code == 404


def test_names_are_offered_and_lines_are_found_within_an_item(runtime: Runtime, client: FlaskClient) -> None:
    enter(runtime, client)
    with runtime.db.begin() as tx:
        course = city.lecture(tx, "乡村振兴怎么干", ["先说别的。", "再说茶叶。"], by="王大山")
        item = tx.scalars(select(CourseItem.public_id).where(CourseItem.course_id == course.id)).one()
    drain(runtime)
    assert client.get("/search/suggest?q=xiangcun").json == ["乡村振兴怎么干"]
    assert client.get("/search/suggest?q=").json == []
    assert client.get(f"/search/in/{item}?q=茶叶").json == [
        {"ms": 5000, "page": 0, "text": [["再说", False], ["茶叶", True], ["。", False]]}
    ]
    with runtime.db.begin() as tx:
        city.withdraw(tx, course)
    assert client.get("/search/suggest?q=xiangcun").json == []
    assert client.get(f"/search/in/{item}?q=茶叶").status_code == 404
