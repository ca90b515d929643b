"""Clips: stretches of a lecture with an address of their own."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.unique import get_or_create
from academy.learning.api import Unit
from academy.library.models import Course, CourseVersion, ItemVersion
from academy.media.api import Cue
from academy.talk import places, rules
from academy.talk.kinds import PlaceState
from academy.talk.models import Clip
from academy.talk.places import FoundPlace, Spot


def make_clip(tx: Tx, actor: Actor, item: ItemVersion, first: Spot, last: Spot) -> Clip:
    """The clip from one sentence to the end of another; the same stretch has one address.

    Raises:
        Invalid: it ends before it begins, is too long, or the item is no film and no recording.
    """
    if actor.account_id is None:
        raise Forbidden(f"item:{item.public_id}")
    if places.unit_of(item) == Unit.PAGE:
        raise Invalid(msg("文档请直接分享那一页。"))
    script = places.script_of(tx, item)
    begin, end = (places.find_place(tx, item, spot, script) for spot in (first, last))
    if end.end <= begin.start:
        raise Invalid(fields={"last": msg("结束的一句要在开始的一句之后。")})
    if end.end - begin.start > rules.MOST_CLIP_MS:
        most = rules.MOST_CLIP_MS // 60_000
        raise Invalid(fields={"last": msg("片段最长 %(most)s 分钟；再长就分享整节课。", most=most)})
    key = {
        "item_id": item.item_id,
        "made_version": item.number,
        "made_start": begin.start,
        "made_end": end.end,
    }
    place = places.columns_of(item, FoundPlace(begin.start, end.end, begin.words))
    clip, _ = get_or_create(
        tx,
        Clip,
        key,
        **{name: value for name, value in place.items() if name not in key},
        last_start=end.start,
        last_quote=end.words,
        last_words=end.words,
    )
    return clip


def lines_of_clip(clip: Clip, cues: Sequence[Cue]) -> list[Cue]:
    """The lines of a transcript that are shown during a clip."""
    return [cue for cue in cues if cue.start_ms < clip.place_end and cue.end_ms > clip.place_start]


@dataclass(frozen=True, slots=True)
class ListedClip:
    """A clip, the item as members see it, and the title of its course."""

    clip: Clip
    item: ItemVersion
    title: str


def clips_of_ids(tx: Tx, ids: Collection[int]) -> dict[int, ListedClip]:
    """Clips by their row ids; without those whose stretch was cut or whose course is not offered."""
    rows = tx.execute(
        select(Clip, ItemVersion, CourseVersion.title)
        .join(ItemVersion, ItemVersion.item_id == Clip.item_id)
        .join(Course, Course.published_version_id == ItemVersion.course_version_id)
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Clip.id.in_(ids), Clip.place != PlaceState.CUT, Course.is_published)
    )
    return {clip.id: ListedClip(clip, item, title) for clip, item, title in rows}
