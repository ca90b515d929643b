"""Commands: `flask --app wsgi GROUP COMMAND`. One file a room; each appears in docs/commands.md."""

import importlib

from flask import Flask

GROUPS = ("audit", "coverage", "database", "jobs", "sample", "search", "server", "accounts", "roster")


def register(app: Flask) -> None:
    """Register every group of commands."""
    for name in GROUPS:
        app.cli.add_command(importlib.import_module(f"academy.cli.{name}").group)
