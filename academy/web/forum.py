"""The calendar of the forum, for everybody, and the feeds by which phones follow it, a class, or one's own teaching."""

import datetime as dt
import functools
import re

from flask import Blueprint, Response, render_template, request, url_for

from academy import http
from academy.classes import api as classes
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import NotFound
from academy.core.months import month_of
from academy.faculty import api as faculty
from academy.http import PUBLIC, SIGNED_IN, actor, menu, reading, runtime
from academy.http.calendars import calendar_answer
from academy.http.request_context import identity
from academy.notifications import api as notifications
from academy.web.lectures import STATE_TONES as LECTURE_TONES

bp = Blueprint("forum", __name__)
page = functools.partial(http.page, section=menu.ME)

MONTH = re.compile(r"(20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])\Z", re.ASCII)


@bp.get("/forum")
@page(SIGNED_IN)
def index() -> str:
    """A month of the forum: a calendar on a desk, a list on a phone."""
    today = clock.today()
    asked = MONTH.match(request.args.get("month", ""))
    year, month = (int(asked[1]), int(asked[2])) if asked else (today.year, today.month)
    first = dt.date(year, month, 1)
    with reading() as tx:
        weeks = faculty.forum_month(tx, year, month)
        feed = feed_token(tx)
    return render_template(
        "forum/index.html",
        weeks=weeks,
        month=month_of(first),
        earlier=f"{first - dt.timedelta(days=1):%Y-%m}",
        later=f"{first + dt.timedelta(days=31):%Y-%m}",
        today=today,
        states=faculty.LECTURE_STATE_NAMES,
        tones=LECTURE_TONES,
        feed=url_for(".forum_calendar", token=feed, _external=True) if feed else "",
    )


def feed_token(tx: Tx) -> str:
    """The token of one's calendars; empty where none was made, or it was ended."""
    me, chosen = identity(), notifications.own_preferences(tx, actor())
    if me is None or not chosen.calendar_version:
        return ""
    return notifications.calendar_token(runtime().settings, me.public_id, chosen.calendar_version)


@bp.get("/calendar/<token>/forum.ics")
@page(PUBLIC, consent=False)
def forum_calendar(token: str) -> Response:
    """The forum as iCalendar; the address is the key."""
    with reading() as tx:
        owner = notifications.calendar_owner(tx, runtime(), token)
        made = faculty.forum_feed(tx, request.host, owner.language or "zh", request.url_root)
    return calendar_answer(made)


@bp.get("/calendar/<token>/teaching.ics")
@page(PUBLIC, consent=False)
def teaching_calendar(token: str) -> Response:
    """A lecturer's teaching as iCalendar; the address is the key."""
    with reading() as tx:
        owner = notifications.calendar_owner(tx, runtime(), token)
        made = faculty.teaching_feed(tx, owner.member_id, request.host, owner.language or "zh", request.url_root)
    return calendar_answer(made)


@bp.get("/calendar/<token>/classes/<public_id>.ics")
@page(PUBLIC, consent=False)
def class_calendar(token: str, public_id: str) -> Response:
    """The timetable of a class as iCalendar, for whoever is in it; the address is the key."""
    with reading() as tx:
        owner = notifications.calendar_owner(tx, runtime(), token)
        who = Actor(account_id=owner.account_id, member_id=owner.member_id)
        row = classes.access_own_class(tx, who, public_id)
        if classes.own_place(tx, who, row) is None:
            raise NotFound
        made = faculty.class_feed(tx, row, request.host, owner.language or "zh", request.url_root)
    return calendar_answer(made)
