"""Published figures of groups: with noise (`core.disclosure`), once for a closed day. ADR 0035."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, insert, select

from academy.core import clock, disclosure
from academy.core.database import Tx
from academy.core.unique import lock_row
from academy.people.api import Organisation
from academy.trainings.api import Training
from academy.trainings.models import PublishedFigure


class Vector(NamedTuple):
    """How many people of a group are due, exempt, started, completed."""

    due: int = 0
    exempt: int = 0
    started: int = 0
    completed: int = 0

    def plus(self, other: Sequence[int]) -> "Vector":
        """Sum of both."""
        return Vector(*(a + b for a, b in zip(self, other, strict=True)))


Cells = Mapping[str, Vector | None]
"""Figures that are published together, by the name of the group (`cell_of`); None where withheld."""


def cell_of(chosen: Mapping[str, str]) -> str:
    """Name of the group of those with all of these values, independent of their order."""
    return json.dumps(sorted(chosen.items()), ensure_ascii=False, separators=(",", ":"))


def columns(pieces: Any, day: dt.date) -> list[Any]:
    """Columns to add up: figures of a group of `verify.pieces`, then the fingerprints of those each counts."""
    due, exempt = pieces.c.standing == "due", pieces.c.standing == "exempt"
    counted = (due, exempt, and_(due, pieces.c.started_on <= day), and_(due, pieces.c.completed_on <= day))
    who = disclosure.fingerprint(pieces.c.member_id)
    return [func.sum(case((condition, value), else_=0)) for value in (1, who) for condition in counted]


def release(cell: str, true: Vector, everybody: Vector) -> Vector | None:
    """A group's figures as they may be shown, or None; `everybody` are the fingerprints of the set it is a part of."""
    due, exempt, started, completed = everybody
    size = true.due + true.exempt
    shown = disclosure.release(
        cell, size, [(size, due + exempt), (true.exempt, exempt), (true.started, started), (true.completed, completed)]
    )
    if shown is None:
        return None
    # Nobody completes without starting, and nobody starts without being due: the limits reveal nothing more.
    spared = min(shown[1], shown[0])
    begun = min(shown[2], shown[0] - spared)
    return Vector(shown[0] - spared, spared, begun, min(shown[3], begun))


def closed_day(day: dt.date | None) -> dt.date:
    """The day whose figures are published; for now, yesterday: a day in progress would change with each view."""
    last = clock.today() - dt.timedelta(days=1)
    return min(day, last) if day else last


def published_on(tx: Tx, training_id: int, node_id: int, source: str, day: dt.date) -> Cells | None:
    """Figures published for that day; None before any were."""
    return published_by_node(tx, training_id, [node_id], source, day).get(node_id)


def published_by_node(
    tx: Tx, training_id: int, nodes: Sequence[int], source: str, day: dt.date
) -> dict[int, dict[str, Vector | None]]:
    """Figures published for several nodes on that day."""
    p = PublishedFigure
    query = select(p).where(
        p.training_id == training_id, p.organisation_id.in_(nodes), p.source == source, p.day == day
    )
    found: dict[int, dict[str, Vector | None]] = {}
    for row in tx.scalars(query):
        cells = found.setdefault(row.organisation_id, {})
        if row.cell:
            vector = Vector(row.due, row.exempt, row.started, row.completed)
            cells[row.cell] = None if row.is_withheld else vector
    return found


def publish(tx: Tx, training: Training, node: Organisation, source: str, day: dt.date, cells: Cells) -> None:
    """Store released figures of a closed day, unless another process was first."""
    lock_row(tx, training)
    p = PublishedFigure
    mine = (p.training_id == training.id, p.organisation_id == node.id, p.source == source, p.day == day)
    if tx.scalar(select(p.id).where(*mine).limit(1)) is not None:
        return
    base = {"training_id": training.id, "organisation_id": node.id, "source": source, "day": day}
    # A row without a name records that there was nobody.
    rows = cells or {"": Vector()}
    tx.execute(
        insert(p),
        [base | {"cell": name, "is_withheld": one is None} | (one or Vector())._asdict() for name, one in rows.items()],
    )
