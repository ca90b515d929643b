"""Events of files."""

from dataclasses import dataclass
from typing import Any

from academy.jobs.api import Event


@dataclass(frozen=True)
class AssetReady(Event):
    """Every step is done; the asset can be played."""

    asset_id: int


@dataclass(frozen=True)
class AssetFailed(Event):
    """A step failed for good; the reason is in the asset's row."""

    asset_id: int


@dataclass(frozen=True)
class TranscriptChanged(Event):
    """The cues of an asset were imported, edited or removed."""

    asset_id: int


@dataclass(frozen=True)
class SpeechRecognised(Event):
    """Speech recognition has written captions; the library decides whether they appear at once.

    `cues` are rows as in `editing.read_cues`.
    """

    asset_id: int
    cues: list[list[Any]]


@dataclass(frozen=True)
class AssetRemoved(Event):
    """A file is being removed. A handler in the transaction refuses, by an error, where something above uses it."""

    asset_id: int
