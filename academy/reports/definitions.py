"""What the figures of coverage mean, in one line."""

import datetime as dt

from academy.core import clock
from academy.core.i18n import Message, msg


def coverage_definition(day: dt.date | None) -> Message:
    """Definition of the figures (of whom, on which day, who is exempt) in one line, on the page and in files."""
    moment = Message("%(day)s 24:00", {"day": day}) if day else clock.now()
    return msg(
        "应训：培训范围内的党员，不含免训；已参学：至少开始学一门必学课；已完成：学完规定门数。截至 %(moment)s。",
        moment=moment,
    )
