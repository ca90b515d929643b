"""Every component with tables or event handlers, lowest first: what start-up and migrations must import."""

import importlib
import importlib.util

COMPONENTS = (
    "core",
    "jobs",
    "people",
    "roster",
    "accounts",
    "notifications",
    "media",
    "library",
    "learning",
    "talk",
    "classes",
    "trainings",
    "faculty",
    "coverage",
    "outreach",
    "search",
    "reports",
)


def import_all() -> None:
    """Import every component's tables (`models`, `audit`), event handlers and jobs."""
    for component in COMPONENTS:
        for part in ("models", "audit", "handlers", "jobs"):
            name = f"academy.{component}.{part}"
            if importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
