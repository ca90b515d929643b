"""Schemas of requests and responses, declared beside each endpoint.

The declaration is enforced (a request that does not match it is 400, before the route runs) and is the source of
/api/v1/openapi.json, so that the document always agrees with the code. A request that matches and still cannot be
accepted, because of its meaning, is 409, 413 or 422.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import request
from jsonschema_rs import Draft202012Validator

from academy.core.errors import AcademyError
from academy.core.i18n import msg
from academy.http.declarations import DEFAULT_BODY, BodyLimit, RouteDeclaration, declare
from academy.http.policies import Policy

Schema = dict[str, Any]
V = TypeVar("V", bound=Callable[..., Any])

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
NATURAL: Schema = {"type": "integer", "minimum": 0, "maximum": 2**53 - 1}
YES: Schema = {"type": "boolean"}
TIME: Schema = {"type": "string", "format": "date-time"}
SPANS: Schema = {
    "type": "array",
    "items": {"type": "array", "items": NATURAL, "minItems": 2, "maxItems": 2},
    "description": "Stretches of the medium, [from, to) in milliseconds.",
}


class Malformed(AcademyError):
    """The request does not match the endpoint's declaration."""

    status = 400
    code = "malformed"

    def __init__(self, where: str = "") -> None:
        super().__init__(msg("请求有误，请返回重试。") if not where else msg("请求中的 %(where)s 有误。", where=where))


class WrongKind(AcademyError):
    """The body is not of the declared media type."""

    status = 415
    code = "wrong-kind"

    def __init__(self, expected: str = "application/json") -> None:
        super().__init__(msg("请以 %(expected)s 格式发送。", expected=expected))


def obj(*optional: str, **properties: Schema) -> Schema:
    """An object with these properties; those named first are optional. Others are allowed, and ignored."""
    required = [name for name in properties if name not in optional]
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


def several(items: Schema, **more: Any) -> Schema:
    """An array."""
    return {"type": "array", "items": items} | more


PROBLEM = "application/problem+json"


def maybe(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def text(longest: int, **more: Any) -> Schema:
    """A string of at most so many characters."""
    return {"type": "string", "maxLength": longest} | more


@dataclass(frozen=True)
class ResponseSpec:
    """The body of a response: a JSON schema, or another media type; nothing when both are empty."""

    means: str
    schema: Schema | None = None
    media: str = ""
    also: str = ""
    """An alternative media type of the same response."""
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """One endpoint's schemas. Statuses of refusals (problem+json) are only listed."""

    answers: Mapping[int, ResponseSpec]
    body: Schema | None = None
    media: str = "application/json"
    query: Mapping[str, Schema] = field(default_factory=dict)
    headers: Mapping[str, Schema] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    """Required names of the query and the headers."""
    refuses: tuple[int, ...] = ()
    most: int = 64 << 10
    """Maximum JSON body in bytes: parsed JSON takes forty times its size in memory."""


@dataclass(frozen=True, kw_only=True)
class EndpointDeclaration(RouteDeclaration):
    """Declaration of an API endpoint: the route's declaration, and its contract."""

    contract: Contract


def endpoint(
    policy: Policy,
    contract: Contract,
    *,
    rate: int | None = None,
    enforced: bool = True,
    body: BodyLimit | None = None,
    streamed: bool = False,
    csrf: bool = True,
    identified: bool = True,
    consent: bool = True,
    screen: bool = False,
) -> Callable[[V], V]:
    """Declare an endpoint; its view receives only requests that match the declaration.

    `enforced` is false where a middleware before Flask reads the body, or for a stream that is no JSON. The body limit
    is the contract's, where it has a JSON body.
    """
    json = contract.body is not None and contract.media == "application/json"
    declaration = EndpointDeclaration(
        policy=policy,
        contract=contract,
        rate=rate,
        body=body if body is not None else contract.most if json else DEFAULT_BODY,
        streamed=streamed,
        csrf=csrf,
        identified=identified,
        consent=consent,
        screen=screen,
    )

    def decorate(view: V) -> V:
        return declare(declaration)(_checked(view, contract, enforced=enforced))

    return decorate


def _checked(view: V, contract: Contract, *, enforced: bool) -> V:
    """The view, wrapped in its contract."""
    check = Draft202012Validator(contract.body) if contract.body is not None and enforced else None
    optional = (name for name in contract.query if name not in contract.needed)
    asked = Draft202012Validator(obj(*optional, **contract.query)) if contract.query else None
    if check is None and asked is None:
        return view

    @functools.wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if asked is not None:
            _fits(asked, request.args.to_dict(), "query")
        if check is not None:
            if request.mimetype != "application/json":
                raise WrongKind
            _fits(check, _body(), "body")
        return view(*args, **kwargs)

    return checked  # type: ignore[return-value]


def _body() -> object:
    """The body's JSON.

    Raises:
        Malformed: nested too deeply, or a string contains NUL or a lone surrogate.
    """
    try:
        given = request.get_json(silent=True)
        _sound(given)
    except RecursionError as error:
        raise Malformed("body") from error
    return given


def _sound(given: object) -> None:
    if isinstance(given, str):
        if "\0" in given or any("\ud800" <= character <= "\udfff" for character in given):
            raise Malformed("body")
    elif isinstance(given, dict):
        for name, value in given.items():
            _sound(name)
            _sound(value)
    elif isinstance(given, list):
        for value in given:
            _sound(value)


def _fits(check: Draft202012Validator, given: object, what: str) -> None:
    for error in check.iter_errors(given):
        raise Malformed(".".join(str(step) for step in error.instance_path) or what)
