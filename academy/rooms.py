"""Every room with tables or subscribers, lowest first: what start-up and migrations must import."""

import importlib
import importlib.util

ROOMS = (
    "core",
    "jobs",
    "members",
    "accounts",
    "notices",
    "media",
    "library",
    "progress",
    "trainings",
    "search",
    "reports",
)


def open_all() -> None:
    """Import every room's tables (`models`, `audit`) and subscribers (`jobs`, `within`)."""
    for room in ROOMS:
        for part in ("models", "audit", "within", "jobs"):
            name = f"academy.{room}.{part}"
            if importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
