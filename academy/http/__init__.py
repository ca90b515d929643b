"""Shared by HTML pages and JSON endpoints: the actor, declarations of routes, languages, errors, headers."""

from academy.http.declarations import page
from academy.http.policies import PUBLIC, SIGNED_IN, office
from academy.http.request_context import actor, reading, runtime, writing
from academy.http.request_hooks import install

__all__ = ["PUBLIC", "SIGNED_IN", "actor", "install", "office", "page", "reading", "runtime", "writing"]
