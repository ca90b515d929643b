"""配餐: the planning board of a term. The planner proposes, with reasons; people rule, at a price they read first."""

import functools
from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from academy import http
from academy.classes import api as classes
from academy.core import clock
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.faculty import api as faculty
from academy.faculty.api import TermPlan
from academy.http import actor, menu, office, reading, runtime, writing
from academy.http.forms import Day, Form, Key, Texts, Verb
from academy.http.languages import translate
from academy.http.personal_data import shows_people
from academy.web.invitations import TONES
from academy.web.members import errors_by_field

bp = Blueprint("term_plans", __name__, url_prefix="/faculty/plans")
page = functools.partial(http.page, section=menu.PLANS)
WORKING_S = 3
"""Seconds after which a page that waits for the planner looks again."""


@bp.get("")
@page(office(*faculty.PROGRAMME_READERS), menu=menu.PLANS, waiting=faculty.count_other_days)
def index() -> str:
    """Terms with their plans."""
    return _terms({})


def _terms(errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        return render_template(
            "plans/index.html",
            terms=faculty.plans_by_term(tx),
            today=clock.today(),
            is_office=faculty.is_programme_office(actor()),
            asking=faculty.other_days(tx) if faculty.is_programme_office(actor()) else [],
            errors=errors,
        )


class NewPlanForm(Form):
    """The term to plan."""

    term = Key()


@bp.post("")
@page(office(*faculty.PROGRAMME_READERS), form=NewPlanForm)
def begin() -> Response:
    """Begin the plan of a term, or open the one there is."""
    with writing() as tx:
        term = classes.access_term(tx, actor(), NewPlanForm.read().term.data)
        public_id = faculty.begin_plan(tx, actor(), term).public_id
    return redirect(url_for(".show", public_id=public_id), 303)


@bp.get("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS))
@shows_people
def show(public_id: str) -> str:
    """The board: evenings with topics and lecturers, reasons, what was left out and why, rulings with their price."""
    return _board(public_id, {})


def _board(public_id: str, errors: Mapping[str, Message]) -> str:
    with reading() as tx:
        plan = faculty.access_plan(tx, actor(), public_id)
        board = faculty.board_of(tx, plan)
        waits = board.is_running or any(one.state == "asked" for one in board.rulings)
        return render_template(
            "plans/board.html",
            board=board,
            plan=plan,
            drafts=faculty.drafts_of(tx, plan) if plan.state == "draft" else [],
            lecturers=faculty.possible_lecturers(tx, plan) if plan.state == "draft" else [],
            doubts=faculty.list_doubts(tx, plan=plan),
            counts=faculty.count_assignments(tx, plan),
            classrooms=classes.list_classrooms(tx),
            states=faculty.ASSIGNMENT_STATE_NAMES,
            tones=TONES,
            today=clock.today(),
            refresh=WORKING_S if waits else None,
            errors=errors,
        )


class TermPlanForm(Form):
    """What becomes of the whole plan; `classroom` with a place, `chosen` drafts with invitations."""

    verb = Verb("run", "invite", "place", "decide", "reopen")
    classroom = Key()
    chosen = Texts()


@bp.post("/<public_id>")
@page(office(*faculty.PROGRAMME_READERS), form=TermPlanForm)
@shows_people
def act(public_id: str) -> Response | tuple[str, int]:
    """Plan a draft again, invite its lecturers, name the place, decide, or go on with a decided plan."""
    try:
        with writing() as tx:
            plan = faculty.access_plan(tx, actor(), public_id)
            form = TermPlanForm.read()
            _act(tx, plan, form)
    except (Conflict, Invalid) as error:
        return _board(public_id, errors_by_field(error)), error.status
    flash(translate(DONE[form.verb.data]), "good")
    return redirect(url_for(".show", public_id=public_id), 303)


def _act(tx: Tx, plan: TermPlan, form: TermPlanForm) -> None:
    who, verb, place = actor(), form.verb.data, form.classroom.data
    if verb == "run":
        faculty.run_plan(tx, who, plan)
    elif verb == "invite":
        faculty.invite_lecturers(tx, who, runtime().settings, plan, form.chosen.data)
    elif verb == "place":
        faculty.set_place(tx, who, plan, classes.access_classroom(tx, who, place) if place else None)
    elif verb == "decide":
        faculty.decide_plan(tx, who, plan)
    else:
        faculty.reopen_plan(tx, who, plan)


DONE: dict[str, Message] = {
    "run": msg("正在排，几秒钟后就好。"),
    "invite": msg("链接做好了，请发给各位老师。答复会出现在这里。"),
    "place": msg("地点已保存。"),
    "decide": msg("已定。课都排进了授课安排，点题的人会收到消息。"),
    "reopen": msg("可以继续排了。已经排定的课不动。"),
}


class RulingForm(Form):
    """What somebody wants of a plan: a topic, with a lecturer or on a day; or not."""

    verb = Verb("want", "refuse")
    topic = Key()
    lecturer = Key()
    day = Day()


@bp.post("/<public_id>/rulings")
@page(office(*faculty.PROGRAMME_READERS), form=RulingForm)
@shows_people
def ask(public_id: str) -> Response | tuple[str, int]:
    """Ask what a ruling would cost. Nothing changes before it is confirmed."""
    try:
        with writing() as tx:
            plan = faculty.access_plan(tx, actor(), public_id)
            form = RulingForm.read()
            wanted = form.verb.data == "want"
            if not form.topic.data:
                raise Invalid(fields={"topic": msg("请选择题目。")})
            topic = faculty.access_request_to_decide(tx, actor(), form.topic.data)
            named = form.lecturer.data
            lecturer = faculty.access_pool_membership(tx, actor(), named).lecturer if named else None
            day = form.day.data if wanted else None
            faculty.ask_price(tx, actor(), plan, topic, lecturer=lecturer, day=day, wanted=wanted)
    except (Invalid, Conflict) as error:
        return _board(public_id, errors_by_field(error)), error.status
    flash(_("正在算这样改的代价，看过再确认。"), "good")
    return redirect(url_for(".show", public_id=public_id, _anchor="rulings"), 303)


class RulingStepForm(Form):
    """A ruling confirmed, or taken back."""

    verb = Verb("confirm", "withdraw")


@bp.post("/<public_id>/rulings/<ruling_id>")
@page(office(*faculty.PROGRAMME_READERS), form=RulingStepForm)
@shows_people
def rule(public_id: str, ruling_id: str) -> Response | tuple[str, int]:
    """Confirm a ruling whose price is known, or take one back."""
    try:
        with writing() as tx:
            plan = faculty.access_plan(tx, actor(), public_id)
            row = faculty.access_ruling(tx, actor(), plan, ruling_id)
            if RulingStepForm.read().verb.data == "confirm":
                faculty.confirm_ruling(tx, actor(), row)
            else:
                faculty.withdraw_ruling(tx, actor(), row)
    except Conflict as error:
        return _board(public_id, errors_by_field(error)), error.status
    return redirect(url_for(".show", public_id=public_id, _anchor="rulings"), 303)
