"""Rounds that are opened and closed by the calendar."""

import datetime as dt
import functools

from sqlalchemy import exists, select

from academy.core import clock
from academy.core.actor import SYSTEM
from academy.core.database import Database, Tx
from academy.faculty.evaluation_kinds import EvaluationKind
from academy.faculty.evaluation_models import EvaluationRound, LectureAttendance
from academy.faculty.evaluations import forms, rounds, rules
from academy.faculty.kinds import LectureState
from academy.faculty.models import ProgrammeLecture

LOOKED_BACK = dt.timedelta(days=60)
"""Lectures held longer ago are not asked about any more, unless somebody opens the round."""


def follow_up_day(held: dt.date, months: int) -> dt.date:
    """The day so many months after a lecture; of a month that is too short its last."""
    year, month = rules.months_after(held.year, held.month, months)
    last = dt.date(*rules.months_after(year, month, 1), 1) - dt.timedelta(days=1)
    return min(dt.date(year, month, min(held.day, last.day)), last)


def due_rounds(tx: Tx, today: dt.date) -> list[tuple[int, EvaluationKind]]:
    """Lectures with a roll that are to be evaluated and are not: row ids with the kind, the oldest first."""
    found = []
    has_roll = exists().where(LectureAttendance.lecture_id == ProgrammeLecture.id)
    for kind in EvaluationKind:
        form = forms.form_on(tx, kind, today)
        if form is None:
            continue
        known = exists().where(EvaluationRound.lecture_id == ProgrammeLecture.id, EvaluationRound.kind == kind)
        latest = today
        if form.after_months is not None:
            year, month = rules.months_after(today.year, today.month, -form.after_months)
            latest = dt.date(*rules.months_after(year, month, 1), 1) - dt.timedelta(days=1)
        lectures = tx.execute(
            select(ProgrammeLecture.id, ProgrammeLecture.day)
            .where(
                ProgrammeLecture.state == LectureState.HELD,
                ProgrammeLecture.day <= latest,
                ProgrammeLecture.day >= latest - LOOKED_BACK,
                has_roll,
                ~known,
            )
            .order_by(ProgrammeLecture.day, ProgrammeLecture.id)
        )
        for lecture_id, day in lectures:
            if form.after_months is None or follow_up_day(day, form.after_months) <= today:
                found.append((lecture_id, kind))
    return found


def run_schedule(db: Database) -> tuple[int, int]:
    """Open what is due and close what is over, each round in a transaction of its own; returns both counts."""
    today = clock.today()
    with db.read() as tx:
        due = due_rounds(tx, today)
        over = tx.scalars(
            select(EvaluationRound.id).where(EvaluationRound.closed_at.is_(None), EvaluationRound.closes_on < today)
        ).all()

    opened = sum(db.run_in_transaction(functools.partial(_open, lecture_id=one, kind=kind)) for one, kind in due)
    for row_id in over:
        db.run_in_transaction(functools.partial(_close, row_id=row_id))
    return opened, len(over)


def _open(tx: Tx, *, lecture_id: int, kind: EvaluationKind) -> bool:
    lecture = tx.get_one(ProgrammeLecture, lecture_id)
    return lecture.state == LectureState.HELD and rounds.open_round(tx, SYSTEM, lecture, kind) is not None


def _close(tx: Tx, *, row_id: int) -> None:
    rounds.close_round(tx, tx.get_one(EvaluationRound, row_id))
