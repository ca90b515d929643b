"""Coverage of the members who match filters: sector, position, age band, gender, education.

Figures are released with noise and small groups withheld, by the same rule as figures by group (`core.disclosure`).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.coverage import breakdowns, published_figures
from academy.coverage.published_figures import Cells, Vector
from academy.coverage.table import Coverage, CoverageRow
from academy.people import api as people
from academy.people.models import Member, Organisation
from academy.trainings import api as trainings
from academy.trainings.api import Figures, Training

FILTERS = ("sector", "position", "age", "gender", "education")


class path_part(FunctionElement[str]):
    """SQL: the row id below a prefix of a path: ``path_part(path, prefix_length)``; blank for the node itself."""

    type = String()
    inherit_cache = True
    name = "path_part"


@compiles(path_part, "sqlite")
def _path_part_sqlite(element: Any, compiler: Any, **kw: Any) -> str:
    path, start = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"substr(substr({path}, {start}), 1, instr(substr({path}, {start}) || '/', '/') - 1)"


@compiles(path_part, "postgresql")
def _path_part_postgresql(element: Any, compiler: Any, **kw: Any) -> str:
    path, start = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"split_part(substr({path}, CAST({start} AS integer)), '/', 1)"


@dataclass(frozen=True)
class Filtered:
    """Data of a filtered coverage page; a withheld figure is None. `day` is the day of the figures, None where none
    could be published yet."""

    chosen: Mapping[str, str]
    day: dt.date | None
    figures: Figures | None
    lines: list[tuple[CoverageRow, Figures | None]] = field(default_factory=list)
    direct: Figures | None = None
    has_direct: bool = False


@dataclass
class _Part:
    """One node below, or the direct members: true figures of the matching members, fingerprints of everybody."""

    figures: Vector = Vector()
    everybody: Vector = Vector()

    def add(self, other: "_Part") -> None:
        self.figures, self.everybody = self.figures.plus(other.figures), self.everybody.plus(other.everybody)

    def cells(self, cell: str) -> Cells:
        return {cell: published_figures.release(cell, self.figures, self.everybody)}


def read_filters(args: Mapping[str, str]) -> dict[str, str]:
    """The filters in a query string."""
    return {name: args[name][:40] for name in FILTERS if args.get(name)}


@dataclass(frozen=True)
class MeasuredNode:
    """Figures of one node, or of its direct members, that are to be published."""

    node_id: int
    source: str
    cells: Cells


def measure_filtered(tx: Tx, found: Coverage, chosen: Mapping[str, str]) -> list[MeasuredNode]:
    """Figures of the matching members on the closed day, of the node and (of now) the nodes below. One query.

    Empty where the node's were published for that day.
    """
    day, cell = published_figures.closed_day(found.day), published_figures.cell_of(chosen)
    if published_figures.published_on(tx, found.training.id, found.node.id, "filter" + cell, day) is not None:
        return []
    parts = _parts(tx, found.training, found.node, chosen, day)
    whole = _Part()
    for part in parts.values():
        whole.add(part)
    measured = [MeasuredNode(found.node.id, "filter" + cell, whole.cells(cell))]
    if found.day is None:
        # On an earlier day a node may have had another parent: the total is exact, its parts are today's.
        for line in found.lines:
            part = parts.get(str(line.organisation_id), _Part())
            measured.append(MeasuredNode(line.organisation_id, "filter" + cell, part.cells(cell)))
        name = published_figures.cell_of({**chosen, "direct": ""})
        measured.append(MeasuredNode(found.node.id, "filter" + name, parts.get("", _Part()).cells(name)))
    return measured


def publish_filtered(tx: Tx, found: Coverage, measured: Sequence[MeasuredNode]) -> None:
    """Store the measured figures as published."""
    nodes = {
        o.id: o for o in tx.scalars(select(Organisation).where(Organisation.id.in_({m.node_id for m in measured})))
    }
    day = published_figures.closed_day(found.day)
    for one in measured:
        published_figures.publish(tx, found.training, nodes[one.node_id], one.source, day, one.cells)


def filter_coverage(tx: Tx, found: Coverage, chosen: Mapping[str, str]) -> Filtered:
    """Published figures of the matching members, of the node and (of now) of the nodes below it."""
    day, cell = published_figures.closed_day(found.day), published_figures.cell_of(chosen)
    known = published_figures.published_on(tx, found.training.id, found.node.id, "filter" + cell, day)
    if known is None:
        return Filtered(chosen, None, None)
    figures = _figures(known, cell)
    if found.day is not None or figures is None:
        return Filtered(chosen, day, figures)
    direct_cell = published_figures.cell_of({**chosen, "direct": ""})
    of_lines = published_figures.published_by_node(
        tx, found.training.id, [line.organisation_id for line in found.lines], "filter" + cell, day
    )
    lines = [(line, _figures(of_lines.get(line.organisation_id), cell)) for line in found.lines]
    direct = published_figures.published_by_node(tx, found.training.id, [found.node.id], "filter" + direct_cell, day)
    shown_direct = _figures(direct.get(found.node.id), direct_cell)
    has_direct = bool(found.direct.due or found.direct.exempt)
    return Filtered(chosen, day, figures, lines, shown_direct, has_direct)


def _figures(known: Cells | None, cell: str) -> Figures | None:
    one = known.get(cell) if known is not None else None
    return None if one is None else Figures(*one)


def _parts(tx: Tx, training: Training, node: Organisation, chosen: Mapping[str, str], day: dt.date) -> dict[str, _Part]:
    pieces = trainings.recount_pieces(
        training.id, day, select(Organisation.id).where(trainings.lies_inside(tx, node, day))
    )
    keys = [breakdowns.key(training, name).label(name) for name in chosen]
    below = path_part(Organisation.path, len(node.path) + 1).label("below")
    rows = tx.execute(
        select(below, *keys, *published_figures.columns(pieces, day))
        .select_from(pieces)
        .join(Member, Member.id == pieces.c.member_id)
        .join(Organisation, Organisation.id == pieces.c.organisation_id)
        .where(pieces.c.standing != "out")
        .group_by("below", *chosen)
    )
    wanted, parts = tuple(chosen.values()), dict[str, _Part]()
    for where, *row in rows:
        values, numbers = tuple(str(v or "") for v in row[:-8]), [int(n) for n in row[-8:]]
        fits = Vector(*numbers[:4]) if values == wanted else Vector()
        parts.setdefault(where or "", _Part()).add(_Part(fits, Vector(*numbers[4:])))
    return parts


def filter_options(tx: Tx, language: str) -> list[tuple[str, Message, list[tuple[str, Message | str]]]]:
    """The choices of each filter: its name, its label, values with their labels."""
    schools = tx.scalars(select(Member.education).where(Member.education.is_not(None)).group_by(Member.education))
    offered: dict[str, list[tuple[str, Message | str]]] = {
        "sector": list(people.sector_names(tx, language).items()),
        "position": [(name, name) for name in trainings.list_positions(tx)],
        "age": list(breakdowns.AGE_WORDS.items()),
        "gender": list(people.GENDERS.items()),
        "education": sorted((name, name) for name in schools if name),
    }
    labels = breakdowns.DIMENSIONS | {"age": msg("年龄段")}
    return [(name, labels[name], offered[name]) for name in FILTERS]
