"""The API's description: every endpoint declares what it takes and answers, and means it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema_rs import Draft202012Validator

from academy.core.errors import NotFound
from academy.core.runtime import Runtime
from academy.rest.openapi import PREFIX, endpoint_of
from tests.conftest import sign_in
from tests.support import factories

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite"])


def test_every_endpoint_of_the_api_declares_what_it_takes_and_answers(app: Flask) -> None:
    bare = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(PREFIX):
            try:
                endpoint_of(app, rule)
            except NotFound:
                bare.append(rule.rule)
    assert bare == [], "wear @endpoint (academy/rest/contracts.py)"


def test_the_description_holds_schemas_that_can_be_checked(client: FlaskClient) -> None:
    said = client.get("/api/v1/openapi.json").get_json()
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            for answer in operation["responses"].values():
                for kind in answer.get("content", {}).values():
                    Draft202012Validator({"components": said["components"]} | kind["schema"])
            assert operation["operationId"], (method, path)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ("[]", "application/json", 400),
        ('{"item": 5}', "application/json", 400),
        ("{}", "application/json", 400),
        ('{"item": "x", "take_over": "yes"}', "application/json", 400),
        ("item=x", "application/x-www-form-urlencoded", 415),
        ('{"item": "x"}', "text/plain", 415),
        ('{"item": "abcdefghjkmnpqrs"}', "application/json", 404),
    ],
)
def test_what_does_not_fit_is_refused_before_the_route_runs(
    client: FlaskClient, runtime: Runtime, body: str, kind: str, status: int
) -> None:
    with runtime.db.begin() as tx:
        token = factories.session_token(tx, factories.account(tx))
    sign_in(client, token)
    answer = client.post("/api/v1/progress/leases", data=body, content_type=kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["status"] == status


def test_a_method_that_is_not_there_is_405_with_those_that_are(client: FlaskClient) -> None:
    answer = client.put("/api/v1/health")
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("given", [{"Authorization": "Bearer {token}"}, {}])
def test_a_program_needs_its_token_and_a_browser_needs_more_than_its_cookie(
    app: Flask, runtime: Runtime, given: dict[str, str]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    with runtime.db.begin() as tx:
        token = factories.session_token(tx, factories.account(tx))
    client, wanted = app.test_client(), {"item": "abcdefghjkmnpqrs"}
    headers = {name: value.format(token=token) for name, value in given.items()}
    answer = client.post("/api/v1/progress/leases", json=wanted, headers=headers)
    assert answer.status_code == (404 if given else 401), "with a token one is let in; nobody is asked who they are"
    sign_in(client, token)
    assert client.post("/api/v1/progress/leases", json=wanted, headers=headers).status_code == 400, "no CSRF token"
