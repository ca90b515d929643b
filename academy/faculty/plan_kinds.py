"""Enums of columns of term plans. Each has its CHECK (`core.types.one_of`)."""

import enum


class PlanState(enum.StrEnum):
    """draft → decided: what was accepted is on the timetable. A decided plan can be opened again for evenings left."""

    DRAFT = "draft"
    DECIDED = "decided"


class AssignmentState(enum.StrEnum):
    """draft → proposed → accepted, declined, other_day → confirmed: a lecture. withdrawn: the school asks no more."""

    DRAFT = "draft"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    OTHER_DAY = "other_day"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"


class AnswerWay(enum.StrEnum):
    """How an answer came: the lecturer pressed a button behind the link, or spoke with the office."""

    LINK = "link"
    OFFICE = "office"


class RulingState(enum.StrEnum):
    """asked: its price is being worked out; priced: it waits for a confirmation; confirmed: the plan keeps to it."""

    ASKED = "asked"
    PRICED = "priced"
    CONFIRMED = "confirmed"


class LectureChange(enum.StrEnum):
    """What happened to a lecture after those who asked for it, or its class, knew its evening."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    NO_SHOW = "no_show"
    RESTORED = "restored"
