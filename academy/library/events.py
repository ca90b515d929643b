"""Events of courses."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class CourseSubmitted(Event):
    """A trainer asks for a review."""

    course_id: int


@dataclass(frozen=True)
class CourseReturned(Event):
    """A reviewer sent it back with comments."""

    course_id: int


@dataclass(frozen=True)
class CoursePublished(Event):
    """Members can see it now; also after an edit of a published course."""

    course_id: int


@dataclass(frozen=True)
class CourseWithdrawn(Event):
    """Withdrawn from page, playlist, search and leases at once."""

    course_id: int
