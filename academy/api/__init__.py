"""JSON for programs and for the player: one file a room."""

import importlib

from flask import Flask

from academy.core.house import House

# One a line, so that two people can each add one.
PARTS = (
    "health",
    "jobs",
    "media",
    "openapi",
    "progress",
    "roster",
    "uploads",
)


def register(app: Flask) -> None:
    """Register every room's endpoints."""
    for name in PARTS:
        app.register_blueprint(importlib.import_module(f"academy.api.{name}").bp)


def beats_first(app: Flask, house: House) -> None:
    """Put the beats' door in front of everything else."""
    from academy.api import progress
    from academy.api.method_override import MethodOverride

    app.wsgi_app = MethodOverride(app.wsgi_app)  # type: ignore[method-assign]
    progress.install(app, house)
