"""Groups, timetable and turns of a class, for its office."""

import functools
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _

from academy import http
from academy.classes import api as classes
from academy.classes.api import GroupPeople, TrainingClass, TurnPlan, TurnState
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid, NotFound
from academy.core.i18n import Message, msg
from academy.core.paging import number_in
from academy.faculty import api as faculty
from academy.http import actor, menu, office, reading, writing
from academy.http.forms import NO_DAY, Choice, Day, Form, Key, Number, Text, Texts, Verb
from academy.http.personal_data import shows_people
from academy.people.api import Member
from academy.web.lectures import STATE_TONES as LECTURE_TONES
from academy.web.members import errors_by_field

bp = Blueprint("class_groups", __name__, url_prefix="/faculty/classes/<public_id>")
page = functools.partial(http.page, office(*faculty.PROGRAMME_READERS), section=menu.CLASSES)
OFFERED = 600
"""People in a form's list. In a larger class the others are given a turn from their own pages."""


@bp.get("/groups")
@page()
@shows_people
def groups(public_id: str) -> str:
    """The groups of a class."""
    return _groups_page(public_id, {})


def _groups_page(
    public_id: str, errors: Mapping[str, Message], preview: list[GroupPeople] | None = None, seed: int = 0
) -> str:
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        return render_template(
            "classes/groups.html",
            row=row,
            groups=classes.list_groups(tx, row),
            preview=preview,
            seen=classes.digest(preview) if preview else "",
            seed=seed,
            errors=errors,
        )


class GroupsForm(Form):
    """Deal anew (looked at first), or add an empty group."""

    verb = Verb("look", "deal", "add")
    count = Number(2)
    seed = Number(10)
    seen = Key()
    name = Text()


@bp.post("/groups")
@page(form=GroupsForm)
@shows_people
def change_groups(public_id: str) -> Any:
    """Show what a deal makes, make it, or add an empty group."""
    try:
        form = GroupsForm.read()
        verb, count = form.verb.data, form.count.data or 0
        if verb == "look":
            seed = classes.new_seed()
            with reading() as tx:
                dealt = classes.preview_deal(tx, classes.access_class_to_keep(tx, actor(), public_id), count, seed)
            return _groups_page(public_id, {}, dealt, seed)
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            if verb == "deal":
                classes.deal_groups(tx, actor(), row, count, form.seed.data or 0, form.seen.data)
            else:
                classes.add_group(tx, actor(), row, form.name.data)
    except (Invalid, Conflict) as error:
        return _groups_page(public_id, errors_by_field(error)), error.status
    flash(_("分组已保存。"), "good")
    return redirect(url_for(".groups", public_id=public_id), 303)


@bp.get("/groups/<group_id>")
@page()
@shows_people
def group(public_id: str, group_id: str) -> str:
    """The form of a group: name, people, leader."""
    return _group_page(public_id, group_id, {})


