"""The pool of lecturers: the list, and the invitation of somebody new."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.faculty.api import LecturerLevel, ObligationState, PoolFilter, PoolState
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, Choice, Day, Form, Text
from academy.http.personal_data import shows_people
from academy.library import api as library
from academy.people import api as people
from academy.people.api import Organisation

bp = Blueprint("pool", __name__, url_prefix="/faculty")
page = functools.partial(http.page, section=menu.POOL)

LONGEST = 60
WORDS = {
    "levels": faculty.LEVEL_NAMES,
    "states": faculty.POOL_STATE_NAMES,
    "owed": faculty.OBLIGATION_NAMES,
}
STATE_TONES = {"invited": "info", "confirmed": "good", "resting": "warn", "left": "neutral"}
OWED_TONES = {"overdue": "bad", "soon": "warn", "open": "neutral", "met": "good", "suspended": "info"}


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.POOL)
@shows_people
def index() -> str:
    """The pool, filtered, a page at a time."""
    with reading() as tx:
        asked = _asked(tx)
        found = faculty.list_pool(tx, actor(), asked, clock.today(), number_in(request.args.get("page")))
        return render_template(
            "faculty/pool.html",
            page=found,
            asked_for=asked,
            counts=faculty.count_pool(tx, actor(), clock.today()),
            categories=library.list_categories(tx),
            tones=STATE_TONES,
            owed_tones=OWED_TONES,
            is_office=faculty.is_programme_office(actor()),
            **WORDS,
        )


def _asked(tx: Tx) -> PoolFilter:
    """The conditions in the address; unknown values ask for nothing."""
    args = request.args
    one = {name: args.get(name, "") for name in ("state", "level", "owes", "subject")}
    return PoolFilter(
        text=args.get("q", "")[:LONGEST].strip(),
        state=one["state"] if one["state"] in set(PoolState) else "",
        level=one["level"] if one["level"] in set(LecturerLevel) else "",
        owes=one["owes"] if one["owes"] in set(ObligationState) else "",
        subject=one["subject"][:40],
        unit=people.access_organisation(tx, actor(), args["unit"], *faculty.PROGRAMME_READERS)
        if args.get("unit")
        else None,
    )


@bp.get("/new")
@page(office(*faculty.PROGRAMME_READERS))
def new() -> str:
    """The form to invite somebody."""
    return _form({})


class InvitationForm(Form):
    """A lecturer with a first post."""

    name = Text()
    office = Text()
    unit = Text()
    level = Choice(tuple(LecturerLevel))
    since = Day()


@bp.post("/new")
@page(office(*faculty.PROGRAMME_READERS), form=InvitationForm)
def invite() -> Any:
    """Invite somebody into the pool."""
    try:
        with writing() as tx:
            form = InvitationForm.read()
            if form.since.data is None:
                raise Invalid(fields={"since": NO_DAY})
            made = faculty.invite_lecturer(
                tx,
                actor(),
                name=form.name.data,
                office=form.office.data,
                unit=unit_of(tx, form.unit.data),
                level=LecturerLevel(form.level.data or LecturerLevel.COUNTY),
                since=form.since.data,
            )
            public_id = made.public_id
    except Invalid as error:
        return _form(error.fields), error.status
    flash(_("已加入师资库，状态是“已邀请”。"), "good")
    return redirect(url_for("pool_lecturer.show", public_id=public_id), 303)


def _form(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        faculty.require_programme_office(actor(), "pool:all")
        return render_template("faculty/invite.html", errors=errors, units=offered_units(tx), levels=WORDS["levels"])


def unit_of(tx: Tx, text: str) -> Organisation:
    """The organisation that a form names by its code or its name.

    Raises:
        Invalid: there is none, or several have the name.
    """
    paths = actor().paths(*faculty.PROGRAMME_READERS)
    typed = text.strip()[:LONGEST]
    by_code = people.find_organisation(tx, paths, typed) if typed else None
    if by_code is not None:
        return by_code
    found = people.find_organisations(tx, paths, typed) if typed else None
    same = [node for node in found.rows if node.name == typed] if found is not None else []
    rows = same or (found.rows if found is not None and found.total == 1 else [])
    if len(rows) != 1:
        raise Invalid(fields={"unit": msg("没有找到这个单位，请填写全称或组织代码。")})
    unit: Organisation = rows[0]
    return unit


def offered_units(tx: Tx) -> list[str]:
    """Names that a field for a unit offers: one's own nodes and what lies directly below them."""
    own = people.organisations_at(tx, actor().paths(*faculty.PROGRAMME_READERS))
    return [name for node in own for name in (node.name, *(child.name for child in people.children_of(tx, node)))]
