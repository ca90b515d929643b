"""How much one account, or one network, may ask for in a minute (Flask-Limiter; in Redis when there is one).

A village, a school or an office shares one address: nobody there is refused because the neighbours are
busy, so a signed-in person is counted alone and a network is allowed as much as a full hall asks for.
What costs much or reaches a stranger declares its own figure (``rate=``).
Wrong passwords are counted elsewhere (`accounts.throttle`).
"""

from flask import Flask, request
from flask_limiter import Limiter

from academy.core.networks import network_of
from academy.core.settings import Settings
from academy.http.declarations import declared
from academy.http.request_context import identity

NETWORK_SHARE = 5
"""A network's share of what one account may ask for: for those who have not signed in yet."""


def install(app: Flask, settings: Settings) -> None:
    """Count requests, unless the operator counts them elsewhere."""
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
        # Redis away: count in this process, and keep serving.
        in_memory_fallback_enabled=bool(settings.redis_url),
        swallow_errors=True,
    )
    limiter.request_filter(_is_free)


def _is_free() -> bool:
    """Whether nothing is counted: nobody asks who is here."""
    here = declared()
    return here is not None and not here.identified


def rate_limit_key() -> str:
    """Whose request this is: an account's, or a network's."""
    found = identity()
    return f"account:{found.account_id}" if found else f"network:{network_of(request.remote_addr or '')}"
