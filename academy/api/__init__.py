"""JSON for programs and for the player: one file a room."""

import importlib

from flask import Flask

PARTS = ("health", "jobs", "progress", "uploads")


def register(app: Flask) -> None:
    """Register every room's endpoints."""
    for name in PARTS:
        app.register_blueprint(importlib.import_module(f"academy.api.{name}").bp)
