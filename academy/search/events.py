"""Events of search."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class TermChanged(Event):
    """A term was added to the dictionary or removed from it."""

    text: str
