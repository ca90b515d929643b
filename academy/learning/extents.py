"""Lengths of items: pages of a document, milliseconds of everything else; and both as time of study, to be added up."""

from typing import Any

from sqlalchemy import case, func

from academy.learning.models import WatchLedger
from academy.learning.rules import PAGE_MS, Unit
from academy.media.models import Asset


def extent_of(asset: Asset | None) -> tuple[int, Unit]:
    """Length of a file and its unit; 0 while it is not known."""
    if asset is None:
        return 0, Unit.MS
    return (asset.pages or 0, Unit.PAGE) if asset.kind == "document" else (asset.duration_ms or 0, Unit.MS)


def extent() -> Any:
    """SQL: the length of an `Asset` row in its unit."""
    return func.coalesce(Asset.duration_ms, Asset.pages)


def study_time() -> Any:
    """SQL: the length of an `Asset` row as time of study, in ms."""
    return func.coalesce(Asset.duration_ms, Asset.pages * PAGE_MS)


def covered_time() -> Any:
    """SQL: what a `WatchLedger` row holds, as time of study in ms."""
    return case((WatchLedger.unit == Unit.PAGE, WatchLedger.covered * PAGE_MS), else_=WatchLedger.covered)
