"""What surrounds a page: display wishes, languages, static files, the way about."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.accounts.models import Account
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.http import static_files
from academy.http.languages import translate
from tests.conftest import sign_in
from tests.support import factories

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_large_print_is_kept_by_device_and_account(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        who = factories.account(tx)
        token, row = factories.session_token(tx, who), who.id
    sign_in(client, token)
    assert "data-elder" not in client.get("/display").text
    answer = client.post("/display/elder", data={"elder": "1", "next": "/display"})
    assert (answer.status_code, answer.location) == (303, "/display")
    assert 'data-elder data-text="22"' in client.get("/display").text
    with runtime.db.read() as tx:
        assert tx.get_one(Account, row).elder_mode
    client.delete_cookie("elder")
    assert "data-elder" in client.get("/display").text, "another device follows the account"


def test_a_stranger_may_choose_too(client: FlaskClient) -> None:
    client.post("/display", data={"elder": "1", "text": "30", "theme": "dark", "next": "/display"})
    page = client.get("/display").text
    assert 'data-theme="dark" data-elder data-text="30"' in page


@pytest.mark.parametrize("wish", ["999", "", "<script>"])
def test_unknown_wishes_are_the_standard(client: FlaskClient, wish: str) -> None:
    client.set_cookie("text", wish)
    client.set_cookie("theme", wish)
    client.set_cookie("elder", "1")
    assert 'data-theme="auto" data-elder data-text="22"' in client.get("/display").text


@pytest.mark.parametrize("next_", ["https://example.com/", "//example.com", "/\\example.com", ""])
def test_the_way_back_stays_here(client: FlaskClient, next_: str) -> None:
    assert client.post("/display/elder", data={"elder": "1", "next": next_}).location == "/"


def test_english_is_one_tap_away(client: FlaskClient) -> None:
    assert 'lang="zh-CN"' in client.get("/display").text
    client.post("/display/language", data={"language": "en", "next": "/display"})
    assert 'lang="en"' in client.get("/display").text


@pytest.mark.parametrize("name", ["css/base.css", "js/player.js", "img/icons.svg"])
def test_static_files_are_kept_by_their_content(app: Flask, client: FlaskClient, name: str) -> None:
    with app.test_request_context():
        address = app.url_for("static", filename=name)
    digest = re.findall(r"[0-9a-f]{10}", address)[0]
    of_another_release = address.replace(digest, "0123456789")
    with client.get(address) as stamped, client.get(f"/static/{name}") as bare, client.get(of_another_release) as old:
        assert "immutable" in stamped.headers["Cache-Control"]
        assert stamped.data == bare.data == old.data
        # Kept under another release's name, today's file would stay there for a year.
        for answer in (bare, old):
            assert "immutable" not in answer.headers.get("Cache-Control", "")


def test_a_script_names_all_its_parts_once(app: Flask) -> None:
    with app.test_request_context():
        own, parts = app.url_for("static", filename="js/player.js"), static_files.module_parts("player.js")
    assert own not in parts
    assert len(set(parts)) == len(parts)
    folder = own.rpartition("/")[0]
    assert all(part.startswith(f"{folder}/") for part in parts)
    # `answers.js` is imported by a part of the player, not by the player itself.
    assert {f"{folder}/player-ledger.js", f"{folder}/answers.js"} <= set(parts)


@pytest.mark.parametrize("address", ["js-0123456789/base.css", "js-0123456789/nothing.js", "../app.py?v=1"])
def test_nothing_else_is_found_by_such_an_address(client: FlaskClient, address: str) -> None:
    with client.get(f"/static/{address}") as answer:
        assert answer.status_code in (301, 308, 404)


def test_the_style_page_is_for_the_demo(client: FlaskClient) -> None:
    assert client.get("/design").status_code == 404


def test_a_sentence_inside_a_sentence_is_translated(app: Flask) -> None:
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        said = translate(msg("课程现在的状态是“%(state)s”，不能这样做。", state=msg("草稿")))
    assert said == "The course is “Draft” now, so this cannot be done."
