"""Parsing of a transfer or a change of status from forms: for its preview, and to execute it."""

import datetime as dt
from collections.abc import Callable, Mapping

from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.http import actor
from academy.people import api as people
from academy.people.api import Member
from academy.reports import api as reports

FIELDS = {"transfer": ("organisation", "on"), "status": ("status", "note", "on")}


def asked_change(verb: str, asked: Mapping[str, str], on: dt.date | None) -> Callable[[Tx, Member], object]:
    """The change that a form requests, from a day on."""
    who = actor()

    def move(tx: Tx, person: Member) -> object:
        target = people.find_organisation(tx, who.paths(*people.ROSTER_KEEPERS), asked.get("organisation", ""))
        if target is None:
            raise Invalid(fields={"organisation": msg("在您的管理范围内没有这个组织代码。")})
        return people.transfer_member(tx, who, person, target, on=on)

    def status(tx: Tx, person: Member) -> object:
        return people.change_status(tx, who, person, asked.get("status", ""), on=on, note=asked.get("note", ""))

    return move if verb == "transfer" else status


def change_seen(
    tx: Tx, person: Member, verb: str, asked: Mapping[str, str], on: dt.date | None, seen: str | None
) -> None:
    """Execute the change, if its consequences equal those of the preview.

    Raises:
        Conflict: they differ; the transaction must roll back.
    """
    change = asked_change(verb, asked, on)
    if seen is None:
        change(tx, person)  # sent by a program, which had no preview
    elif reports.preview_change_in(tx, person, change).seen != seen:
        raise Conflict(msg("情况刚刚有变化，请再看一遍。"))


def asked_day(asked: Mapping[str, str]) -> dt.date | None:
    """The day requested for a preview, or None when blank.

    Raises:
        Invalid: it is no date.
    """
    text = asked.get("on", "").strip()
    try:
        return clock.read_day(text) if text else None
    except ValueError:
        raise Invalid(fields={"on": msg("请填写日期。")}) from None
