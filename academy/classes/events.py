"""Events of classes."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class ClassNews(Event):
    """Something about a class that these members are notified of after the commit."""

    class_id: int
    news: str
    """A `ClassNewsKind`."""
    member_ids: list[int]
    at_ms: int
    """When, in milliseconds since 1970: names the occasion."""
