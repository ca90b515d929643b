"""Security and cache headers of every response."""

import secrets

from flask import Flask, Response, g, request

from academy.http.request_context import actor, runtime
from academy.http.static_files import IMMUTABLE

PAGE = (
    "default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors {ancestors}"
)
FILE = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors {ancestors}"
"""An uploaded file or data: opened by itself it may run no scripts and has an opaque origin."""
DOCUMENT = "script-src 'none'; frame-ancestors {ancestors}"
"""Browsers' own PDF viewers refuse to work in a sandbox, and run no scripts of ours."""

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
PARTS = {
    "text/javascript": ("X-Content-Type-Options", "Cross-Origin-Resource-Policy"),
    "text/css": ("X-Content-Type-Options", "Cross-Origin-Resource-Policy", "Referrer-Policy"),
}
"""What concerns a script or a style sheet of ours: neither is a document; a style sheet asks for pictures."""
UNNEEDED = ("Content-Disposition", "Last-Modified")
"""A page has thirty parts, and HTTP/1.1 compresses no headers: theirs were a seventh of the page. An ETag is enough."""
HSTS = "max-age=31536000; includeSubDomains"
"""HSTS for the academy's own host and its subdomains; the city's other hosts are not affected."""


def install(app: Flask) -> None:
    """A nonce for each request, and the headers of each answer."""
    app.before_request(_nonce)
    app.after_request(_headers)


def _nonce() -> None:
    g.nonce = secrets.token_urlsafe(16)


def _headers(response: Response) -> Response:
    headers, settings = response.headers, runtime().settings
    part = PARTS.get(response.mimetype or "") if request.endpoint == "static" else None
    for name in UNNEEDED if part else ():
        headers.pop(name, None)
    for name in part or EVERYWHERE:
        headers.setdefault(name, EVERYWHERE[name])
    if settings.secure_cookies:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if request.endpoint == "static":
        if g.get("immutable") and response.status_code in (200, 304):
            headers["Cache-Control"] = IMMUTABLE
        return response
    kind = response.mimetype
    policy = PAGE if kind == "text/html" else DOCUMENT if kind == "application/pdf" else FILE
    headers.setdefault(
        "Content-Security-Policy", policy.format(nonce=g.get("nonce", ""), ancestors=settings.frame_ancestors)
    )
    handed_out = headers.get("Content-Disposition", "").startswith("attachment")
    if "Cache-Control" not in headers or handed_out:
        # Any response to a signed-in person may be personal: no cache may store it.
        headers["Cache-Control"] = "no-cache" if actor().is_anonymous else "no-store"
    return response
