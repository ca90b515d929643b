"""Figures of groups as they were published: kept for ever, and checked against all others before they appear.

Two figures of one group on two days, of a node and one below it, or of a group and a part of it can be subtracted
from each other. So a figure is published only if that leaves nobody, or at least `SMALLEST` people, whatever was
published before is taken; what was published stays as it was, though rows behind it change later. ADR 0035.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, insert, or_, select

from academy.core import clock
from academy.core.db import Tx
from academy.core.unique import lock_row
from academy.members.models import Organisation
from academy.members.queries import subtree
from academy.trainings.models import PublishedFigure, Training

SMALLEST = 5
"""A group of fewer people is not shown by itself: one could tell who is meant."""
Vector = tuple[int, int, int, int]
"""due, exempt, reached, completed."""
ZERO: Vector = (0, 0, 0, 0)


@dataclass(frozen=True)
class Counted:
    """One group's figures, and whether it is too small to be shown; `rest` is everybody else of the node."""

    vector: Vector
    rest: Vector
    is_withheld: bool = False

    @property
    def size(self) -> int:
        return self.vector[0] + self.vector[1]


Cells = Mapping[str, Counted]
"""Figures that are published together, by the name of the group (`cell_of`)."""


def cell_of(chosen: Mapping[str, str]) -> str:
    """The name of those who have all of these values, the same however they were asked for."""
    return json.dumps(sorted(chosen.items()), ensure_ascii=False, separators=(",", ":"))


def counted(cells: Mapping[str, Vector], hidden: Iterable[str]) -> dict[str, Counted]:
    """Groups that make up a node, with the others beside each."""
    total = [sum(vector[n] for vector in cells.values()) for n in range(4)]
    small = set(hidden)
    return {
        name: Counted(vector, _vector([a - b for a, b in zip(total, vector, strict=True)]), name in small)
        for name, vector in cells.items()
    }


def closed_day(day: dt.date | None) -> dt.date:
    """The day that is looked at; for now, yesterday: a day that is not over has as many figures as looks."""
    last = clock.today() - dt.timedelta(days=1)
    return min(day, last) if day else last


def published_on(tx: Tx, training_id: int, node_id: int, source: str, day: dt.date) -> tuple[dt.date, Cells] | None:
    """What was published last, of that day or before, with its day; None before anything was."""
    p = PublishedFigure
    mine = (p.training_id == training_id, p.organisation_id == node_id, p.source == source)
    newest = select(p.day).where(*mine, p.day <= day).order_by(p.day.desc()).limit(1).scalar_subquery()
    rows = tx.scalars(select(p).where(*mine, p.day == newest)).all()
    return (rows[0].day, {row.cell: _counted(row) for row in rows if row.cell}) if rows else None


def published_by_node(
    tx: Tx, training_id: int, nodes: Sequence[int], source: str, day: dt.date
) -> dict[int, tuple[dt.date, Cells]]:
    """What was published of several nodes on that very day."""
    p = PublishedFigure
    query = select(p).where(
        p.training_id == training_id, p.organisation_id.in_(nodes), p.source == source, p.day == day
    )
    return {row.organisation_id: (day, {row.cell: _counted(row)}) for row in tx.scalars(query)}


def publish(tx: Tx, training: Training, node: Organisation, source: str, day: dt.date, cells: Cells) -> bool:
    """Keep figures of a closed day where nothing that was published gives anybody away with them.

    One at a time for a training: two that were checked at once could tell on each other.
    """
    lock_row(tx, training)
    p = PublishedFigure
    mine = (p.training_id == training.id, p.organisation_id == node.id, p.source == source, p.day == day)
    if tx.scalar(select(p.id).where(*mine).limit(1)) is not None:
        return False  # somebody else was first
    if _moved_by_few(tx, training, node, source, cells) or _differs_by_few(tx, training, node, cells):
        return False
    base = {"training_id": training.id, "organisation_id": node.id, "source": source, "day": day}
    # A row without a name says that there was nobody.
    rows = cells or {"": Counted(ZERO, ZERO)}
    tx.execute(insert(p), [base | _columns(name, one) for name, one in rows.items()])
    return True


def few(number: int) -> bool:
    """Whether a difference would be the figure of so few that they can be told."""
    return 0 < abs(number) < SMALLEST


def _moved_by_few(tx: Tx, training: Training, node: Organisation, source: str, cells: Cells) -> bool:
    """Whether a group of this node, or all others beside it, had nearly the same figures on a published day."""
    p = PublishedFigure
    query = select(p).where(p.training_id == training.id, p.organisation_id == node.id)
    then: dict[tuple[str, dt.date], dict[str, Counted]] = {}
    for row in tx.scalars(query.where(or_(p.source == source, p.cell.in_(list(cells))))):
        then.setdefault((row.source, row.day), {})[row.cell] = _counted(row)
    everybody = _everybody(cells)
    for (kind, _), known in then.items():
        # Of the same list, a group that is gone or new has moved from or to nobody.
        names = known.keys() | cells.keys() if kind == source else known.keys() & cells.keys()
        before = _everybody(known)
        for name in names - {""}:
            a, b = known.get(name, Counted(ZERO, before)), cells.get(name, Counted(ZERO, everybody))
            pairs = zip((*a.vector, *a.rest), (*b.vector, *b.rest), strict=True)
            if any(few(x - y) for x, y in pairs):
                return True
    return False


def _everybody(cells: Cells) -> Vector:
    for one in cells.values():
        return _vector([a + b for a, b in zip(one.vector, one.rest, strict=True)])
    return ZERO


def _differs_by_few(tx: Tx, training: Training, node: Organisation, cells: Cells) -> bool:
    """Whether a wider or narrower list, of this node or one above or below, holds nearly the same people."""
    visible = {name: one for name, one in cells.items() if not one.is_withheld}
    if not visible:
        return False
    p, above = PublishedFigure, [int(part) for part in node.path.strip("/").split("/")]
    near = or_(*(and_(p.size > one.size - SMALLEST, p.size < one.size + SMALLEST) for one in visible.values()))
    query = (
        select(p.cell, p.size, Organisation.path)
        .join(Organisation, Organisation.id == p.organisation_id)
        .where(p.training_id == training.id, p.is_withheld.is_(False), p.cell != "", near)
        .where(or_(Organisation.id.in_(above), subtree(node.path)))
        .distinct()
    )
    asked = [(_conditions(name), one.size) for name, one in visible.items()]
    for cell, size, path in tx.execute(query):
        known = _conditions(cell)
        for mine, number in asked:
            wider = node.path.startswith(path) and known <= mine
            narrower = path.startswith(node.path) and mine <= known
            if (wider or narrower) and few(size - number):
                return True
    return False


def _conditions(cell: str) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in json.loads(cell))


def _vector(numbers: Sequence[int]) -> Vector:
    due, exempt, reached, completed = numbers
    return due, exempt, reached, completed


def _counted(row: PublishedFigure) -> Counted:
    vector = (row.due, row.exempt, row.reached, row.completed)
    rest = (row.rest_due, row.rest_exempt, row.rest_reached, row.rest_completed)
    return Counted(vector, rest, row.is_withheld)


def _columns(name: str, one: Counted) -> dict[str, object]:
    names = ("due", "exempt", "reached", "completed")
    return {
        "cell": name,
        "is_withheld": one.is_withheld,
        "size": one.size,
        **dict(zip(names, one.vector, strict=True)),
        **{f"rest_{key}": number for key, number in zip(names, one.rest, strict=True)},
    }