def _group_page(public_id: str, group_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        found = classes.access_group(tx, actor(), row, group_id)
        everybody = classes.list_groups(tx, row)
        own = next(one for one in everybody if one.group is not None and one.group.id == found.id)
        return render_template("classes/group.html", row=row, group=found, own=own, everybody=everybody, errors=errors)


class GroupForm(Form):
    """A group's name, people and leader, or its end."""

    verb = Verb("save", "remove", otherwise="save")
    name = Text()
    chosen = Texts()
    leader = Key()


@bp.post("/groups/<group_id>")
@page(form=GroupForm)
@shows_people
def change_group(public_id: str, group_id: str) -> Any:
    """Change a group, or remove it."""
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            found = classes.access_group(tx, actor(), row, group_id)
            form = GroupForm.read()
            if form.verb.data == "remove":
                classes.remove_group(tx, actor(), row, found)
            else:
                name, chosen = form.name.data, form.chosen.data
                classes.edit_group(tx, actor(), row, found, name=name, chosen=chosen, leader=form.leader.data)
    except (Invalid, Conflict) as error:
        return _group_page(public_id, group_id, errors_by_field(error)), error.status
    flash(_("分组已保存。"), "good")
    return redirect(url_for(".groups", public_id=public_id), 303)


@bp.get("/timetable")
@page()
def timetable(public_id: str) -> str:
    """The lectures of a class, each with its attendance."""
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        lectures = faculty.lectures_of_class(tx, row)
        return render_template(
            "classes/timetable.html",
            row=row,
            lines=faculty.lecture_rows(tx, lectures),
            rates=faculty.attendance_of_lectures(tx, row),
            whole=faculty.class_attendance(tx, row),
            states=faculty.LECTURE_STATE_NAMES,
            tones=LECTURE_TONES,
            today=clock.today(),
        )


@bp.get("/absent/<lecture_id>")
@page()
@shows_people
def absent(public_id: str, lecture_id: str) -> str:
    """Who of a class was not at one of its lectures."""
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        lecture = faculty.access_lecture(tx, actor(), lecture_id)
        if lecture.class_id != row.id:
            raise NotFound
        found = faculty.absent_from(tx, row, lecture, number_in(request.args.get("page")))
        return render_template("classes/absent.html", row=row, lecture=lecture, page=found)


@bp.get("/turns")
@page()
@shows_people
def turns(public_id: str) -> str:
    """Turns at the lectern, and the rate."""
    return _turns_page(public_id, {}, "")


def _turns_page(public_id: str, errors: Mapping[str, Message], at: str) -> str:
    args = request.args
    state = TurnState(args["state"]) if args.get("state") in set(TurnState) else None
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        people = _offered(tx, row)
        return render_template(
            "classes/turns.html",
            row=row,
            rate=classes.turn_rate(tx, row),
            page=classes.list_turns(tx, row, state, number_in(args.get("page"))),
            state=state,
            states=classes.TURN_STATE_NAMES,
            people=[(one.public_id, f"{one.name} · {one.organisation.name}") for one in people],
            offered=OFFERED,
            today=clock.today(),
            errors=errors,
            at=at,
        )


def _offered(tx: Tx, row: TrainingClass) -> list[Member]:
    """Members for the form's list, with the one whose page led here."""
    members = [one.member for one in classes.members_of_class(tx, row, 1, OFFERED).rows]
    asked = request.args.get("member", "")
    if asked and asked not in {one.public_id for one in members}:
        members.append(classes.access_place(tx, actor(), row, asked).member)
    return members


class TurnForm(Form):
    """A turn to be planned, or what became of one."""

    verb = Verb("plan", "confirm", "cancel", "reopen", otherwise="plan")
    turn = Key()
    member = Key()
    day = Day()
    topic = Text()
    minutes = Number(3)
    state = Choice(tuple(TurnState))


@bp.post("/turns")
@page(form=TurnForm)
@shows_people
def change_turns(public_id: str) -> Any:
    """Plan a turn, confirm it, cancel it, or take either back."""
    form: Any = TurnForm.read()
    verb, minutes = form.verb.data, form.minutes.data or 0
    try:
        with writing() as tx:
            row = classes.access_class_to_keep(tx, actor(), public_id)
            if verb in ("plan", "confirm") and form.day.data is None:
                raise Invalid(fields={"day": NO_DAY})
            if verb == "plan":
                if not form.member.data:
                    raise Invalid(fields={"member": msg("请选择学员。")})
                place = classes.access_place(tx, actor(), row, form.member.data)
                classes.plan_turn(tx, actor(), row, place, TurnPlan(form.day.data, form.topic.data, minutes))
            elif verb == "confirm":
                turn = classes.access_turn(tx, actor(), row, form.turn.data)
                classes.confirm_turn(tx, actor(), row, turn, form.day.data, minutes)
            else:
                act = classes.cancel_turn if verb == "cancel" else classes.reopen_turn
                act(tx, actor(), row, classes.access_turn(tx, actor(), row, form.turn.data))
    except (Invalid, Conflict) as error:
        return _turns_page(public_id, errors_by_field(error), form.turn.data), error.status
    flash(_("已保存。"), "good")
    return redirect(url_for(".turns", public_id=public_id), 303)


@bp.get("/turns/people")
@page()
@shows_people
def turn_people(public_id: str) -> str:
    """The members behind the rate: who took a turn, or who did not yet."""
    taken = request.args.get("show") == "taken"
    with reading() as tx:
        row = classes.access_class_to_keep(tx, actor(), public_id)
        found = classes.members_by_turn(tx, row, taken=taken, number=number_in(request.args.get("page")))
        return render_template("classes/turn_people.html", row=row, page=found, taken=taken)
