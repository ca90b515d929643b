"""A coverage page: a node's figures, its children, its direct members, as of when."""

import dataclasses
import datetime as dt
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from academy.core import clock
from academy.core.database import Tx
from academy.library.api import Course
from academy.people.models import Organisation, OrganisationSpell
from academy.trainings import api as trainings
from academy.trainings.api import Figures, Training


@dataclasses.dataclass(frozen=True)
class CoverageRow:
    """One row of a coverage table: a node below, or the members of the node itself."""

    organisation_id: int
    public_id: str | None
    name: str
    level: str
    figures: Figures


@dataclasses.dataclass(frozen=True)
class Coverage:
    """A coverage page: the node's figures, its children, its direct members, as of when."""

    training: Training
    node: Organisation
    day: dt.date | None
    counted_at: dt.datetime
    figures: Figures
    lines: list[CoverageRow]
    direct: Figures
    courses: list[Course]
    needed: int

    @property
    def reconciles(self) -> bool:
        """Whether children and direct members add up to the total, as they must."""
        total = self.direct
        for line in self.lines:
            total = total + line.figures
        return (total.due, total.exempt, total.started, total.completed) == (
            self.figures.due,
            self.figures.exempt,
            self.figures.started,
            self.figures.completed,
        )


SORTS = ("missing", "share", "due", "name", "exempt", "started", "completed")
WEEK = 7


def coverage_of(
    tx: Tx, training: Training, node: Organisation, day: dt.date | None = None, sort: str = "", *, falling: bool = False
) -> Coverage:
    """Figures of a node and of the nodes below it, now or at the end of a past day.

    The number of queries does not depend on how many nodes or members there are.
    """
    names = _children(tx, node, day)
    ids = [node.id, *(line.organisation_id for line in names)]
    counted = trainings.figures_of(tx, [training.id], ids, day)
    lines = [
        dataclasses.replace(line, figures=counted.get((training.id, line.organisation_id), Figures())) for line in names
    ]
    lines = [line for line in lines if line.figures.due or line.figures.exempt]
    return Coverage(
        training=training,
        node=node,
        day=day,
        counted_at=clock.now(),
        figures=counted.get((training.id, node.id), Figures()),
        lines=_sorted(lines, sort, falling),
        direct=direct_figures(tx, training, node.id, day),
        courses=trainings.courses_of(tx, training),
        needed=trainings.courses_needed(tx, training),
    )


def completed_lately(tx: Tx, found: Coverage) -> dict[int, int]:
    """How many more have completed than a week ago, by row id of the node and of the nodes below it; one query.

    By the tree of that day: who moved here since is counted here and was not then.
    """
    then = clock.today() - dt.timedelta(days=WEEK)
    ids = [found.node.id, *(line.organisation_id for line in found.lines)]
    before = trainings.figures_of(tx, [found.training.id], ids, then)
    now = {line.organisation_id: line.figures for line in found.lines} | {found.node.id: found.figures}
    return {id_: f.completed - before.get((found.training.id, id_), Figures()).completed for id_, f in now.items()}


def _children(tx: Tx, node: Organisation, day: dt.date | None) -> list[CoverageRow]:
    if day is None:
        query = select(Organisation.id, Organisation.public_id, Organisation.name, Organisation.level).where(
            Organisation.parent_id == node.id
        )
    else:
        spell = OrganisationSpell
        query = (
            select(Organisation.id, Organisation.public_id, spell.name, Organisation.level)
            .join(spell, spell.organisation_id == Organisation.id)
            .where(
                spell.parent_id == node.id, spell.valid_from <= day, or_(spell.valid_to.is_(None), spell.valid_to > day)
            )
        )
    return [CoverageRow(*row, Figures()) for row in tx.execute(query.order_by(Organisation.code))]


def _sorted(lines: list[CoverageRow], sort: str, falling: bool) -> list[CoverageRow]:
    keys: dict[str, Any] = {
        "name": lambda line: line.name,
        "missing": lambda line: line.figures.missing,
        "due": lambda line: line.figures.due,
        "exempt": lambda line: line.figures.exempt,
        "started": lambda line: line.figures.share_started or 0,
        "completed": lambda line: line.figures.completed,
        "share": lambda line: line.figures.share_completed or 0,
    }
    return sorted(lines, key=keys[sort], reverse=falling) if sort in keys else lines


def direct_figures(tx: Tx, training: Training, organisation_id: int, day: dt.date | None) -> Figures:
    """Figures of the members who belong to a node itself, counted from their rows."""
    pieces = trainings.recount_pieces(training.id, day, [organisation_id])
    end = day or dt.date.max
    due = pieces.c.standing == "due"

    def count(*conditions: Any) -> Any:
        return func.coalesce(func.sum(case((and_(*conditions), 1), else_=0)), 0)

    row = tx.execute(
        select(
            count(due),
            count(pieces.c.standing == "exempt"),
            count(due, pieces.c.started_on <= end),
            count(due, pieces.c.completed_on <= end),
        )
    ).one()
    found = Figures(int(row[0]), int(row[1]), int(row[2]), int(row[3]))
    if found.due:
        days = trainings.course_days(training, select(pieces.c.member_id)).subquery()
        for course, number in tx.execute(
            select(days.c.course_id, func.count())
            .join(pieces, pieces.c.member_id == days.c.member_id)
            .where(due, days.c.day <= end)
            .group_by(days.c.course_id)
        ):
            found.courses[course] = number
    return found
