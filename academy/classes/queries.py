"""Reads of the calendar: terms, days off, evenings of the forum."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, select

from academy.classes import rules
from academy.classes.kinds import HolidayKind
from academy.classes.models import ClassMember, Classroom, Holiday, TeachingTerm, TrainingClass
from academy.core.database import Tx


def list_terms(tx: Tx) -> Sequence[TeachingTerm]:
    """All terms, the newest first."""
    return tx.scalars(select(TeachingTerm).order_by(TeachingTerm.first_day.desc())).all()


def term_of_day(tx: Tx, day: dt.date) -> TeachingTerm | None:
    """The term to which a day belongs; None between terms."""
    return tx.scalar(select(TeachingTerm).where(TeachingTerm.first_day <= day, TeachingTerm.last_day >= day))


def calendar_spans(tx: Tx, first: dt.date, last: dt.date) -> list[rules.CalendarSpan]:
    """What notices say of the days from `first` to `last`."""
    near = select(Holiday).where(Holiday.first_day <= last, Holiday.last_day >= first)
    return [span_of(row) for row in tx.scalars(near.order_by(Holiday.first_day, Holiday.id))]


def span_of(row: Holiday) -> rules.CalendarSpan:
    """A notice's span of days."""
    return rules.CalendarSpan(row.first_day, row.last_day, HolidayKind(row.kind))


def term_evenings(tx: Tx, term: TeachingTerm) -> list[rules.ForumEvening]:
    """The meetings of the forum in a term, in their order."""
    spans = calendar_spans(tx, term.first_day, term.last_day)
    return rules.forum_evenings(term.first_day, term.last_day, term.forum_weekday, term.forum_minute, spans)


def list_holidays(tx: Tx, first: dt.date, last: dt.date) -> Sequence[Holiday]:
    """Notices about the days from `first` to `last`, in their order."""
    near = select(Holiday).where(Holiday.first_day <= last, Holiday.last_day >= first)
    return tx.scalars(near.order_by(Holiday.first_day, Holiday.id)).all()


def list_classrooms(tx: Tx, *, retired: bool = False) -> Sequence[Classroom]:
    """Classrooms by name; retired ones too, where asked for."""
    query = select(Classroom).order_by(Classroom.name)
    return tx.scalars(query if retired else query.where(Classroom.retired_at.is_(None))).all()


def classes_of_term(tx: Tx, term: TeachingTerm) -> Sequence[TrainingClass]:
    """The classes of a term: main classes first, then by first day."""
    return tx.scalars(
        select(TrainingClass)
        .where(TrainingClass.term_id == term.id)
        .order_by(TrainingClass.is_main.desc(), TrainingClass.first_day, TrainingClass.id)
    ).all()


def holidays_by_year(tx: Tx) -> list[tuple[int, list[Holiday]]]:
    """All notices by the year in which they begin, the newest year first, its days in their order."""
    found: dict[int, list[Holiday]] = {}
    for row in tx.scalars(select(Holiday).order_by(Holiday.first_day, Holiday.id)):
        found.setdefault(row.first_day.year, []).append(row)
    return sorted(found.items(), reverse=True)


def classes_of_member(tx: Tx, member_id: int | None, day: dt.date) -> Sequence[TrainingClass]:
    """The classes that a member is in on a day, by name; none of nobody."""
    if member_id is None:
        return []
    return tx.scalars(
        select(TrainingClass)
        .join(ClassMember, ClassMember.class_id == TrainingClass.id)
        .where(
            ClassMember.member_id == member_id,
            ClassMember.held_on(day),
        )
        .order_by(TrainingClass.name)
    ).all()


def count_classes(tx: Tx) -> dict[int, int]:
    """How many classes each term (row id) has."""
    query = select(TrainingClass.term_id, func.count()).group_by(TrainingClass.term_id)
    return dict(tx.execute(query).all())
