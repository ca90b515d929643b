"""Events of trainings."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class TrainingOpened(Event):
    """The audience is enrolled; members see the training."""

    training_id: int


@dataclass(frozen=True)
class TrainingClosed(Event):
    """The window is over; later registrations count only if dated inside it."""

    training_id: int
