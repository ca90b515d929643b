"""Events of learning."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class CourseStarted(Event):
    """A member's first credited second of a course (any version); once a member and course."""

    member_id: int
    course_id: int
    at_ms: int


@dataclass(frozen=True)
class CourseItemFinished(Event):
    """A member completed one item."""

    member_id: int
    item_id: int
    course_id: int
    at_ms: int


@dataclass(frozen=True)
class CourseFinished(Event):
    """A member completed every required item of a course."""

    member_id: int
    course_id: int
    course_version: int
    at_ms: int


@dataclass(frozen=True)
class CorrectionApproved(Event):
    """Completions are about to be registered or struck by hand: `touched` are pairs of version and moment (at_ms).

    Handlers that keep closed figures raise here, before anything is written.
    """

    member_id: int
    course_id: int
    touched: list[list[int]]


@dataclass(frozen=True)
class CourseStruck(Event):
    """A member's completions of a course were removed: `struck` are pairs of version and moment (at_ms)."""

    member_id: int
    course_id: int
    struck: list[list[int]]


@dataclass(frozen=True)
class RecutDeclared(Event):
    """Somebody declared which stretches of an item's old version are in a newer one, and where."""

    item_id: int
    from_version: int
    to_version: int
