"""Rate limits for one account or one network (Flask-Limiter; counted in Redis when there is one).

A village, a school or an office shares one address: a signed-in person is counted alone, so that busy neighbours do
not matter, and a network is allowed as much as a full hall needs. Expensive routes, and those that send messages to
other people, declare their own figure (``rate=``). Wrong passwords are counted elsewhere
(`accounts.authentication.throttle`).
"""

from flask import Flask, request
from flask_limiter import Limiter

from academy.core.networks import network_of
from academy.core.settings import Settings
from academy.http.declarations import declared
from academy.http.request_context import identity

NETWORK_SHARE = 5
"""Multiple of an account's limit that a network may use: for requests without a session."""


def install(app: Flask, settings: Settings) -> None:
    """Count requests, unless the operator disabled it."""
    rate = settings.rate_per_minute
    if not rate:
        return

    def everything() -> str:
        return f"{rate if identity() else rate * NETWORK_SHARE}/minute"

    def this_page() -> str:
        here = declared()
        return f"{(here and here.rate) or rate * NETWORK_SHARE}/minute"

    limiter = Limiter(
        rate_limit_key,
        app=app,
        application_limits=[everything],
        default_limits=[this_page],
        storage_uri=settings.redis_url or "memory://",
        key_prefix="academy",
        # Redis is down: count in this process, and keep serving.
        in_memory_fallback_enabled=bool(settings.redis_url),
        swallow_errors=True,
    )
    limiter.request_filter(_is_free)


def _is_free() -> bool:
    """Whether the route is not counted: it loads no session."""
    here = declared()
    return here is not None and not here.identified


def rate_limit_key() -> str:
    """The key to count by: the account, or else the network."""
    found = identity()
    return f"account:{found.account_id}" if found else f"network:{network_of(request.remote_addr or '')}"
