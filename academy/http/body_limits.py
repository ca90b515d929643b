"""Limits of request bodies: small unless the route declares more, and enforced before anything reads the body.

`MAX_CONTENT_LENGTH` is one figure for everything; 60 MiB of JSON for an endpoint that takes forty bytes become
gigabytes of Python objects. A route therefore declares what it needs (``body=``); `deploy/nginx.conf` has the
same figures (tests/contracts/test_bodies.py compares them), so that nothing larger is even spooled there.
"""

from flask import Flask, request

from academy.core.errors import SignInRequired, TooLarge
from academy.core.i18n import msg
from academy.core.settings import Settings
from academy.http.declarations import DEFAULT_BODY, declared, routes
from academy.http.request_context import actor

KIB, MIB = 1 << 10, 1 << 20
FORM_TEXT = 4 * MIB
"""Bytes of form fields that are held in memory; uploaded files go to temporary files."""
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def form_file(settings: Settings) -> int:
    """Body limit of a route that takes one file in an ordinary form."""
    return settings.max_form_mb * MIB


def install(app: Flask) -> None:
    """Check the body's size before anything else is done with a request."""
    app.before_request(enforce)


def enforce() -> None:
    """Refuse a body that exceeds its route's limit.

    Raises:
        TooLarge: by its Content-Length or, for a chunked body, by the bytes received.
        SignInRequired: the body is larger than a form, the route needs an account, and nobody is signed in.
    """
    here = declared()
    most = routes().largest.get(request.endpoint or "", DEFAULT_BODY)
    request.max_content_length = most
    request.max_form_memory_size = min(most, FORM_TEXT)
    if request.routing_exception is not None:
        return  # no such address: nobody reads the body
    length = request.content_length
    if length is not None and length > most:
        raise too_large(most)
    in_chunks = length is None and "chunked" in request.headers.get("Transfer-Encoding", "").lower()
    if not in_chunks and (length or 0) <= DEFAULT_BODY:
        return
    if here is not None and not here.policy.is_public and actor().is_anonymous and most > DEFAULT_BODY:
        # Large bodies of anonymous requests are neither read nor spooled to disk.
        raise SignInRequired
    if in_chunks and not (here is not None and here.streamed):
        _read(most)


def too_large(most: int) -> TooLarge:
    """The error for a body over the limit."""
    if most >= MIB:
        return TooLarge(msg("提交的内容太大，最多 %(most)s MB。", most=most // MIB))
    return TooLarge(msg("提交的内容太大，最多 %(most)s KB。", most=most // KIB))


def _read(most: int) -> None:
    """Read a body of unknown length completely, so that no route starts with half of one."""
    if request.mimetype == "multipart/form-data":
        _ = request.form  # files are spooled to disk
        return
    most = min(most, FORM_TEXT)
    request.max_content_length = most + 1  # a stream that reaches its limit ends without an error
    if len(request.get_data(cache=True)) > most:
        raise too_large(most)
