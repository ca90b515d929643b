"""Messages on a person's own page: one is opened, all are read."""

from flask import Flask
from flask.testing import FlaskClient

from academy.accounts.models import Account
from academy.core.actor import Actor
from academy.core.i18n import msg
from academy.core.runtime import Runtime
from academy.notifications import queries, service
from tests.conftest import sign_in
from tests.support import factories


def browser(app: Flask, runtime: Runtime, told: int) -> tuple[FlaskClient, Account]:
    """Somebody with so many messages, and their browser."""
    with runtime.db.begin() as tx:
        who = factories.account(tx)
        for number in range(told):
            service.notify(tx, key=f"{who.id}:{number}", body=msg("已通过。"), link="/library", account_id=who.id)
        token = factories.session_token(tx, who)
    client = app.test_client()
    sign_in(client, token)
    return client, who


def unread(runtime: Runtime, who: Account) -> int:
    with runtime.db.read() as tx:
        return queries.count_unread(tx, Actor(account_id=who.id))


def test_all_messages_are_marked_as_read_and_stay_in_the_list(app: Flask, runtime: Runtime) -> None:
    client, who = browser(app, runtime, told=3)
    _, other = browser(app, runtime, told=1)
    answer = client.post("/notifications/read")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notifications")
    assert (unread(runtime, who), unread(runtime, other)) == (0, 1)
    assert client.get("/notifications").text.count("已通过。") == 3


def test_opening_a_message_marks_it_and_leads_where_it_is_about(app: Flask, runtime: Runtime) -> None:
    client, who = browser(app, runtime, told=2)
    with runtime.db.read() as tx:
        newest = queries.inbox(tx, Actor(account_id=who.id)).rows[0].public_id
    answer = client.post(f"/notifications/{newest}/open")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/library")
    assert unread(runtime, who) == 1
