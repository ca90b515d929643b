"""Which lecture makes up for which (`ProgrammeLecture.instead_of_id`). What was lost is taught once more, not twice.

A make-up lecture that is lost as well is made up for by another of the first one: all of them name that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from academy.core.database import Tx
from academy.core.errors import Conflict
from academy.core.i18n import msg
from academy.core.unique import lock_row
from academy.faculty.collisions import STANDING
from academy.faculty.models import ProgrammeLecture


@dataclass(frozen=True)
class MakeUps:
    """The lectures that a lecture is paired with."""

    before: ProgrammeLecture | None
    """The lecture that it makes up for."""
    after: Sequence[ProgrammeLecture]
    """Those that were planned later to make up for the same, the oldest first: those that were lost as well, and at
    most one that stands."""

    @property
    def standing(self) -> ProgrammeLecture | None:
        """The one that is planned or was held."""
        return next((one for one in self.after if one.state in STANDING), None)


def make_ups_of(tx: Tx, lectures: Sequence[ProgrammeLecture]) -> dict[int, MakeUps]:
    """Row id of a lecture → what it is paired with. One query."""
    firsts = {first_of(one) for one in lectures}
    family = or_(ProgrammeLecture.id.in_(firsts), ProgrammeLecture.instead_of_id.in_(firsts))
    rows = tx.scalars(select(ProgrammeLecture).where(family).order_by(ProgrammeLecture.id)).all()
    known = {row.id: row for row in rows}
    return {
        one.id: MakeUps(
            known.get(one.instead_of_id or 0),
            [row for row in rows if row.instead_of_id == first_of(one) and row.id > one.id],
        )
        for one in lectures
    }


def first_of(lecture: ProgrammeLecture) -> int:
    """The row id of the lecture that was lost first: that which it makes up for, or its own."""
    return lecture.instead_of_id or lecture.id


def require_one_standing(tx: Tx, lecture: ProgrammeLecture) -> None:
    """Before a lost lecture stands again, or is made up for; the caller has locked it. All that make up for the same
    wait for each other at the first one.

    Raises:
        Conflict: a lecture that makes up for the same stands, or that which it makes up for.
    """
    if lecture.instead_of_id is not None:
        first = tx.get_one(ProgrammeLecture, lecture.instead_of_id)
        lock_row(tx, first)
        if first.state in STANDING:
            raise Conflict(msg("原来那次课（%(day)s）已经恢复，不用再补讲。", day=first.day))
    others = select(ProgrammeLecture.day).where(
        ProgrammeLecture.instead_of_id == first_of(lecture),
        ProgrammeLecture.id != lecture.id,
        ProgrammeLecture.state.in_(STANDING),
    )
    standing = tx.scalar(others.limit(1))
    if standing is not None:
        raise Conflict(msg("已经安排在%(day)s补讲。要改，请先取消那次补讲。", day=standing))
