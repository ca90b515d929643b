"""Enums of columns of evaluations. Each has its CHECK (`core.types.one_of`)."""

import enum


class AttendancePart(enum.StrEnum):
    """As what somebody was at a lecture: a student, or a colleague who sat in (听课)."""

    STUDENT = "student"
    PEER = "peer"


class AttendanceWay(enum.StrEnum):
    """How the roll knows of somebody: entered by name, or by the code shown in the classroom."""

    NAME = "name"
    CODE = "code"


class EvaluationKind(enum.StrEnum):
    """The three evaluations of a lecture.

    By its lecturers (自评); by students and peers (他评); months later by those who were there, at work (跟评).
    """

    SELF = "self"
    PARTICIPANTS = "participants"
    FOLLOW_UP = "follow_up"


class QuestionKind(enum.StrEnum):
    """What a question of a form asks for: a number of the form's scale, or a text."""

    SCALE = "scale"
    TEXT = "text"


class CommentState(enum.StrEnum):
    """A comment is shown to the lecturer only once somebody has read it."""

    WAITING = "waiting"
    SHOWN = "shown"
    WITHHELD = "withheld"
