"""Safe redirect targets: paths of this site, and nothing that a browser could read as another host."""

from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException, MethodNotAllowed

HOME = "/"
LONGEST = 2000
"""Maximum characters of a redirect target."""


def local_path(target: str | None) -> str:
    r"""The target if it is a path of this site, else the home page; the only such check.

    ``//evil``, ``/\evil`` and ``https:/evil`` look like paths to people and like hosts to browsers, which also drop
    tabs and line ends anywhere: ``/<tab>/evil``. (tests/faults/test_way_onward.py uses a browser's parser.)
    """
    text = (target or "").strip()
    odd = any(ord(c) < 33 or c == "\x7f" or c == "\\" or 0xD800 <= ord(c) < 0xE000 for c in text)
    if odd or not text.startswith("/") or text.startswith("//") or len(text) > LONGEST:
        return HOME
    try:
        parts = urlsplit(text)
    except ValueError:
        return HOME
    if parts.netloc or parts.scheme or parts.path.startswith("//") or not _is_page(text):
        return HOME
    return text


def _is_page(path: str) -> bool:
    """Whether the address can be opened by a link: one that only takes forms answers 405 to a browser."""
    try:
        current_app.url_map.bind("").match(urlsplit(path).path, method="GET")
    except MethodNotAllowed:
        return False
    except HTTPException:
        return True  # missing or gone: the error page is a page
    return True
