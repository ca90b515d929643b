"""The JSON API for programs and for the player: one file a component."""

import importlib

from flask import Flask

from academy.core.runtime import Runtime

# One a line, to avoid merge conflicts.
PARTS = (
    "health",
    "jobs",
    "learning",
    "media",
    "offline",
    "openapi",
    "roster",
    "talk",
    "uploads",
)


def register(app: Flask) -> None:
    """Register every component's endpoints."""
    for name in PARTS:
        app.register_blueprint(importlib.import_module(f"academy.rest.{name}").bp)


def install_heartbeats(app: Flask, runtime: Runtime) -> None:
    """Wrap the application in the heartbeat middleware."""
    from academy.rest import learning
    from academy.rest.method_override import MethodOverride

    app.wsgi_app = MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    learning.install(app, runtime)
