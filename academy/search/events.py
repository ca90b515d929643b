"""What happens in search."""

from dataclasses import dataclass

from academy.jobs import Event


@dataclass(frozen=True)
class TermChanged(Event):
    """A word of the city's own was added to the dictionary or taken out of it."""

    text: str
