"""Coverage counts: changes are inserted with the rows they count, settled into cells, and read as one figure.

A figure is the settled cells plus the unsettled changes, in one snapshot, so it is exact at every moment; ADR 0010
explains why.
"""

import dataclasses
import datetime as dt
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import String, bindparam, cast, delete, func, insert, null, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from academy.core.database import Tx
from academy.core.types import Key
from academy.jobs import api as jobs
from academy.people.models import Organisation, OrganisationSpell
from academy.trainings import sql
from academy.trainings.lineage import Lineage, ids_of
from academy.trainings.models import CoverageCell, CoverageChange, CoverageTotal
from academy.trainings.rules import WHOLE, CellKey, Vector

BATCH = 4000
EVERY = 200
MEASURES = ("due", "exempt", "started", "completed")
SETTLE = "trainings.settle"

_added = itertools.count(1)
_insert_change = insert(CoverageChange)


Tally = dict[tuple[int, int, int, dt.date], list[int]]
"""(training, organisation, course, day) → due, exempt, started, completed."""


@dataclasses.dataclass
class Figures:
    """Figures of one training in one node on one day."""

    due: int = 0
    exempt: int = 0
    started: int = 0
    completed: int = 0
    courses: dict[int, int] = dataclasses.field(default_factory=dict)

    def add(self, course: int, vector: Sequence[int]) -> None:
        """Add a cell's vector."""
        if course == WHOLE:
            self.due += vector[0]
            self.exempt += vector[1]
            self.started += vector[2]
            self.completed += vector[3]
        else:
            self.courses[course] = self.courses.get(course, 0) + vector[3]

    def __add__(self, other: "Figures") -> "Figures":
        total = Figures(self.due, self.exempt, self.started, self.completed, dict(self.courses))
        total.add(WHOLE, (other.due, other.exempt, other.started, other.completed))
        for course, number in other.courses.items():
            total.add(course, (0, 0, 0, number))
        return total

    def share(self, number: int) -> float | None:
        """Completed as a share of due; None where nobody is due."""
        return number / self.due if self.due else None

    @property
    def share_started(self) -> float | None:
        return self.share(self.started)

    @property
    def share_completed(self) -> float | None:
        return self.share(self.completed)

    @property
    def missing(self) -> int:
        """Due without completion."""
        return self.due - self.completed


def post(tx: Tx, training_id: int, changes: Mapping[CellKey, Vector]) -> None:
    """Insert changes of branches."""
    if changes:
        insert_changes(tx, [row(training_id, place, vector) for place, vector in changes.items()])


def row(training_id: int, place: CellKey, vector: Vector) -> dict[str, Any]:
    """A change as the columns of its row."""
    organisation, course, day = place
    due, exempt, started, completed = vector
    return {
        "training_id": training_id,
        "organisation_id": organisation,
        "course_id": course,
        "day": day,
        "due": due,
        "exempt": exempt,
        "started": started,
        "completed": completed,
    }


