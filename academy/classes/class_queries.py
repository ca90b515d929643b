"""Reads of classes: the office's list, the people of one class, what a member sees."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload

from academy.classes import rules
from academy.classes.kinds import PENDING, RUNNING, ApplicationState, ClassState
from academy.classes.models import ClassApplication, ClassMember, TrainingClass
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.core.text import tidy_text
from academy.people.models import Member

SIZE, PEOPLE = 20, 50
LONGEST_SEARCH = 40


@dataclass(frozen=True)
class ClassFilter:
    """Conditions of the list of classes."""

    term_id: int | None = None
    state: str = ""
    text: str = ""
    is_main: bool = False


@dataclass(frozen=True)
class ClassRow:
    """A class in a list: how many are in it, wait for a place, and asked without an answer yet."""

    training_class: TrainingClass
    members: int
    waiting: int
    applied: int


def list_classes(tx: Tx, asked: ClassFilter, number: int = 1) -> Page[ClassRow]:
    """Classes, the latest first. Four queries."""
    query = select(TrainingClass).options(joinedload(TrainingClass.term), joinedload(TrainingClass.organisation))
    if asked.term_id is not None:
        query = query.where(TrainingClass.term_id == asked.term_id)
    if asked.state:
        query = query.where(TrainingClass.state == asked.state)
    if asked.is_main:
        query = query.where(TrainingClass.is_main)
    text = tidy_text(asked.text, LONGEST_SEARCH)
    if text:
        query = query.where(TrainingClass.name.contains(text, autoescape=True))
    found = page_of(tx, query.order_by(TrainingClass.first_day.desc(), TrainingClass.id.desc()), number, SIZE)
    ids = [one.id for one in found.rows]
    members = _counts(tx, ids)
    states = _application_counts(tx, ids)
    rows = [
        ClassRow(
            one,
            members.get(one.id, 0),
            states.get((one.id, ApplicationState.WAITING), 0),
            states.get((one.id, ApplicationState.APPLIED), 0),
        )
        for one in found.rows
    ]
    return Page(rows, found.total, found.number, found.size)


def _counts(tx: Tx, ids: Sequence[int]) -> dict[int, int]:
    query = select(ClassMember.class_id, func.count()).where(
        ClassMember.class_id.in_(ids), ClassMember.left_on.is_(None)
    )
    return dict(tx.execute(query.group_by(ClassMember.class_id)).all())


def _application_counts(tx: Tx, ids: Sequence[int]) -> dict[tuple[int, str], int]:
    query = (
        select(ClassApplication.class_id, ClassApplication.state, func.count())
        .where(ClassApplication.class_id.in_(ids), ClassApplication.state.in_(PENDING))
        .group_by(ClassApplication.class_id, ClassApplication.state)
    )
    return {(class_id, state): count for class_id, state, count in tx.execute(query)}


def class_row(tx: Tx, row: TrainingClass) -> ClassRow:
    """One class with its counts."""
    states = _application_counts(tx, [row.id])
    waiting, applied = (states.get((row.id, one), 0) for one in (ApplicationState.WAITING, ApplicationState.APPLIED))
    return ClassRow(row, _counts(tx, [row.id]).get(row.id, 0), waiting, applied)


def count_applications(tx: Tx) -> int:
    """How many applications of running classes wait for the office."""
    query = (
        select(func.count())
        .select_from(ClassApplication)
        .join(TrainingClass, TrainingClass.id == ClassApplication.class_id)
        .where(
            ClassApplication.state == ApplicationState.APPLIED,
            TrainingClass.state.in_(RUNNING),
        )
    )
    return tx.scalar(query) or 0


def members_of_class(tx: Tx, row: TrainingClass, number: int = 1, size: int = PEOPLE) -> Page[ClassMember]:
    """Those who have a place in a class, by name."""
    query = (
        select(ClassMember)
        .join(Member, Member.id == ClassMember.member_id)
        .where(ClassMember.present_in(row.id))
        .options(joinedload(ClassMember.member).joinedload(Member.organisation))
        .order_by(Member.name, Member.id)
    )
    return page_of(tx, query, number, size)


def who_left_class(tx: Tx, row: TrainingClass, number: int = 1) -> Page[ClassMember]:
    """Places that were given up or ended, the latest first."""
    query = (
        select(ClassMember)
        .where(ClassMember.class_id == row.id, ClassMember.left_on.is_not(None))
        .options(joinedload(ClassMember.member).joinedload(Member.organisation))
        .order_by(ClassMember.left_on.desc(), ClassMember.id.desc())
    )
    return page_of(tx, query, number, PEOPLE)


def applications_of_class(
    tx: Tx, row: TrainingClass, state: ApplicationState, number: int = 1
) -> Page[ClassApplication]:
    """Applications in a state: the waiting list in its order, others the earliest first."""
    query = (
        select(ClassApplication)
        .where(ClassApplication.class_id == row.id, ClassApplication.state == state)
        .options(joinedload(ClassApplication.member).joinedload(Member.organisation))
        .order_by(ClassApplication.queued_at, ClassApplication.id)
    )
    return page_of(tx, query, number, PEOPLE)


@dataclass(frozen=True)
class OwnClasses:
    """What a member sees of classes: those that they are or were in, those that they asked for, those that are open."""

    mine: list[ClassMember] = field(default_factory=list)
    asked: list[ClassApplication] = field(default_factory=list)
    open: list[ClassRow] = field(default_factory=list)


def own_classes(tx: Tx, actor: Actor, today: dt.date) -> OwnClasses:
    """The actor's classes, the latest first. At most seven queries."""
    if actor.member_id is None:
        return OwnClasses()
    places = (
        select(ClassMember)
        .join(TrainingClass, TrainingClass.id == ClassMember.class_id)
        .where(ClassMember.member_id == actor.member_id)
        .options(joinedload(ClassMember.training_class).joinedload(TrainingClass.term))
        .order_by(TrainingClass.first_day.desc(), ClassMember.id.desc())
        .limit(PEOPLE)
    )
    asked = (
        select(ClassApplication)
        .where(ClassApplication.member_id == actor.member_id, ClassApplication.state != ApplicationState.ENROLLED)
        .options(joinedload(ClassApplication.training_class))
        .order_by(ClassApplication.id.desc())
        .limit(PEOPLE)
    )
    mine, applications = list(tx.scalars(places)), list(tx.scalars(asked))
    taken = {one.class_id for one in mine if one.left_on is None}
    taken |= {one.class_id for one in applications if one.state in PENDING}
    offered = tx.scalars(
        select(TrainingClass)
        .where(
            TrainingClass.state.in_(RUNNING),
            TrainingClass.apply_until >= today,
            TrainingClass.last_day >= today,
            TrainingClass.id.not_in(taken),
        )
        .options(joinedload(TrainingClass.term), joinedload(TrainingClass.organisation))
        .order_by(TrainingClass.apply_until, TrainingClass.id)
        .limit(PEOPLE)
    ).all()
    ids = [one.id for one in offered]
    members, states = _counts(tx, ids), _application_counts(tx, ids)
    rows = [
        ClassRow(one, members.get(one.id, 0), states.get((one.id, ApplicationState.WAITING), 0), 0) for one in offered
    ]
    return OwnClasses(mine, applications, rows)


