"""Events of the lecture programme."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class TopicDecided(Event):
    """A topic request passed into another state; those who asked are notified."""

    request_id: int
    state: str
    decided_ms: int
    """When, in milliseconds since 1970: names the occasion."""


@dataclass(frozen=True)
class LectureChanged(Event):
    """A lecture that a plan put on the timetable was moved, cancelled, or nobody came; those who asked are notified."""

    lecture_id: int
    change: str
    """A `LectureChange`."""
    changed_ms: int
    """When, in milliseconds since 1970: names the occasion."""


@dataclass(frozen=True)
class ClassLectureChanged(Event):
    """A lecture of a class has another time or place, was cancelled, or stands again; its members are notified."""

    lecture_id: int
    change: str
    """A `LectureChange`."""
    changed_ms: int
    """When, in milliseconds since 1970: names the occasion."""
