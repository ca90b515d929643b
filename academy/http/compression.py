"""Text in responses is compressed: on 400 kbit/s a page of 60 KB takes a second less.

The length of a compressed page tells whether a text that a stranger put into the address also stands in the page as a
secret (BREACH). Only a page of another site can make a browser ask for such addresses by the hundred; browsers say
so in `Sec-Fetch-Site`, and what such a request gets is not compressed. See docs/decisions/0054-compression.md.
"""

import gzip
import hashlib
import io
import queue
import secrets
import threading
from pathlib import Path

import brotli
from flask import Flask, Response, g, request

from academy.http import static_files

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


SUFFIXES = frozenset({".js", ".css", ".svg"})
"""Static files of these types are compressed before anybody asks for them."""
QUICK, SMALLEST = 5, 11
"""Qualities of brotli: the largest file takes 8 ms and 540 ms with them."""


class ReleaseFiles:
    """Files of the release by brotli: well at once, as small as they get once a thread has come to them.

    The first file that is asked for has the thread compress all of them, which takes a second: whoever comes first
    after a start waits for nothing, and whoever comes next gets the smallest.
    """

    def __init__(self) -> None:
        self._smallest: dict[bytes, bytes] = {}
        self._waiting = queue.SimpleQueue[bytes]()
        self._begun: set[Path] = set()
        self._lock = threading.Lock()

    def compressed(self, body: bytes, folder: Path) -> bytes:
        """A file of `folder`, compressed; never slower than `QUICK`."""
        if (kept := self._smallest.get(hashlib.sha256(body).digest())) is not None:
            return kept
        with self._lock:
            is_first, was_empty = folder not in self._begun, not self._begun
            self._begun.add(folder)
        self._waiting.put(body)
        if is_first:
            for file in sorted(folder.rglob("*")):
                if file.suffix in SUFFIXES and LEAST <= file.stat().st_size <= MOST:
                    self._waiting.put(file.read_bytes())
        if was_empty:
            threading.Thread(target=self._work, name="compression", daemon=True).start()
        return _brotli(body, QUICK)

    def is_smallest(self, body: bytes) -> bool:
        """Whether the thread has come to a file."""
        return hashlib.sha256(body).digest() in self._smallest

    def _work(self) -> None:
        while True:
            body = self._waiting.get()
            digest = hashlib.sha256(body).digest()
            if digest not in self._smallest:
                self._smallest[digest] = _brotli(body, SMALLEST)


RELEASE = ReleaseFiles()
"""Of this process: applications made from the same files share what is compressed."""


def _brotli(body: bytes, quality: int) -> bytes:
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality))


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
    response.set_data(RELEASE.compressed(body, static_files.folder()) if coding == "br" else _squeezed(body))
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


def _squeezed(body: bytes) -> bytes:
    """Compressed, with a header of random length: a single measurement tells nothing of one letter's difference."""
    out = io.BytesIO()
    with gzip.GzipFile("x" * secrets.randbelow(64), "wb", 6, out, mtime=0) as packed:
        packed.write(body)
    return out.getvalue()
