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


RUNNING = (ClassState.PLANNED, ClassState.OPEN)
"""States of a class whose people can change."""


class ApplicationState(enum.StrEnum):
    """applied → waiting (approved, no seat is free) → enrolled; declined, withdrawn and lapsed (its class was closed,
    or its member left the register) end one before that."""

    APPLIED = "applied"
    WAITING = "waiting"
    ENROLLED = "enrolled"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


PENDING = (ApplicationState.APPLIED, ApplicationState.WAITING)
"""States of an application that is not decided for good."""


class TurnState(enum.StrEnum):
    """planned → taken, confirmed by somebody else than who took it; cancelled ends a planned one."""

    PLANNED = "planned"
    TAKEN = "taken"
    CANCELLED = "cancelled"


class ClassNewsKind(enum.StrEnum):
    """What members of a class, or those who asked for a place, are notified of."""

    PLACED = "placed"
    QUEUED = "queued"
    LAPSED = "lapsed"
    MOVED = "moved"
    CLOSED = "closed"
    REOPENED = "reopened"
    CANCELLED = "cancelled"
    RESTORED = "restored"
