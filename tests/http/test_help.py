"""Help: each role's own page first, every page for everybody, links that lead somewhere; the first visit's card."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from academy.core.actor import Role
from academy.core.runtime import Runtime
from academy.web.help import LEFT, PAGES
from tests.conftest import sign_in
from tests.support import factories

TITLES = {Role.BRANCH_SECRETARY: "支部书记", Role.TRAINER: "培训教师", Role.REVIEWER: "审阅人"}


def browser(app: Flask, runtime: Runtime, *roles: Role, member: bool = True) -> FlaskClient:
    """Somebody with these roles."""
    with runtime.db.begin() as tx:
        node = factories.organisation(tx)
        person = factories.member(tx, node) if member else None
        account = factories.account(tx, person, *((role, node) for role in roles))
        client = app.test_client()
        sign_in(client, factories.session_token(tx, account))
    return client


@pytest.mark.parametrize("role", list(TITLES), ids=str)
def test_each_role_is_led_to_its_own_page(app: Flask, runtime: Runtime, role: Role) -> None:
    text = browser(app, runtime, role).get("/help").text
    assert f'aria-current="page">{TITLES[role]}</a>' in text


def test_help_is_there_before_one_can_sign_in(client: FlaskClient) -> None:
    text = client.get("/help").text
    assert 'aria-current="page">党员</a>' in text and 'href="/activate"' in text
    assert 'href="/help"' in client.get("/sign-in").text
    assert client.get("/help/nobody").status_code == 404
    for one in PAGES:
        assert client.get(f"/help/{one.key}").status_code == 200


def test_a_task_that_begins_somewhere_says_so_and_every_role_has_a_page(app: Flask) -> None:
    with app.test_request_context():
        for task in (task for one in PAGES for task in one.tasks):
            assert (task.begins is None) == (task.begin is None)
            assert task.begins is None or task.begins() is None or str(task.begins()).startswith("/")
    assert {role for one in PAGES for role in one.roles} | {Role.MEMBER} == set(Role)


def test_nobody_is_led_to_a_page_that_is_not_theirs(app: Flask, runtime: Runtime) -> None:
    member = browser(app, runtime)
    assert "/studio/new" not in member.get("/help/trainer").text
    assert "/studio/new" in browser(app, runtime, Role.TRAINER).get("/help/trainer").text


def test_the_first_visits_card_is_left_for_good(app: Flask, runtime: Runtime) -> None:
    member = browser(app, runtime)
    assert "第一次来" in member.get("/").text
    left = member.post("/help/leave", data={"next": "/"})
    assert left.status_code == 303 and member.get_cookie(LEFT) is not None
    assert "第一次来" not in member.get("/").text


def test_who_is_no_member_sees_no_card(app: Flask, runtime: Runtime) -> None:
    assert "第一次来" not in browser(app, runtime, Role.TRAINER, member=False).get("/").text
