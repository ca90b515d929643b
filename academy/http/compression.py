"""Text in responses is compressed: on 400 kbit/s a page of 60 KB takes a second less.

The length of a compressed page tells whether a text that a stranger put into the address also stands in the page as a
secret (BREACH). Only a page of another site can make a browser ask for such addresses by the hundred; browsers say
so in `Sec-Fetch-Site`, and what such a request gets is not compressed. See docs/decisions/0054-compression.md.
"""

import functools
import gzip
import io
import secrets

import brotli
from flask import Flask, Response, g, request

LEAST = 600
"""Bytes below which the header costs more than compression saves: such a body is one packet either way."""
MOST = 4 << 20
"""Bytes above which a response is passed on as it is: exports are files, and their readers wait anyway."""
TYPES = frozenset(
    {
        *("text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml"),
        *("text/vtt", "application/vnd.apple.mpegurl", "application/json", "application/problem+json"),
    }
)
FOREIGN = frozenset({"cross-site", "same-site"})
"""Values of `Sec-Fetch-Site` of requests that another site's page made."""


def install(app: Flask) -> None:
    """Compress after every other hook: registered first, it runs last."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype not in TYPES:
        return response
    response.vary.add("Accept-Encoding")
    unsuited = response.status_code != 200 or "Content-Encoding" in response.headers or "Range" in request.headers
    is_static = request.endpoint == "static"
    coding = _coding(kept=is_static and bool(g.get("immutable")))
    if unsuited or not coding or "X-Accel-Redirect" in response.headers:
        return response
    if not is_static and request.headers.get("Sec-Fetch-Site", "") in FOREIGN:
        return response
    # A file is read, a page is complete; a stream of unknown length goes out as it comes.
    length = response.content_length
    if length is None and response.is_sequence:
        length = response.calculate_content_length()
    if length is None or not LEAST <= length <= MOST:
        return response
    body = b"".join(response.iter_encoded())
    if close := getattr(response.response, "close", None):
        close()  # the file that was read
    response.direct_passthrough = False
    response.set_data(_kept(body) if coding == "br" else _squeezed(body))
    response.headers["Content-Encoding"] = coding
    etag, weak = response.get_etag()
    if etag and not weak:
        response.set_etag(etag, weak=True)  # the same content in other bytes
    return response


def _coding(*, kept: bool) -> str:
    """Brotli for files of a release, which are compressed once; gzip for everything else; nothing where the browser
    takes neither."""
    if kept and request.accept_encodings["br"]:
        return "br"
    return "gzip" if request.accept_encodings["gzip"] else ""


@functools.lru_cache(maxsize=256)
def _kept(body: bytes) -> bytes:
    """As small as it gets, once a process: the largest file takes 1.5 s."""
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=11))


def _squeezed(body: bytes) -> bytes:
    """Compressed, with a header of random length: a single measurement tells nothing of one letter's difference."""
    out = io.BytesIO()
    with gzip.GzipFile("x" * secrets.randbelow(64), "wb", 6, out, mtime=0) as packed:
        packed.write(body)
    return out.getvalue()
