"""What was typed survives the end of a session and an old page, whatever the form."""

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.http.declarations import declaration_of
from academy.library.models import Course
from tests.conftest import sign_in
from tests.support import factories

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])

TYPED = {
    "title": "我写了很久的标题",
    "summary": "第一行\r\n第二行 <b>&amp;",
    "password": "never-shown-123",
    "verb": "edit",
}
LEAVING = {"accounts.sign_out"}
"""Nothing is typed there, and whoever is out already is where it leads."""


def forms(app: Flask) -> list[tuple[str, str, bool]]:
    """Every address that takes a form of a page: the address, its endpoint, whether anybody may send it."""
    found = []
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()) or rule.rule.startswith("/api/") or rule.endpoint in LEAVING:
            continue
        words = re.sub(r"<any\(['\"]?(\w+)[^>]*>", r"\1", re.sub(r"<int:[^>]+>", "1", rule.rule))
        declaration = declaration_of(app, rule.endpoint)
        if not declaration.csrf:  # its signed address is the credential: no session and no token can end
            continue
        found.append((re.sub(r"<[^>]+>", "abcdefghjkmnpqrs", words), rule.endpoint, declaration.policy.is_public))
    assert len(found) > 60
    return found


def kept_fields(page: str) -> dict[str, str]:
    """The hidden fields of the form that is to be sent again."""
    form = re.search(r"<form[^>]*data-resubmit.*?</form>", page, re.S)
    assert form is not None
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    return {name: unescape(value) for name, value in hidden}


@pytest.mark.thorough
def test_every_form_of_an_ended_session_is_kept(app: Flask, client: FlaskClient) -> None:
    for address, endpoint, public in forms(app):
        if public:
            continue
        answer = client.post(address, data=TYPED)
        assert answer.status_code == 401, endpoint
        fields = kept_fields(answer.text)
        assert {"title": TYPED["title"], "summary": TYPED["summary"], "verb": "edit"}.items() <= fields.items(), (
            endpoint
        )
        assert TYPED["password"] not in answer.text and 'type="password"' in answer.text, endpoint
        assert 'href="/sign-in?next=/resubmit"' in answer.text, endpoint


@pytest.mark.thorough
def test_every_form_of_an_old_page_is_kept(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    with runtime.db.begin() as tx:
        sign_in(
            client, factories.session_token(tx, factories.account(tx, None, (Role.TRAINER, factories.organisation(tx))))
        )
    for address, endpoint, _public in forms(app):
        answer = client.post(address, data=TYPED | {"csrf_token": "of another session"})
        assert answer.status_code == 400, endpoint
        fields = kept_fields(answer.text)
        assert {"title": TYPED["title"], "summary": TYPED["summary"], "verb": "edit"}.items() <= fields.items(), (
            endpoint
        )
        assert fields["csrf_token"] != "of another session"
        assert TYPED["password"] not in answer.text, endpoint


def test_it_can_be_sent_again_from_the_page(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    with runtime.db.begin() as tx:
        who = factories.account(tx, None, (Role.TRAINER, factories.organisation(tx)))
        course = factories.course(tx, who)
        sign_in(client, factories.session_token(tx, who))
    page = client.get(f"/studio/{course.public_id}").text
    form = next(f for f in re.findall(r"<form\b.*?</form>", page, re.S) if 'name="title"' in f)
    fields = {n: unescape(v) for n, v in re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)}
    category = re.search(r'<option value="([^"]+)"[^>]*selected', form)
    fields |= {
        "title": "新的标题",
        "category": category[1] if category else "",
        "summary": "新的简介",
        "csrf_token": "old",
    }
    answer = client.post(f"/studio/{course.public_id}", data=fields)
    again = kept_fields(answer.text)
    assert client.post(f"/studio/{course.public_id}", data=again).status_code == 303
    with runtime.db.read() as tx:
        assert tx.get_one(Course, course.id).title == "新的标题"


def test_programs_get_their_envelope(client: FlaskClient) -> None:
    answer = client.post("/api/v1/roster/changes", json={})
    assert answer.status_code == 401 and answer.mimetype == "application/problem+json"


@pytest.mark.thorough
def test_signing_in_never_leads_to_an_address_that_only_takes_forms(
    app: Flask, client: FlaskClient, runtime: Runtime
) -> None:
    with runtime.db.begin() as tx:
        sign_in(client, factories.session_token(tx, factories.account(tx)))
    for address, endpoint, _public in forms(app):
        answer = client.get("/sign-in", query_string={"next": address})
        assert client.get(answer.location).status_code != 405, endpoint
