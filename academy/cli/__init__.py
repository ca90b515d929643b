"""Commands: `flask --app wsgi GROUP COMMAND`. One file a component; each appears in docs/commands.md."""

import importlib

from flask import Flask

# One a line, to avoid merge conflicts.
GROUPS = (
    "accounts",
    "asr",
    "audit",
    "coverage",
    "evidence",
    "database",
    "faculty",
    "jobs",
    "media",
    "roster",
    "privacy",
    "progress",
    "sample",
    "search",
    "server",
)


def register(app: Flask) -> None:
    """Register every group of commands."""
    for name in GROUPS:
        app.cli.add_command(importlib.import_module(f"academy.cli.{name}").group)
