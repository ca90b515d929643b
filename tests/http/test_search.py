"""The results page: one address that can be shared, whatever is in the text."""

from flask.testing import FlaskClient

from academy.core.house import House
from academy.jobs import drain
from tests import factories
from tests.conftest import sign_in
from tests.rooms import search_city as city


def enter(house: House, client: FlaskClient) -> None:
    with house.db.begin() as tx:
        sign_in(client, factories.session_token(tx, factories.account(tx)))


def test_strangers_are_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/search?q=x").status_code == 302


def test_a_sentence_is_shown_with_its_second_and_its_mark(house: House, client: FlaskClient) -> None:
    enter(house, client)
    with house.db.begin() as tx:
        city.lecture(tx, "乡村振兴", ["先说别的。", "再说<script>alert(1)</script>茶叶。"], by="王大山")
    drain(house)
    page = client.get("/search?q=茶叶").get_data(as_text=True)
    assert "<mark>茶叶</mark>" in page and "0:05" in page
    assert "<script>alert" not in page and "&lt;script&gt;" in page


def test_an_empty_page_says_so(house: House, client: FlaskClient) -> None:
    enter(house, client)
    assert "想学什么" in client.get("/search").get_data(as_text=True)
    page = client.get("/search?q=不存在的东西&category=9&year=x&page=-1&length=huge").get_data(as_text=True)
    assert "没有" in page
