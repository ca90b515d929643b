"""What HTML pages and JSON endpoints share: the actor, policies, languages, errors, headers."""

from academy.http.policies import office, public, signed_in
from academy.http.request_context import actor, reading, runtime, writing
from academy.http.request_hooks import install

__all__ = ["actor", "install", "office", "public", "reading", "runtime", "signed_in", "writing"]
