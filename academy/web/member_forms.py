"""A transfer or a change of status as a form asks for it: for the page that shows what follows, and to do it."""

import datetime as dt
from collections.abc import Callable

from flask import request

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import msg
from academy.http import actor
from academy.people import members, queries
from academy.people.access import KEEPERS
from academy.people.models import Member
from academy.reports.member_changes import preview_in

FIELDS = {"transfer": ("organisation", "on"), "status": ("status", "note", "on")}


def asked_change(verb: str) -> Callable[[Tx, Member], object]:
    """What the form of a page asks for.

    Raises:
        NotFound: nothing that we know.
        Invalid: its day is none.
    """
    if verb not in FIELDS:
        raise NotFound
    form, who, on = request.values, actor(), asked_day()

    def move(tx: Tx, person: Member) -> object:
        target = queries.by_code(tx, who.paths(*KEEPERS), form.get("organisation", ""))
        if target is None:
            raise Invalid(fields={"organisation": msg("在您的管理范围内没有这个组织代码。")})
        return members.transfer_member(tx, who, person, target, on=on)

    def status(tx: Tx, person: Member) -> object:
        return members.change_status(tx, who, person, form.get("status", ""), on=on, note=form.get("note", ""))

    return move if verb == "transfer" else status


def change_seen(tx: Tx, person: Member, verb: str) -> None:
    """Make the change, if what follows from it is what the preview said.

    Raises:
        Conflict: it is not any more; nothing of it may stay.
    """
    change, seen = asked_change(verb), request.form.get("seen")
    if seen is None:
        change(tx, person)  # sent by a program or an old page, which had no preview
    elif preview_in(tx, person, change).seen != seen:
        raise Conflict(msg("情况刚刚有变化，请再看一遍。"))


def asked_day() -> dt.date | None:
    """Since when, or None when blank.

    Raises:
        Invalid: it is no date.
    """
    text = request.values.get("on", "").strip()
    try:
        return clock.read_day(text) if text else None
    except ValueError:
        raise Invalid(fields={"on": msg("请填写日期。")}) from None
