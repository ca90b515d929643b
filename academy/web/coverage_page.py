"""What a coverage page shows beside its table: the answer with its curve, the last week, the tree map."""

import dataclasses
from typing import Any

from academy.core.database import Tx
from academy.coverage import api as coverage
from academy.coverage.api import Coverage
from academy.trainings.api import TrainingState
from academy.web import officer_desk
from academy.web.charts import Box, tree_map

TILES = 24
"""Nodes of a tree map; the rest would be too small to read."""
LEAST = 3.4
"""Hundredths of the map's width."""
TONES = ((0.4, "low"), (0.6, "middling"), (0.8, "fair"))
"""Below which share of completions a tile has which ground; above them all "high"."""


@dataclasses.dataclass(frozen=True)
class Tile:
    """One node of a tree map: its area are those missing there, its ground the share that has completed."""

    box: Box
    public_id: str | None
    name: str
    missing: int
    share: float
    tone: str

    @property
    def is_wide_enough(self) -> bool:
        """Whether it can be pressed: 24 pixels each way where the map is 720 wide; a smaller one has its table row."""
        return min(self.box.width, self.box.height) >= LEAST


def standing(tx: Tx, found: Coverage) -> dict[str, Any]:
    """The variables of the template: `answer`, `curve`, `week` (completions since a week ago), `tiles`."""
    is_running = found.training.state == TrainingState.OPEN and found.day is None
    answer = coverage.answer(tx, found.training, found.node) if is_running else None
    return {
        "answer": answer,
        "curve": officer_desk.curve_of(answer) if answer else None,
        "week": coverage.completed_lately(tx, found) if is_running and found.lines else {},
        "tiles": tiles(found),
    }


def tiles(found: Coverage) -> list[Tile]:
    """The tree map of the nodes below; empty where fewer than two have somebody missing."""
    lines = sorted((line for line in found.lines if line.figures.missing), key=lambda line: -line.figures.missing)
    lines = lines[:TILES]
    if len(lines) < 2:
        return []
    boxes = tree_map([line.figures.missing for line in lines], 100, 22)
    return [
        Tile(
            box,
            line.public_id,
            line.name,
            line.figures.missing,
            share := line.figures.share_completed or 0.0,
            tone_of(share),
        )
        for box, line in zip(boxes, lines, strict=True)
    ]


def tone_of(share: float) -> str:
    """The ground of a share of completions."""
    return next((tone for limit, tone in TONES if share < limit), "high")
