"""Events of notifications."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class NotificationsWritten(Event):
    """Notifications were written. Which ones, the planner finds by their mark: one event may stand for thousands."""
