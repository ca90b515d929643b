"""What happens to trainings."""

from dataclasses import dataclass

from academy.jobs import Event


@dataclass(frozen=True)
class TrainingOpened(Event):
    """The audience is enrolled; members can see what is due."""

    training_id: int


@dataclass(frozen=True)
class TrainingClosed(Event):
    """The window is over; nothing registered from now on counts unless it is dated inside it."""

    training_id: int
