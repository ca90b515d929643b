"""What every answer tells the browser about itself: where it may be shown, kept and sent."""

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
"""A file that somebody uploaded, or data: opened by itself it may run nothing and is nobody's page."""
DOCUMENT = "script-src 'none'; frame-ancestors {ancestors}"
"""Browsers' own PDF viewers refuse to work in a sandbox, and run nothing of ours."""

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000; includeSubDomains"
"""Of the academy's own host and what is below it; the city's other hosts are not touched."""


def install(app: Flask) -> None:
    """A nonce for each request, and the headers of each answer."""
    app.before_request(_nonce)
    app.after_request(_headers)


def _nonce() -> None:
    g.nonce = secrets.token_urlsafe(16)


def _headers(response: Response) -> Response:
    headers, settings = response.headers, runtime().settings
    for name, value in EVERYWHERE.items():
        headers.setdefault(name, value)
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
        # Whatever is said to somebody who is signed in may be personal: no cache keeps it.
        headers["Cache-Control"] = "no-cache" if actor().is_anonymous else "no-store"
    return response
