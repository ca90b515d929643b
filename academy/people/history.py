"""The organisation tree on a past day: parents, children, members."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from academy.core.database import Tx
from academy.people.models import Membership, Organisation, OrganisationSpell


@dataclass(frozen=True)
class NodeOnDay:
    """A node as it was on the day."""

    id: int
    name: str
    members: int


class TreeOn:
    """The complete tree on one day, from two queries: nodes by their spells, people by their memberships."""

    def __init__(self, tx: Tx, day: dt.date) -> None:
        self.day = day
        self.names: dict[int, str] = {}
        self.parents: dict[int, int | None] = {}
        self.below: dict[int, list[int]] = {}
        spell = OrganisationSpell
        for row_id, parent, name in tx.execute(
            select(spell.organisation_id, spell.parent_id, spell.name).where(
                spell.valid_from <= day, or_(spell.valid_to.is_(None), spell.valid_to > day)
            )
        ):
            self.names[row_id], self.parents[row_id] = name, parent
            self.below.setdefault(parent or 0, []).append(row_id)
        self.direct: dict[int, int] = {}
        for row_id, count in tx.execute(
            select(Membership.organisation_id, func.count())
            .where(Membership.valid_from <= day, or_(Membership.valid_to.is_(None), Membership.valid_to > day))
            .group_by(Membership.organisation_id)
        ):
            self.direct[row_id] = count

    def members(self, node_id: int) -> int:
        """Number of members of a node and below it."""
        waiting, total = [node_id], 0
        while waiting:
            here = waiting.pop()
            total += self.direct.get(here, 0)
            waiting.extend(self.below.get(here, ()))
        return total

    def children(self, node_id: int) -> list[NodeOnDay]:
        """Direct children of a node."""
        found = [NodeOnDay(row_id, self.names[row_id], self.members(row_id)) for row_id in self.below.get(node_id, ())]
        return sorted(found, key=lambda then: then.id)

    def trail(self, node_id: int) -> list[str]:
        """The names from the root down to a node; empty when there was no such node."""
        names: list[str] = []
        here: int | None = node_id
        while here is not None and here in self.names:
            names.append(self.names[here])
            here = self.parents[here]
        return names[::-1]


def organisation_public_ids(tx: Tx, row_ids: list[int]) -> dict[int, tuple[str, str]]:
    """Row id → public id and present path, for links."""
    rows = tx.execute(
        select(Organisation.id, Organisation.public_id, Organisation.path).where(Organisation.id.in_(row_ids))
    )
    return {row.id: (row.public_id, row.path) for row in rows}
