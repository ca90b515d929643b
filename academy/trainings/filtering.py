"""Coverage of those who fit all of some filters: by sector, position, age band, gender, education.

A small group is not shown, nor what would give one away: a filter is refused, too, where narrowing from
one list to the next, or taking all shown values from the whole, would leave fewer than five people.
"""

import datetime as dt
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import String, and_, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from academy.core.db import Tx
from academy.core.i18n import Message, msg
from academy.members import rules as people
from academy.members import sectors
from academy.members.models import Member, Organisation
from academy.trainings import groups, published, tree, verify
from academy.trainings.models import Training
from academy.trainings.published import Cells, Counted
from academy.trainings.queries import positions
from academy.trainings.table import Coverage, Line
from academy.trainings.tally import Figures

FILTERS = ("sector", "position", "age", "gender", "education")
Cross = dict[tuple[str, ...], int]
"""How many people there are by the values of the filters, in the filters' order."""


class path_part(FunctionElement[str]):
    """The row id below a prefix of a path: ``path_part(path, prefix_length)``; blank for the node itself."""

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
    """What a filtered coverage page shows; a withheld figure is None. `day` is whose figures it shows, None where
    none could be published yet."""

    chosen: Mapping[str, str]
    day: dt.date | None
    figures: Figures | None
    lines: list[tuple[Line, Figures | None]] = field(default_factory=list)
    direct: Figures | None = None
    has_direct: bool = False


@dataclass
class _Part:
    """One node below, or the direct members: sizes by values, and the figures of those who fit."""

    cross: Cross = field(default_factory=dict)
    figures: Figures = field(default_factory=Figures)
    everybody: Figures = field(default_factory=Figures)

    def cells(self, cell: str, is_withheld: bool) -> Cells:
        """Those who fit, beside everybody else of the part."""
        mine, all_ = _vector(self.figures), _vector(self.everybody)
        rest = (all_[0] - mine[0], all_[1] - mine[1], all_[2] - mine[2], all_[3] - mine[3])
        return {cell: Counted(mine, rest, is_withheld)}

    @property
    def size(self) -> int:
        return self.figures.due + self.figures.exempt


def chosen_in(args: Mapping[str, str]) -> dict[str, str]:
    """The filters that a query string asks for."""
    return {name: args[name][:40] for name in FILTERS if args.get(name)}


@dataclass(frozen=True)
class Measured:
    """Figures of one node, or of its direct members, that are to be published."""

    node_id: int
    source: str
    cells: Cells


def measure(tx: Tx, found: Coverage, chosen: Mapping[str, str]) -> list[Measured]:
    """The figures of those who fit on the closed day, of the node and (of now) the nodes below. One query.

    None where the node's were published for that day.
    """
    day, cell = published.closed_day(found.day), published.cell_of(chosen)
    known = published.published_on(tx, found.training.id, found.node.id, "filter" + cell, day)
    if known is not None and known[0] == day:
        return []
    parts = _parts(tx, found.training, found.node, chosen, day)
    whole = _Part()
    for part in parts.values():
        _merge(whole, part)
    wanted = tuple(chosen.values())
    measured = [Measured(found.node.id, "filter" + cell, whole.cells(cell, not shown(whole.cross, wanted)))]
    if found.day is None:
        # On an earlier day a node may have hung elsewhere: the whole is exact, its parts are today's.
        hidden = _hidden(parts, wanted)
        for line in found.lines:
            key = str(line.organisation_id)
            if key in parts:
                measured.append(Measured(line.organisation_id, "filter" + cell, parts[key].cells(cell, key in hidden)))
        if "" in parts:
            name = published.cell_of({**chosen, "direct": ""})
            measured.append(Measured(found.node.id, "filter" + name, parts[""].cells(name, "" in hidden)))
    return measured


def publish(tx: Tx, found: Coverage, measured: Sequence[Measured]) -> None:
    """Publish what was measured: the whole first, then its parts, each if nobody can be told from it."""
    nodes = {
        o.id: o for o in tx.scalars(select(Organisation).where(Organisation.id.in_({m.node_id for m in measured})))
    }
    day = published.closed_day(found.day)
    for one in measured:
        published.publish(tx, found.training, nodes[one.node_id], one.source, day, one.cells)


def filtered(tx: Tx, found: Coverage, chosen: Mapping[str, str]) -> Filtered:
    """The figures of those who fit as published last, of the node and (of now) of the nodes below it."""
    day, cell = published.closed_day(found.day), published.cell_of(chosen)
    known = published.published_on(tx, found.training.id, found.node.id, "filter" + cell, day)
    if known is None:
        return Filtered(chosen, None, None)
    on, figures = known[0], _figures(known, cell)
    if found.day is not None or figures is None:
        return Filtered(chosen, on, figures)
    direct_cell = published.cell_of({**chosen, "direct": ""})
    of_lines = published.published_by_node(
        tx, found.training.id, [line.organisation_id for line in found.lines], "filter" + cell, on
    )
    lines = [(line, _figures(of_lines.get(line.organisation_id), cell)) for line in found.lines]
    direct = published.published_by_node(tx, found.training.id, [found.node.id], "filter" + direct_cell, on)
    shown_direct = _figures(direct.get(found.node.id), direct_cell)
    has_direct = bool(found.direct.due or found.direct.exempt)
    return Filtered(chosen, on, figures, lines, shown_direct, has_direct)


