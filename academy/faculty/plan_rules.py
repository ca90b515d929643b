"""Rules of invitations: which answers may follow, how long a link is good for. Pure."""

import datetime as dt

from academy.core.i18n import Message, msg
from academy.faculty.plan_kinds import AssignmentState

ANSWER_DAYS = 14
"""Days that a lecturer has for an answer, unless the evening comes first."""
REASON_LENGTH = 200
LINKS = 20
"""Links that one invitation may have had: more are not made, so that reading one stays quick."""

ASSIGNMENT_STATE_NAMES: dict[AssignmentState, Message] = {
    AssignmentState.DRAFT: msg("还没有请"),
    AssignmentState.PROPOSED: msg("等老师答复"),
    AssignmentState.ACCEPTED: msg("老师答应了"),
    AssignmentState.DECLINED: msg("老师来不了"),
    AssignmentState.OTHER_DAY: msg("老师想换一天"),
    AssignmentState.CONFIRMED: msg("已排定"),
    AssignmentState.WITHDRAWN: msg("不再请"),
}
ANSWERS = (AssignmentState.ACCEPTED, AssignmentState.DECLINED, AssignmentState.OTHER_DAY)
OPEN = (AssignmentState.PROPOSED, *ANSWERS)
"""States in which the lecturer may answer, or answer otherwise."""
HOLDING = (AssignmentState.PROPOSED, AssignmentState.ACCEPTED, AssignmentState.OTHER_DAY)
"""States that keep an evening and a topic while there is no lecture yet. A run of the planner leaves them alone."""


def answer_by(today: dt.date, evening: dt.date) -> dt.date:
    """The last day for an answer: two weeks, and never later than the day before the evening."""
    return max(today, min(today + dt.timedelta(days=ANSWER_DAYS), evening - dt.timedelta(days=1)))


def material_by(today: dt.date, evening: dt.date, due_days: int) -> dt.date:
    """The day on which syllabus and handout are due, so many days ahead; not in the past, and not after the evening."""
    return min(max(today, evening - dt.timedelta(days=due_days)), evening)


def is_readable(today: dt.date, until: dt.date, evening: dt.date) -> bool:
    """Whether a link still shows its page: as long as it may be answered, and then up to the evening."""
    return today <= max(until, evening)
