"""Enums of columns of term plans. Each has its CHECK (`core.types.one_of`)."""

import enum


class PlanState(enum.StrEnum):
    """draft → decided: its lectures are on the timetable."""

    DRAFT = "draft"
    DECIDED = "decided"


class RulingState(enum.StrEnum):
    """asked: its price is being worked out; priced: it waits for a confirmation; confirmed: the plan keeps to it."""

    ASKED = "asked"
    PRICED = "priced"
    CONFIRMED = "confirmed"
