"""States of what is hung on a place of a lecture."""

import enum

from academy.core.i18n import Message, msg


class PlaceState(enum.StrEnum):
    """Whether the words that somebody noted are still at their place.

    `same`: they are; `edited`: the place is there, its words are others; `cut`: the stretch was taken out, or is not
    found in another file.
    """

    SAME = "same"
    EDITED = "edited"
    CUT = "cut"


class QuestionState(enum.StrEnum):
    """State of a question. Others see those that are `shown` (without an answer yet) or `answered`."""

    WAITING = "waiting"
    SHOWN = "shown"
    ANSWERED = "answered"
    REFUSED = "refused"


SEEN = (QuestionState.SHOWN, QuestionState.ANSWERED)
"""States in which everybody sees a question."""


class QuestionRefusal(enum.StrEnum):
    """Why a question is not shown to others."""

    ELSEWHERE = "elsewhere"
    OFF_TOPIC = "off_topic"
    PERSONAL = "personal"
    IMPROPER = "improper"
    OTHER = "other"


REFUSALS: dict[str, Message] = {
    QuestionRefusal.ELSEWHERE: msg("课里已经讲到，或者已有同样的提问"),
    QuestionRefusal.OFF_TOPIC: msg("和这节课没有关系"),
    QuestionRefusal.PERSONAL: msg("里面有个人的信息"),
    QuestionRefusal.IMPROPER: msg("不适合公开"),
    QuestionRefusal.OTHER: msg("其他"),
}
