"""Enums of columns of contests."""

import enum


class ContestState(enum.StrEnum):
    """nominating → scoring → objecting → published; nothing goes back."""

    NOMINATING = "nominating"
    SCORING = "scoring"
    OBJECTING = "objecting"
    PUBLISHED = "published"


ANNOUNCED = (ContestState.OBJECTING, ContestState.PUBLISHED)
"""States in which everybody knows the result."""


class Eligibility(enum.StrEnum):
    """Whether a nominated lecture takes part; decided when scoring begins."""

    OPEN = "open"
    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"


class ObjectionState(enum.StrEnum):
    """An objection is answered before the result is published."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
