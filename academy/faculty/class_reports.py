"""The closing report of a class: shown before it is closed, kept as it was then."""

from dataclasses import asdict, dataclass

from sqlalchemy import func, select

from academy.classes import api as classes
from academy.classes.api import TrainingClass
from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty import access
from academy.faculty.class_attendance import class_attendance, count_late_entries
from academy.faculty.kinds import LectureState
from academy.faculty.models import ProgrammeLecture


@dataclass(frozen=True)
class ClassReport:
    """Figures of a class. Attendance counts places in lectures with a roll; turns count members."""

    members: int
    lectures_held: int
    class_hour_tenths: int
    expected: int
    present: int
    turns_taken: int
    turns_missing: int
    late_entries: int
    """Lectures in the past that are still entered as planned: their hours are in no figure."""
    pending: int
    """Applications that end when the class is closed."""


def class_report(tx: Tx, row: TrainingClass) -> ClassReport:
    """The report of a class as it stands now. Eight queries."""
    held = select(func.count(), func.coalesce(func.sum(ProgrammeLecture.class_hour_tenths), 0)).where(
        ProgrammeLecture.class_id == row.id, ProgrammeLecture.state == LectureState.HELD
    )
    lectures, tenths = tx.execute(held).one()
    attendance, turns, counts = class_attendance(tx, row), classes.turn_rate(tx, row), classes.class_row(tx, row)
    return ClassReport(
        turns.members,
        lectures,
        int(tenths),
        attendance.expected,
        attendance.present,
        turns.taken,
        turns.members - turns.taken,
        count_late_entries(tx, row, clock.today()),
        counts.waiting + counts.applied,
    )


def close_class_with_report(tx: Tx, actor: Actor, row: TrainingClass, seen: ClassReport) -> None:
    """Close a class and keep its report.

    Raises:
        Forbidden: the actor does not run the programme.
        Conflict: the class is not open, or its figures are no longer those that the page showed (`seen`).
    """
    access.require_programme_office(actor, f"class:{row.public_id}")
    lock_row(tx, row)
    report = class_report(tx, row)
    if report != seen:
        raise Conflict(msg("看过之后数字有变化，请再看一遍再结业。"))
    classes.close_class(tx, actor, row, asdict(report))
