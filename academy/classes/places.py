"""Training classes: added, edited, opened, closed, cancelled."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from academy.classes import access, rules
from academy.classes.enrolment import count_places, lapse_applications, lock_running, move_up, present_members
from academy.classes.kinds import ClassNewsKind, ClassState
from academy.classes.models import TeachingTerm, TrainingClass
from academy.classes.news import announce
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row
from academy.people.api import Organisation

CLASS_STATE_NAMES: dict[ClassState, Message] = {
    ClassState.PLANNED: msg("筹备中"),
    ClassState.OPEN: msg("开班中"),
    ClassState.CLOSED: msg("已结业"),
    ClassState.CANCELLED: msg("已取消"),
}
TAKEN_BACK = {ClassState.CLOSED: ClassNewsKind.REOPENED, ClassState.CANCELLED: ClassNewsKind.RESTORED}
"""State of which members were notified → the news that it is left again."""


@dataclass(frozen=True)
class ClassPlan:
    """A class as a form has it."""

    name: str
    first: dt.date
    last: dt.date
    is_main: bool
    seats: int | None = None
    apply_until: dt.date | None = None
    """The last day on which members may apply; None: the office alone enrols."""
    summary: str = ""


def add_class(tx: Tx, actor: Actor, term: TeachingTerm, unit: Organisation, plan: ClassPlan) -> TrainingClass:
    """Add a class to a term, held by a node.

    Raises:
        Invalid: no name, days outside the term, seats out of range.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, "classes:all")
    _check(plan, term)
    made = TrainingClass(term_id=term.id, organisation_id=unit.id, created_by=actor.account_id)
    _fill(made, plan)
    tx.add(made)
    tx.flush()
    record(tx, actor, "class.added", f"class:{made.public_id}", main=plan.is_main)
    return made


def _check(plan: ClassPlan, term: TeachingTerm) -> None:
    wrong = {}
    if not 1 <= len(tidy_text(plan.name, rules.CLASS_NAME_LENGTH + 1)) <= rules.CLASS_NAME_LENGTH:
        wrong["name"] = msg("名称请写 1 到 %(most)s 个字。", most=rules.CLASS_NAME_LENGTH)
    if not term.first_day <= plan.first <= plan.last <= term.last_day:
        wrong["first"] = msg("请填写这个学期之内的日期。")
    if plan.seats is not None and not 1 <= plan.seats <= rules.MOST_SEATS:
        wrong["seats"] = msg("座位数请填写 1 到 %(most)s。", most=rules.MOST_SEATS)
    if plan.apply_until is not None and plan.apply_until > plan.last:
        wrong["apply_until"] = msg("报名截止不能晚于结业的日子。")
    if len(tidy_text(plan.summary, rules.SUMMARY_LENGTH + 1)) > rules.SUMMARY_LENGTH:
        wrong["summary"] = msg("说明请不超过 %(most)s 个字。", most=rules.SUMMARY_LENGTH)
    if wrong:
        raise Invalid(fields=wrong)


def _fill(row: TrainingClass, plan: ClassPlan) -> None:
    row.name = tidy_text(plan.name, rules.CLASS_NAME_LENGTH)
    row.first_day, row.last_day, row.is_main = plan.first, plan.last, plan.is_main
    row.seats = plan.seats
    row.apply_until, row.summary = plan.apply_until, tidy_text(plan.summary, rules.SUMMARY_LENGTH)


def edit_class(tx: Tx, actor: Actor, row: TrainingClass, plan: ClassPlan) -> None:
    """Change a class; more seats pass to those who wait, and its members are notified of other days.

    Raises:
        Invalid: no name, days outside the term, fewer seats than are taken.
        Conflict: the class is over.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_running(tx, row)
    _check(plan, row.term)
    taken = count_places(tx, row)
    if plan.seats is not None and taken > plan.seats:
        raise Invalid(fields={"seats": msg("已经有 %(n)s 人在班里，座位数不能比这少。", n=taken)})
    is_moved = (row.first_day, row.last_day) != (plan.first, plan.last)
    _fill(row, plan)
    tx.flush()
    move_up(tx, row)
    if is_moved:
        announce(tx, row, ClassNewsKind.MOVED, present_members(tx, row))
    record(tx, actor, "class.edited", f"class:{row.public_id}", seats=plan.seats)


def change_class_state(tx: Tx, actor: Actor, row: TrainingClass, state: ClassState) -> None:
    """Open or cancel a class, plan a cancelled one again, open a closed one again; its members are notified.

    It is closed by `close_class`, with a report.

    Raises:
        ValueError: the state is closed.
        Conflict: that state does not follow the present one.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    if state == ClassState.CLOSED:
        raise ValueError("a class is closed with its report")
    lock_row(tx, row)
    require_move(row, state)
    was, row.state, row.closing_report = ClassState(row.state), state, None
    tx.flush()
    if state == ClassState.CANCELLED:
        lapse_applications(tx, row)
        announce(tx, row, ClassNewsKind.CANCELLED, present_members(tx, row))
    elif was in TAKEN_BACK:
        announce(tx, row, TAKEN_BACK[was], present_members(tx, row))
    record(tx, actor, "class.state", f"class:{row.public_id}", state=state)


def require_move(row: TrainingClass, state: ClassState) -> None:
    """Raises Conflict unless a state may follow the present one of a class, which the caller has locked."""
    if state not in rules.CLASS_MOVES[ClassState(row.state)]:
        shown = CLASS_STATE_NAMES[ClassState(row.state)]
        raise Conflict(msg("这个班现在是“%(state)s”，不能这样改。请刷新页面。", state=shown))


def close_class(tx: Tx, actor: Actor, row: TrainingClass, report: dict[str, Any]) -> None:
    """Close a class with its closing report; applications that wait end, and everybody is notified. The caller holds
    the class's lock.

    Raises:
        Conflict: it is not open.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    require_move(row, ClassState.CLOSED)
    lapse_applications(tx, row)
    row.state, row.closing_report = ClassState.CLOSED, report
    tx.flush()
    announce(tx, row, ClassNewsKind.CLOSED, present_members(tx, row))
    record(tx, actor, "class.closed", f"class:{row.public_id}", **report)
