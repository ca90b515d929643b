"""HTML pages: one file a component or page, one blueprint a file."""

import importlib

from flask import Flask

PAGES = (
    "home",
    "help",
    "display",
    "design",
    "accounts",
    "consent",
    "screens",
    "own_data",
    "grants",
    "audit",
    "second_step",
    "sso",
    "members",
    "member_changes",
    "mergers",
    "exemptions",
    "sectors",
    "corrections",
    "cohorts",
    "rosters",
    "notifications",
    "notification_settings",
    "deliveries",
    "studio",
    "files",
    "review",
    "library",
    "lecturers",
    "complaints",
    "learn",
    "talk",
    "questions",
    "record",
    "offline",
    "pickers",
    "trainings",
    "pool",
    "pool_lecturer",
    "pool_sheets",
    "obligations",
    "lectures",
    "evaluations",
    "contests",
    "personnel_notes",
    "class_hours",
    "terms",
    "holidays",
    "topics",
    "topic_requests",
    "term_plans",
    "reminders",
    "branch_desk",
    "reports",
    "reporting",
    "statistics",
    "search",
    "media",
    "jobs",
    "captions",
    "resubmission",
)


def register(app: Flask) -> None:
    """Register every component's pages."""
    for name in PAGES:
        app.register_blueprint(importlib.import_module(f"academy.web.{name}").bp)