def _figures(known: tuple[dt.date, Cells] | None, cell: str) -> Figures | None:
    one = known[1].get(cell) if known is not None else None
    return None if one is None or one.is_withheld else Figures(*one.vector)


def _hidden(parts: Mapping[str, _Part], wanted: Sequence[str]) -> set[str]:
    """Parts to withhold: small ones, those whose own figure would give somebody away, never a single one."""
    hidden = groups.hidden({key: part.size for key, part in parts.items()})
    hidden |= {key for key, part in parts.items() if not shown(part.cross, wanted)}
    others = sorted((part.size, key) for key, part in parts.items() if part.size and key not in hidden)
    if len(hidden) == 1 and others:
        hidden.add(others[0][1])
    return hidden


def shown(cross: Cross, wanted: Sequence[str]) -> bool:
    """Whether those with all the wanted values may be shown.

    Each value is looked at among all values of its filter, in whatever list one could have come from:
    with none, some or all of the other filters.
    """
    size = sum(number for values, number in cross.items() if values == tuple(wanted))
    if not size:
        return True
    places = range(len(wanted))
    for place in places:
        others = [other for other in places if other != place]
        for count in range(len(others) + 1):
            for kept in itertools.combinations(others, count):
                if wanted[place] in groups.hidden(_sizes(cross, place, kept, wanted)):
                    return False
    return True


def _sizes(cross: Cross, place: int, kept: Sequence[int], wanted: Sequence[str]) -> dict[str, int]:
    """Sizes by the values of one filter, among those who fit the kept ones."""
    sizes: dict[str, int] = {}
    for values, number in cross.items():
        if all(values[other] == wanted[other] for other in kept):
            sizes[values[place]] = sizes.get(values[place], 0) + number
    return sizes


def _parts(
    tx: Tx, training: Training, node: Organisation, chosen: Mapping[str, str], day: dt.date | None
) -> dict[str, _Part]:
    pieces = verify.pieces(training.id, day, select(Organisation.id).where(tree.inside(tx, node, day)))
    end = day or dt.date.max
    due = pieces.c.standing == "due"

    def count(*conditions: Any) -> Any:
        return func.sum(case((and_(*conditions), 1), else_=0))

    keys = [groups.key(training, name).label(name) for name in chosen]
    below = path_part(Organisation.path, len(node.path) + 1).label("below")
    rows = tx.execute(
        select(
            below,
            *keys,
            count(due),
            count(pieces.c.standing == "exempt"),
            count(due, pieces.c.reached_on <= end),
            count(due, pieces.c.completed_on <= end),
        )
        .select_from(pieces)
        .join(Member, Member.id == pieces.c.member_id)
        .join(Organisation, Organisation.id == pieces.c.organisation_id)
        .where(pieces.c.standing != "out")
        .group_by("below", *chosen)
    )
    wanted = tuple(chosen.values())
    parts: dict[str, _Part] = {}
    for row in rows:
        where, values, vector = row[0], tuple(str(v or "") for v in row[1:-4]), [int(n) for n in row[-4:]]
        part = parts.setdefault(where or "", _Part())
        part.everybody.add(0, vector)
        part.cross[values] = part.cross.get(values, 0) + vector[0] + vector[1]
        if values == wanted:
            part.figures.add(0, vector)
    return parts


def _merge(whole: _Part, part: _Part) -> None:
    for values, number in part.cross.items():
        whole.cross[values] = whole.cross.get(values, 0) + number
    whole.figures = whole.figures + part.figures
    whole.everybody = whole.everybody + part.everybody


def _vector(figures: Figures) -> published.Vector:
    return figures.due, figures.exempt, figures.reached, figures.completed


def options(tx: Tx, language: str) -> list[tuple[str, Message, list[tuple[str, Message | str]]]]:
    """What each filter offers: its name, its label, values with their words."""
    schools = tx.scalars(select(Member.education).where(Member.education.is_not(None)).group_by(Member.education))
    offered: dict[str, list[tuple[str, Message | str]]] = {
        "sector": list(sectors.words(tx, language).items()),
        "position": [(name, name) for name in positions(tx)],
        "age": list(groups.AGE_WORDS.items()),
        "gender": list(people.GENDERS.items()),
        "education": sorted((name, name) for name in schools if name),
    }
    labels = groups.DIMENSIONS | {"age": msg("年龄段")}
    return [(name, labels[name], offered[name]) for name in FILTERS]