def own_application(tx: Tx, actor: Actor, row: TrainingClass) -> ClassApplication | None:
    """The actor's latest application for a class."""
    if actor.member_id is None:
        return None
    query = select(ClassApplication).where(
        ClassApplication.class_id == row.id, ClassApplication.member_id == actor.member_id
    )
    return tx.scalar(query.order_by(ClassApplication.id.desc()).limit(1))


def place_in_line(tx: Tx, application: ClassApplication) -> int:
    """Which place on the waiting list an application has, counted from 1; 0 where it does not wait."""
    if application.state != ApplicationState.WAITING:
        return 0
    ahead = select(func.count()).where(
        ClassApplication.class_id == application.class_id,
        ClassApplication.state == ApplicationState.WAITING,
        or_(
            ClassApplication.queued_at < application.queued_at,
            (ClassApplication.queued_at == application.queued_at) & (ClassApplication.id < application.id),
        ),
    )
    return (tx.scalar(ahead) or 0) + 1


def is_open_today(row: TrainingClass) -> bool:
    """Whether members may ask for a place in a class today."""
    return rules.may_apply(ClassState(row.state), row.apply_until, row.last_day, clock.today())


def may_leave_today(row: TrainingClass) -> bool:
    """Whether members may give up their place in a class by themselves today."""
    return row.state in RUNNING and rules.may_leave_by_oneself(row.first_day, clock.today())
