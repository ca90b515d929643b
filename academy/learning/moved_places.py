"""Places of a replaced file in the file that came after it, by the mappings that were declared for recuts."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from academy.core.database import Tx
from academy.learning import rules
from academy.learning.models import Recut


class PlaceStanding(enum.StrEnum):
    """What became of a place: it stands as it was, was moved by a recut, was cut out, or nobody said."""

    SAME = "same"
    MOVED = "moved"
    CUT = "cut"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class MovedPlace:
    """A place in the present file, in the item's unit (milliseconds, or pages counted from 0), where there is one."""

    standing: PlaceStanding
    place: int | None


class DeclaredRecuts:
    """The mappings of some items; one query."""

    def __init__(self, tx: Tx, item_ids: Iterable[int]) -> None:
        wanted = set(item_ids)
        rows = tx.scalars(select(Recut).where(Recut.item_id.in_(wanted)).order_by(Recut.id)) if wanted else ()
        # The latest mapping of a pair counts, as the page on which it is declared shows it.
        self._steps: dict[int, dict[int, Recut]] = {}
        for row in rows:
            self._steps.setdefault(row.item_id, {})[row.from_version] = row

    def follow(self, item_id: int, from_version: int, to_version: int, place: int) -> MovedPlace:
        """Where a place of version `from_version` of an item lies in its version `to_version`."""
        steps, at, moment = self._steps.get(item_id, {}), from_version, place
        while at < to_version:
            step = steps.get(at)
            if step is None or step.to_version > to_version:
                return MovedPlace(PlaceStanding.UNKNOWN, None)
            moved = rules.remap_moment(moment, [(start, end, target) for start, end, target in step.kept])
            if moved is None:
                return MovedPlace(PlaceStanding.CUT, None)
            at, moment = step.to_version, moved
        if at != to_version:
            return MovedPlace(PlaceStanding.UNKNOWN, None)
        return MovedPlace(PlaceStanding.SAME if from_version == to_version else PlaceStanding.MOVED, moment)
