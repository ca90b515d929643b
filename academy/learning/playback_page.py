"""Data of the player's page: one item, one member."""

from collections.abc import Sequence
from dataclasses import dataclass

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.learning import queries
from academy.learning.queries import Ledger
from academy.library import api as library
from academy.library.api import Course, ItemVersion, Lecturer
from academy.media import api as media
from academy.media.api import Asset, Cue


@dataclass(frozen=True)
class PlaybackItem:
    """An item in the list beside the player."""

    item: ItemVersion
    asset: Asset | None
    done: bool
    here: bool


@dataclass(frozen=True)
class PlaybackPage:
    """An item with its file, transcript, course, and the member's progress (None without a member)."""

    item: ItemVersion
    course: Course
    lecturer: Lecturer | None
    asset: Asset | None
    cues: Sequence[Cue]
    lines: Sequence[PlaybackItem]
    following: ItemVersion | None
    held: Ledger | None


def load_playback_page(tx: Tx, actor: Actor, item: ItemVersion) -> PlaybackPage:
    """Seven queries, however long the lecture and the course."""
    page = library.course_page(tx, item.course)
    done: set[int] = set()
    held = None
    if actor.member_id is not None:
        done = set(queries.items_completed(tx, actor.member_id, [line.item for line in page.lines]))
        held = queries.ledger_of(tx, actor.member_id, item)
    lines = [
        PlaybackItem(line.item, line.asset, line.item.item_id in done, line.item.item_id == item.item_id)
        for line in page.lines
    ]
    place = next((n for n, line in enumerate(lines) if line.here), len(lines))
    return PlaybackPage(
        item=item,
        course=item.course,
        lecturer=item.course.lecturer,
        asset=item.asset,
        cues=media.cues_of(tx, item.asset_id) if item.asset_id else (),
        lines=lines,
        following=lines[place + 1].item if place + 1 < len(lines) else None,
        held=held,
    )
