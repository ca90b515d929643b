"""Enums of columns of classes. Each has its CHECK (`core.types.one_of`)."""

import enum


class HolidayKind(enum.StrEnum):
    """What a notice about holidays says of a span of days: off, or worked in exchange for another day (调休)."""

    OFF = "off"
    WORKING = "working"


class ClassState(enum.StrEnum):
    """planned → open → closed; cancelled ends one that was never closed."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"
