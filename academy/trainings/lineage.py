"""The organisation tree through time: the ancestors of a branch on a day."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select

from academy.core.database import Tx
from academy.people import api as people
from academy.people.models import Organisation, OrganisationSpell


class Lineage:
    """Ancestors of branches on any day. Costs two queries, and a third only when something moved."""

    def __init__(self, tx: Tx, organisations: Iterable[int]) -> None:
        self._tx = tx
        self._paths: dict[int, tuple[int, ...]] = {}
        self._moves: dict[int, list[tuple[dt.date, int | None]]] = {}
        self._parents: dict[int, int | None] | None = None
        wanted = set(organisations)
        if wanted:
            self._load(wanted)

    def _load(self, wanted: set[int]) -> None:
        query = select(Organisation.id, Organisation.path)
        if len(wanted) <= 500:
            query = query.where(Organisation.id.in_(wanted))
        self._paths = {i: ids_of(path) for i, path in self._tx.execute(query)}
        spells = OrganisationSpell
        several = select(spells.organisation_id).where(spells.valid_to.is_not(None))
        for node, parent, start in self._tx.execute(
            select(spells.organisation_id, spells.parent_id, spells.valid_from)
            .where(spells.organisation_id.in_(several))
            .order_by(spells.organisation_id, spells.valid_from)
        ):
            known = self._moves.setdefault(node, [])
            if not known or known[-1][1] != parent:  # a rename is not a move
                known.append((start, parent))
        self._moves = {node: moves for node, moves in self._moves.items() if len(moves) > 1}

    def ancestors(self, organisation: int, day: dt.date) -> tuple[int, ...]:
        """The node itself and its ancestors on that day, the top first."""
        path = self._paths[organisation]
        if not self._moves or not self._moved_since(day):
            return path
        chain: list[int] = []
        node: int | None = organisation
        while node is not None and node not in chain:
            chain.append(node)
            node = self._parent(node, day)
        return tuple(reversed(chain))

    def steps(self, organisation: int, day: dt.date) -> list[tuple[dt.date, set[int], set[int]]]:
        """From `day` to now: on which days which nodes became and ceased to be ancestors of the branch."""
        current = set(self.ancestors(organisation, day))
        found = [(day, current, set[int]())]
        for moment in self._moved_since(day):
            then = set(self.ancestors(organisation, moment))
            if then != current:
                found.append((moment, then - current, current - then))
                current = then
        return found

    def _moved_since(self, day: dt.date) -> list[dt.date]:
        return sorted({start for moves in self._moves.values() for start, _ in moves[1:] if start > day})

    def _parent(self, node: int, day: dt.date) -> int | None:
        if node in self._moves:
            moves = self._moves[node]
            return next((parent for start, parent in reversed(moves) if start <= day), moves[0][1])
        if self._parents is None:
            rows = self._tx.execute(select(Organisation.id, Organisation.parent_id))
            self._parents = dict(rows.all())
        return self._parents[node]


def ids_of(path: str) -> tuple[int, ...]:
    """The nodes of a path, the top first."""
    return tuple(int(part) for part in path.strip("/").split("/"))


def lies_inside(tx: Tx, node: Organisation, day: dt.date | None) -> ColumnElement[bool]:
    """Condition: `Organisation` rows that were the node or below it at the end of a day (None: now)."""
    # All nodes have always been below the root.
    if day is not None and node.parent_id is not None:
        changed = select(OrganisationSpell.id).where(OrganisationSpell.valid_to > day).limit(1)
        if tx.scalar(changed) is not None:
            return Organisation.id.in_(_below_on(tx, node.id, day))
    return people.subtree(node.path)


def _below_on(tx: Tx, node_id: int, day: dt.date) -> list[int]:
    spell = OrganisationSpell
    children: dict[int | None, list[int]] = {}
    for child, parent in tx.execute(
        select(spell.organisation_id, spell.parent_id).where(
            spell.valid_from <= day, or_(spell.valid_to.is_(None), spell.valid_to > day)
        )
    ):
        children.setdefault(parent, []).append(child)
    found = [node_id]
    for one in found:
        found.extend(children.get(one, ()))
    return found
