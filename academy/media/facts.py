"""What happens to files."""

from dataclasses import dataclass
from typing import Any

from academy.jobs import Fact


@dataclass(frozen=True)
class AssetReady(Fact):
    """Every step is done; the asset can be played."""

    asset_id: int


@dataclass(frozen=True)
class AssetFailed(Fact):
    """A step failed for good; the reason is in the asset's row."""

    asset_id: int


@dataclass(frozen=True)
class TranscriptChanged(Fact):
    """The cues of an asset were imported, edited or removed."""

    asset_id: int


@dataclass(frozen=True)
class SpeechRecognised(Fact):
    """Speech recognition has written captions; the library decides whether they appear at once.

    `cues` are rows as in `editing.read_cues`.
    """

    asset_id: int
    cues: list[list[Any]]