def insert_changes(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert rows; occasionally enqueue settling, so that readers add up few rows."""
    tx.connection().execute(_insert_change, rows)
    ask_to_settle(tx, len(rows))


def ask_to_settle(tx: Tx, added: int) -> None:
    """Occasionally enqueue settling after changes were inserted."""
    if added >= EVERY or next(_added) % EVERY == 0:
        jobs.enqueue(tx, SETTLE, key=SETTLE)


def settle_cells(tx: Tx, limit: int = BATCH) -> int:
    """Settle the oldest changes into the cells of their branch and of every node above it."""
    sql.settling_alone(tx)
    c = CoverageChange
    oldest = select(c.id).order_by(c.id).limit(limit)
    taken = tx.execute(
        delete(c)
        .where(c.id.in_(oldest.scalar_subquery()))
        .returning(c.training_id, c.organisation_id, c.course_id, c.day, c.due, c.exempt, c.started, c.completed)
        .execution_options(synchronize_session=False)
    ).all()
    tally: Tally = {}
    for training, organisation, course, day, *vector in taken:
        add(tally, (training, organisation, course, day), vector)
    _add_to_cells(tx, roll_up(tx, tally))
    return len(taken)


def roll_up(tx: Tx, tally: Mapping[tuple[int, int, int, dt.date], Sequence[int]]) -> Tally:
    """Counts of branches → counts of every node, by the tree on each day."""
    lineage = Lineage(tx, {organisation for _, organisation, _, _ in tally})
    paths: dict[tuple[int, dt.date], list[tuple[dt.date, set[int], set[int]]]] = {}
    rolled: Tally = {}
    for (training, organisation, course, day), vector in tally.items():
        steps = paths.get((organisation, day))
        if steps is None:
            steps = paths[organisation, day] = lineage.steps(organisation, day)
        for moment, begun, ceased in steps:
            for node in begun:
                add(rolled, (training, node, course, moment), vector)
            for node in ceased:
                add(rolled, (training, node, course, moment), [-n for n in vector])
    return rolled


def add(tally: Tally, key: tuple[int, int, int, dt.date], vector: Sequence[int]) -> None:
    """Add a vector to a tally."""
    known = tally.get(key)
    if known is None:
        tally[key] = list(vector)
    else:
        _add_vector(known, vector)


def _add_to_cells(tx: Tx, tally: Tally) -> None:
    totals: dict[tuple[int, int, int], list[int]] = {}
    for (training, organisation, course, _), vector in tally.items():
        _add_vector(totals.setdefault((training, organisation, course), [0, 0, 0, 0]), vector)
    _upsert(tx, CoverageCell, ("training_id", "organisation_id", "course_id", "day"), tally)
    _upsert(tx, CoverageTotal, ("training_id", "organisation_id", "course_id"), totals)


def _upsert(tx: Tx, table: Any, key: tuple[str, ...], numbers: Mapping[Any, Sequence[int]]) -> None:
    """Add to the rows of these keys, in their order, and insert missing ones."""
    names = (*key, *MEASURES)
    rows = [dict(zip(names, (*k, *v), strict=True)) for k, v in sorted(numbers.items()) if any(v)]
    dialect: Any = postgresql if tx.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    statement = statement.on_conflict_do_update(
        index_elements=list(key),
        set_={name: getattr(table, name) + statement.excluded[name] for name in MEASURES},
    )
    for start in range(0, len(rows), 2000):
        tx.connection().execute(statement, rows[start : start + 2000])


def post_bulk(tx: Tx, counts: Tally) -> None:
    """Add many counts of branches at once, directly into the cells."""
    sql.settling_alone(tx)
    _add_to_cells(tx, roll_up(tx, counts))


def forget(tx: Tx, training_id: int) -> None:
    """Delete the counts of a training, to write them anew."""
    sql.settling_alone(tx)
    for table in (CoverageCell, CoverageTotal, CoverageChange):
        tx.execute(delete(table).where(table.training_id == training_id))


def move(tx: Tx, organisation_id: int, old_path: str, new_path: str) -> None:
    """After a node moved: subtract its counts from the nodes above it before, and add them to those above it now, on
    that day."""
    sql.settling_alone(tx)
    before = {int(i) for i in old_path.strip("/").split("/")}
    after = {int(i) for i in new_path.strip("/").split("/")}
    day = tx.scalar(
        select(OrganisationSpell.valid_from).where(
            OrganisationSpell.organisation_id == organisation_id, OrganisationSpell.valid_to.is_(None)
        )
    )
    if day is None:
        return
    tally: Tally = {}
    for cell in tx.execute(_cells().where(CoverageCell.organisation_id == organisation_id)):
        training, _, course, on, *vector = cell
        for nodes, sign in ((after - before, 1), (before - after, -1)):
            for node in nodes:
                add(tally, (training, node, course, max(on, day)), [sign * n for n in vector])
    _add_to_cells(tx, tally)


def _cells() -> Any:
    c = CoverageCell
    return select(c.training_id, c.organisation_id, c.course_id, c.day, c.due, c.exempt, c.started, c.completed)


def _reading(*, now: bool) -> Any:
    """Settled cells of some nodes, and all unsettled changes, with the path of their branch.

    One statement, because a settling between two would be seen twice or not at all; built once, because building it
    costs more than running it.
    """
    settled: Any = CoverageTotal if now else CoverageCell
    c: Any = CoverageChange
    trainings: Any = bindparam("trainings", expanding=True)
    numbers = [getattr(settled, name) if now else func.sum(getattr(settled, name)) for name in MEASURES]
    place = (settled.training_id, settled.organisation_id, settled.course_id)
    kept = select(*place, *numbers, cast(null(), String).label("path")).where(
        settled.training_id.in_(trainings), settled.organisation_id.in_(bindparam("nodes", expanding=True))
    )
    waiting = (
        select(
            c.training_id,
            c.organisation_id,
            c.course_id,
            *(func.sum(getattr(c, name)) for name in MEASURES),
            Organisation.path,
        )
        .join(Organisation, Organisation.id == c.organisation_id)
        .where(c.training_id.in_(trainings))
        .group_by(c.training_id, c.organisation_id, c.course_id, Organisation.path)
    )
    if not now:
        kept = kept.where(settled.day <= bindparam("day")).group_by(*place)
        waiting = waiting.where(c.day <= bindparam("day"))
    return union_all(kept, waiting)


_NOW, _THEN = _reading(now=True), _reading(now=False)


def figures_of(
    tx: Tx, trainings: Iterable[int], nodes: Iterable[int], day: dt.date | None = None
) -> dict[tuple[int, int], Figures]:
    """Counts of nodes (row ids) with everything below them, up to the end of `day` (None: now).

    Nodes without any count are left out.
    """
    wanted = set(nodes)
    given = {"trainings": list(trainings), "nodes": list(wanted), "day": day}
    rows = tx.connection().execute(_NOW if day is None else _THEN, given).all()
    lineage = Lineage(tx, {row[1] for row in rows if row[-1] is not None} if day is not None else ())
    found: dict[tuple[int, int], Figures] = {}
    for training, organisation, course, *vector, path in rows:
        if path is None:
            places: Iterable[int] = (organisation,)
        else:
            places = ids_of(path) if day is None else lineage.ancestors(organisation, day)
        for node in places:
            if node in wanted:
                found.setdefault((training, node), Figures()).add(course, vector)
    return found


def _own() -> Any:
    """For every node of a subtree: its totals and its own unsettled changes, in tree order."""
    o: Any = Organisation
    t: Any = CoverageTotal
    c: Any = CoverageChange
    inside = (o.path >= bindparam("first"), o.path < bindparam("last"))
    settled = (
        select(o.path, o.id, o.parent_id, *(getattr(t, name) for name in MEASURES))
        .join(t, t.organisation_id == o.id)
        .where(t.training_id == bindparam("training"), t.course_id == WHOLE, *inside)
    )
    waiting = (
        select(o.path, o.id, cast(null(), Key), *(func.sum(getattr(c, name)) for name in MEASURES))
        .join(c, c.organisation_id == o.id)
        .where(c.training_id == bindparam("training"), c.course_id == WHOLE, *inside)
        .group_by(o.path, o.id)
    )
    return union_all(settled, waiting).order_by("path")


_OWN = _own()


def own_figures_below(tx: Tx, training_id: int, node: Organisation) -> dict[int, Figures]:
    """Figures of the direct members of each node in a subtree, in tree order; now.

    A node's own are its total minus the totals of its children.
    """
    given = {"training": training_id, "first": node.path, "last": node.path[:-1] + "0"}
    found: dict[int, list[int]] = {}
    for _, place, parent, *vector in tx.connection().execute(_OWN, given):
        known = found.get(place)
        found[place] = vector if known is None else [a + b for a, b in zip(known, vector, strict=True)]
        above = found.get(parent)
        if above is not None:
            found[parent] = [a - b for a, b in zip(above, vector, strict=True)]
    return {place: Figures(v[0], v[1], v[2], v[3]) for place, v in found.items() if any(v)}


def _history() -> Any:
    """A training's counts as a whole: a node's settled cells, and all unsettled changes. One statement, because a
    settling between two would be seen twice or not at all."""
    settled, c = CoverageCell, CoverageChange
    kept = select(settled.day, null(), *(getattr(settled, name) for name in MEASURES)).where(
        settled.training_id == bindparam("training"),
        settled.organisation_id == bindparam("node"),
        settled.course_id == WHOLE,
    )
    waiting = (
        select(c.day, c.organisation_id, *(func.sum(getattr(c, name)) for name in MEASURES))
        .where(c.training_id == bindparam("training"), c.course_id == WHOLE)
        .group_by(c.day, c.organisation_id)
    )
    return union_all(kept, waiting)


_HISTORY = _history()


def daily_figures(tx: Tx, training_id: int, organisation_id: int) -> list[tuple[dt.date, Figures]]:
    """The training as a whole at the end of each day with a change; for curves and forecasts.

    The same whether changes are settled or not: unsettled ones are placed by the tree of their days.
    """
    found: dict[dt.date, list[int]] = {}
    waiting: Tally = {}
    for day, place, *vector in tx.connection().execute(_HISTORY, {"training": training_id, "node": organisation_id}):
        if place is None:
            _add_vector(found.setdefault(day, [0] * len(MEASURES)), vector)
        else:
            add(waiting, (training_id, place, WHOLE, day), vector)
    for (_, node, _, day), vector in roll_up(tx, waiting).items():
        if node == organisation_id:
            _add_vector(found.setdefault(day, [0] * len(MEASURES)), vector)
    running, days = Figures(), []
    for day, vector in sorted(found.items()):
        running.add(WHOLE, vector)
        days.append((day, dataclasses.replace(running)))
    return days


def _add_vector(total: list[int], vector: Sequence[int]) -> None:
    for i, number in enumerate(vector):
        total[i] += number
