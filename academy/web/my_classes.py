"""A member's own classes: applying, waiting, giving a place up; timetable, group, turn, attendance, classmates."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.http import SIGNED_IN, actor, menu, reading, writing
from academy.http.forms import Form, Verb
from academy.http.personal_data import shows_people
from academy.web.classes import TONES
from academy.web.forum import feed_token
from academy.web.members import errors_by_field

bp = Blueprint("my_classes", __name__, url_prefix="/my/classes")
page = functools.partial(http.page, SIGNED_IN, section=menu.ME)

APPLICATION_NAMES: dict[str, tuple[Message, str]] = {
    "applied": (msg("等学校审核"), "info"),
    "waiting": (msg("候补中"), "warn"),
    "enrolled": (msg("已进班"), "good"),
    "declined": (msg("没有通过"), "bad"),
    "withdrawn": (msg("已撤回"), "neutral"),
    "lapsed": (msg("没有轮到"), "neutral"),
}
CLASSMATES = 400
"""Classmates on one page: most classes are smaller."""


@bp.get("")
@page()
def index() -> str:
    """One's classes, what one asked for, and classes that take applications."""
    with reading() as tx:
        found = classes.own_classes(tx, actor(), clock.today())
    return render_template(
        "classes/mine.html", found=found, states=classes.CLASS_STATE_NAMES, tones=TONES, names=APPLICATION_NAMES
    )


@bp.get("/<public_id>")
@page()
@shows_people
def show(public_id: str) -> str:
    """One class, as its members see it."""
    return _page(public_id, {})


def _page(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = classes.access_own_class(tx, actor(), public_id)
        place = classes.own_place(tx, actor(), row)
        asked = classes.own_application(tx, actor(), row)
        return render_template(
            "classes/own.html",
            row=row,
            place=place,
            asked=asked,
            line=classes.place_in_line(tx, asked) if asked else 0,
            counts=classes.class_row(tx, row),
            may_apply=place is None and classes.is_open_today(row),
            may_leave=place is not None and classes.may_leave_today(row),
            lines=faculty.lecture_rows(tx, faculty.lectures_of_class(tx, row)) if place else [],
            attended=faculty.member_attendance(tx, row, place.member) if place else None,
            turns=classes.turns_of_member(tx, row, place.member_id) if place else [],
            group=classes.own_group(tx, place) if place else None,
            mates=classes.members_of_class(tx, row, number_in(request.args.get("page")), CLASSMATES) if place else None,
            lecture_states=faculty.LECTURE_STATE_NAMES,
            turn_names=classes.TURN_STATE_NAMES,
            states=classes.CLASS_STATE_NAMES,
            names=APPLICATION_NAMES,
            tones=TONES,
            feed=_feed_address(tx, public_id) if place else "",
            today=clock.today(),
            errors=errors,
        )


def _feed_address(tx: Tx, public_id: str) -> str:
    token = feed_token(tx)
    return url_for("forum.class_calendar", token=token, public_id=public_id, _external=True) if token else ""


class OwnClassForm(Form):
    """Ask for a place, take that back, or give the place up."""

    verb = Verb("apply", "withdraw", "leave")


@bp.post("/<public_id>")
@page(form=OwnClassForm, rate=20)
@shows_people
def change(public_id: str) -> Any:
    """Ask for a place in a class, take that back, or give one's place up."""
    try:
        with writing() as tx:
            row = classes.access_own_class(tx, actor(), public_id)
            verb = OwnClassForm.read().verb.data
            place, asked = classes.own_place(tx, actor(), row), classes.own_application(tx, actor(), row)
            if verb == "apply":
                classes.apply_for_class(tx, actor(), row)
            elif verb == "withdraw" and asked is not None:
                classes.withdraw_application(tx, actor(), asked)
            elif verb == "leave" and place is not None:
                classes.leave_class(tx, actor(), row, place, "")
    except (Invalid, Conflict) as error:
        return _page(public_id, errors_by_field(error)), error.status
    flash({"apply": _("已报名，结果会发消息给您。"), "withdraw": _("已撤回。"), "leave": _("已退班。")}[verb], "good")
    return redirect(url_for(".index" if verb == "leave" else ".show", public_id=public_id), 303)
