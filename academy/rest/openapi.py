"""The OpenAPI document, generated from the declarations of the routes."""

import re
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from academy.core.errors import NotFound
from academy.http import PUBLIC
from academy.http.declarations import declaration_of
from academy.rest.contracts import TEXT, Contract, EndpointDeclaration, ResponseSpec, endpoint, obj

bp = Blueprint("api_openapi", __name__, url_prefix="/api/v1")

PREFIX = "/api/v1/"
PROBLEM = obj(
    "errors",
    type={"type": "string", "pattern": "^urn:academy:[a-z0-9-]+$"},
    title=TEXT,
    status={"type": "integer", "minimum": 400, "maximum": 599},
    errors={"type": "object", "additionalProperties": TEXT},
)
MEANINGS = {
    400: "The request does not match this description.",
    401: "Nobody is signed in.",
    403: "This role needs a second step first.",
    404: "Missing, or not for the caller.",
    405: "No such method here.",
    409: "The object has changed, or its state does not allow this.",
    410: "It expired and was removed.",
    412: "The protocol version is missing or not supported.",
    413: "Over the limit.",
    415: "Another media type is expected.",
    422: "Matches this description, but cannot be accepted.",
    429: "Too many requests; see Retry-After.",
    460: "The piece arrived altered; nothing of it was kept.",
    500: "An internal error; it was logged.",
    503: "Overloaded; see Retry-After.",
    507: "No space on the disk.",
}


@bp.get("/openapi.json")
@endpoint(PUBLIC, Contract({200: ResponseSpec("This document.", {"type": "object"})}))
def document() -> Response:
    """Serve the OpenAPI 3.1 document."""
    return jsonify(describe(current_app))


def describe(app: Flask) -> dict[str, Any]:
    """The document.

    Raises:
        NotFound: an endpoint of the API has no declaration.
    """
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if rule.rule.startswith(PREFIX):
            address = re.sub(r"<(?:[^:<>]{1,80}:)?(\w{1,80})>", r"{\1}", rule.rule)
            for method in methods(rule):
                paths.setdefault(address, {})[method.lower()] = _operation(app, rule)
    name = app.config["SESSION_COOKIE_NAME"]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Academy", "version": "1", "description": (__doc__ or "").strip()},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A program's token."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": name,
                    "description": "A signed-in browser; what changes something also sends X-CSRFToken.",
                },
            },
        },
    }


def methods(rule: Rule) -> list[str]:
    """Methods of a route without HEAD and OPTIONS."""
    given = set(rule.methods or ()) - {"OPTIONS"}
    return sorted(given - {"HEAD"} if "GET" in given else given) or ["OPTIONS"]


def endpoint_of(app: Flask, rule: Rule) -> EndpointDeclaration:
    """An endpoint's declaration.

    Raises:
        NotFound: it has none, or that of a page.
    """
    found = declaration_of(app, rule.endpoint)
    if not isinstance(found, EndpointDeclaration):
        raise NotFound
    return found


def _operation(app: Flask, rule: Rule) -> dict[str, Any]:
    declaration, view = endpoint_of(app, rule), app.view_functions[rule.endpoint]
    made, policy = declaration.contract, declaration.policy
    refused = set(made.refuses) | ({400} if made.body or made.query else set())
    if made.body is not None:
        refused |= {413, 415}
    if not policy.is_public:
        refused |= {401, 429, 503}
    if policy.roles:
        refused |= {403, 404}
    described: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": " ".join((view.__doc__ or "").split("\n\n")[0].split()),
        "parameters": _parameters(rule, made),
        "responses": {str(status): _response(answer) for status, answer in made.answers.items()}
        | {str(status): _refusal(status) for status in sorted(refused)},
    }
    if made.body is not None:
        described["requestBody"] = {"required": True, "content": {made.media: {"schema": made.body}}}
    if not policy.is_public:
        described["security"] = [{"token": []}, {"session": []}]
    return described


def _parameters(rule: Rule, made: Contract) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": TEXT} for name in sorted(rule.arguments)
    ]
    found += [
        {"name": name, "in": "query", "required": name in made.needed, "schema": schema}
        for name, schema in made.query.items()
    ]
    found += [
        {"name": name, "in": "header", "required": name in made.needed, "schema": schema}
        for name, schema in made.headers.items()
    ]
    return found


def _response(answer: ResponseSpec) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.means}
    if answer.schema is not None:
        described["content"] = {answer.media or "application/json": {"schema": answer.schema}}
        if answer.also:
            problem = answer.also.startswith("application/problem")
            described["content"][answer.also] = {
                "schema": {"$ref": "#/components/schemas/Problem"} if problem else TEXT
            }
    elif answer.media:
        described["content"] = {answer.media: {"schema": TEXT}}
    if answer.headers:
        described["headers"] = {name: {"required": True, "schema": TEXT} for name in answer.headers}
    return described


def _refusal(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": MEANINGS[status], "content": {"application/problem+json": {"schema": schema}}}
