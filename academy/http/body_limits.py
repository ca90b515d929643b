"""How large a request's body may be: small unless the route declares more, and refused before anything reads it.

`MAX_CONTENT_LENGTH` is one figure for everything; 60 MiB of JSON for an endpoint that takes forty bytes become
gigabytes of Python objects. A route therefore says with `accepts_body` what it needs; `deploy/nginx.conf` has the
same figures (tests/contracts/test_bodies.py compares them), so that nothing larger is even spooled there.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app, request

from academy.core.errors import SignInRequired, TooLarge
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.http.request_context import actor, runtime

KIB, MIB = 1 << 10, 1 << 20
DEFAULT = 256 * KIB
"""Bytes of a form that people fill in: 25,000 Chinese characters as a browser encodes them."""
FORM_TEXT = 4 * MIB
"""Bytes of a form's texts that are held in memory; a file beside them goes to a temporary file."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

V = TypeVar("V", bound=Callable[..., Any])
Limit = int | Callable[[Settings], int]


def form_file(settings: Settings) -> int:
    """For a route that takes one file in an ordinary form."""
    return settings.max_form_mb * MIB


def accepts_body(limit: Limit, *, streamed: bool = False) -> Callable[[V], V]:
    """Declare the largest body of a route, in bytes, or how the settings give it.

    `streamed`: the route reads the body piece by piece and counts for itself.
    """

    def declare(view: V) -> V:
        view.__body_limit__, view.__body_streamed__ = limit, streamed  # type: ignore[attr-defined]
        return view

    return declare


def limit_of(view: object, settings: Settings) -> int:
    """The largest body that a view takes, in bytes."""
    declared: Limit = getattr(view, "__body_limit__", DEFAULT)
    return declared if isinstance(declared, int) else declared(settings)


def install(app: Flask) -> None:
    """Look at the body's size before anything else is done with a request."""
    app.before_request(enforce)


def enforce() -> None:
    """Refuse a body that is larger than its route takes.

    Raises:
        TooLarge: it is, by its Content-Length or, if it comes in chunks, by what has come of it.
        SignInRequired: a stranger's body is larger than a form, and the route is not for strangers.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    most = limit_of(view, runtime().settings)
    request.max_content_length = most
    request.max_form_memory_size = min(most, FORM_TEXT)
    if request.routing_exception is not None:
        return  # there is no such address: nobody reads the body
    length = request.content_length
    if length is not None and length > most:
        raise too_large(most)
    in_chunks = length is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    if not in_chunks and (length or 0) <= DEFAULT:
        return
    if getattr(view, "__policy__", "public") != "public" and actor().is_anonymous and most > DEFAULT:
        # Nobody who may not come in has large things read, or kept on the disk meanwhile.
        raise SignInRequired
    if in_chunks and not getattr(view, "__body_streamed__", False):
        _read(most)


def too_large(most: int) -> TooLarge:
    """What is said of a body over the limit."""
    if most >= MIB:
        return TooLarge(msg("提交的内容太大，最多 %(most)s MB。", most=most // MIB))
    return TooLarge(msg("提交的内容太大，最多 %(most)s KB。", most=most // KIB))


def _read(most: int) -> None:
    """Read a body of unknown length now, so that no route begins with half of one."""
    if request.mimetype == "multipart/form-data":
        _ = request.form  # files in it go to the disk
        return
    most = min(most, FORM_TEXT)
    request.max_content_length = most + 1  # a stream that ends at its limit ends silently
    if len(request.get_data(cache=True)) > most:
        raise too_large(most)
