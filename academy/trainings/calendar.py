"""A member's trainings as an iCalendar feed (RFC 5545, RFC 7986), which phones fetch a few times a day."""

import datetime as dt

from icalendar import Alarm, Event

from academy.core import clock
from academy.core.calendars import new_feed
from academy.core.database import Tx
from academy.core.i18n import Translator, msg, nmsg, translator_for
from academy.trainings.queries import DueTraining, trainings_of_member

REFRESH = dt.timedelta(hours=12)
REMIND_BEFORE = dt.timedelta(days=3)
NAME = msg("培训日程")
DEADLINE = msg("培训截止：%(title)s")
DONE = msg("已完成：%(title)s")


def calendar_feed(tx: Tx, member_id: int | None, host: str, language: str, address: str) -> bytes:
    """The feed: the last day of each training as an all-day event, with a reminder while something is missing.

    It names nobody: whoever sees the calendar on somebody's phone learns what is due, not who they are. `host` makes
    the identifiers unique, which stay the same at each call; `address` is the root of the academy's pages.
    """
    translate = translator_for(language)
    made = new_feed(translate(NAME), host, "trainings", REFRESH)
    due = trainings_of_member(tx, member_id) if member_id is not None else []
    # Lists put running trainings first: in their order the feed would change as days pass.
    for training in sorted(due, key=lambda one: (one.closes_on, one.public_id)):
        made.add_component(_event(training, host, address, translate))
    return bytes(made.to_ical())


def _event(training: DueTraining, host: str, address: str, translate: Translator) -> Event:
    is_done = training.completed_on is not None
    event = Event()
    event.add("uid", f"{training.public_id}@{host}")
    event.add("dtstamp", clock.day_bounds(training.completed_on or training.opens_on)[0])
    event.add("dtstart", training.closes_on)
    event.add("dtend", training.closes_on + dt.timedelta(days=1))
    summary = DONE if is_done else DEADLINE
    event.add("summary", translate(msg(summary.text, title=training.title)))
    event.add("transp", "TRANSPARENT")
    event.add("url", f"{address}my/trainings")
    left = training.needed - training.done
    if not is_done and left > 0:
        text = translate(nmsg("还有 %(n)s 门课没学完。", left))
        event.add("description", text)
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", text)
        alarm.add("trigger", -REMIND_BEFORE)
        event.add_component(alarm)
    return event
