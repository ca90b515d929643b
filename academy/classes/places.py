"""Classrooms and training classes."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select

from academy.classes import access, rules
from academy.classes.kinds import ClassState
from academy.classes.models import Classroom, TeachingTerm, TrainingClass
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.people.api import Organisation

CLASS_STATE_NAMES: dict[ClassState, Message] = {
    ClassState.PLANNED: msg("筹备中"),
    ClassState.OPEN: msg("开班中"),
    ClassState.CLOSED: msg("已结业"),
    ClassState.CANCELLED: msg("已取消"),
}


def add_classroom(tx: Tx, actor: Actor, *, name: str, seats: int, address: str = "") -> Classroom:
    """Add a classroom.

    Raises:
        Invalid: no name, a taken one, or seats out of range.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, "classrooms:all")
    kept = tidy_text(name, rules.CLASSROOM_LENGTH + 1)
    wrong = {}
    if not 1 <= len(kept) <= rules.CLASSROOM_LENGTH:
        wrong["name"] = msg("名称请写 1 到 %(most)s 个字。", most=rules.CLASSROOM_LENGTH)
    if not 1 <= seats <= rules.MOST_SEATS:
        wrong["seats"] = msg("座位数请填写 1 到 %(most)s。", most=rules.MOST_SEATS)
    if wrong:
        raise Invalid(fields=wrong)
    made = Classroom(name=kept, seats=seats, address=tidy_text(address, rules.ADDRESS_LENGTH))
    with unique_or(tx, Invalid(fields={"name": msg("已经有这个教室了。")})):
        tx.add(made)
    record(tx, actor, "classroom.added", f"classroom:{made.public_id}")
    return made


def retire_classroom(tx: Tx, actor: Actor, row: Classroom) -> None:
    """Offer a classroom no longer, or again; lectures that were there keep it."""
    access.require_school_office(actor, f"classroom:{row.public_id}")
    lock_row(tx, row)
    row.retired_at = None if row.retired_at else clock.now()
    tx.flush()
    record(tx, actor, "classroom.retired" if row.retired_at else "classroom.restored", f"classroom:{row.public_id}")


@dataclass(frozen=True)
class ClassPlan:
    """A class as a form has it."""

    name: str
    first: dt.date
    last: dt.date
    is_main: bool
    seats: int | None = None


def add_class(tx: Tx, actor: Actor, term: TeachingTerm, unit: Organisation, plan: ClassPlan) -> TrainingClass:
    """Add a class to a term, held by a node.

    Raises:
        Invalid: no name, days outside the term, seats out of range.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, "classes:all")
    kept = tidy_text(plan.name, rules.CLASS_NAME_LENGTH + 1)
    wrong = {}
    if not 1 <= len(kept) <= rules.CLASS_NAME_LENGTH:
        wrong["name"] = msg("名称请写 1 到 %(most)s 个字。", most=rules.CLASS_NAME_LENGTH)
    if not term.first_day <= plan.first <= plan.last <= term.last_day:
        wrong["first"] = msg("请填写这个学期之内的日期。")
    if plan.seats is not None and not 1 <= plan.seats <= rules.MOST_SEATS:
        wrong["seats"] = msg("座位数请填写 1 到 %(most)s。", most=rules.MOST_SEATS)
    if wrong:
        raise Invalid(fields=wrong)
    made = TrainingClass(
        term_id=term.id,
        name=kept,
        is_main=plan.is_main,
        organisation_id=unit.id,
        first_day=plan.first,
        last_day=plan.last,
        seats=plan.seats,
        created_by=actor.account_id,
    )
    tx.add(made)
    tx.flush()
    record(tx, actor, "class.added", f"class:{made.public_id}", main=plan.is_main)
    return made


def change_class_state(tx: Tx, actor: Actor, row: TrainingClass, state: ClassState) -> None:
    """Open, close or cancel a class, or plan a cancelled one again.

    Raises:
        Conflict: that state does not follow the present one.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, f"class:{row.public_id}")
    lock_row(tx, row)
    if state not in rules.CLASS_MOVES[ClassState(row.state)]:
        shown = CLASS_STATE_NAMES[ClassState(row.state)]
        raise Conflict(msg("这个班现在是“%(state)s”，不能这样改。请刷新页面。", state=shown))
    row.state = state
    tx.flush()
    record(tx, actor, "class.state", f"class:{row.public_id}", state=state)


def count_classes(tx: Tx) -> dict[int, int]:
    """How many classes each term (row id) has."""
    query = select(TrainingClass.term_id, func.count()).group_by(TrainingClass.term_id)
    return dict(tx.execute(query).all())
