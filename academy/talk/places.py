"""From a moment of a lecture to the place that is stored, and on to where it is after the lecture changed."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.orm import joinedload

from academy.core.database import Database, Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.learning import api as learning
from academy.learning.api import Unit
from academy.library.api import ItemKind
from academy.library.models import Course, CourseItem, ItemVersion
from academy.media import api as media
from academy.talk import anchors
from academy.talk.anchors import QUOTE_LENGTH, SAME_FILM, Anchor, Film, Script, ScriptLine
from academy.talk.kinds import PlaceState
from academy.talk.models import Clip, Note, Question

BATCH = 200
"""Rows of a transaction: some hundredths of a second."""
UNSPOKEN_MS = 5_000
"""Length of a place in a film without captions."""
Row = Note | Question | Clip
KINDS: tuple[type[Note], type[Question], type[Clip]] = (Note, Question, Clip)


@dataclass(frozen=True, slots=True)
class Spot:
    """A place as a page names it: where it begins, in which version of the item, and the words that were shown there.

    `version` 0: the present one; words "" : whatever stands there now.
    """

    start: int
    version: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class FoundPlace:
    """A place in the present version of an item."""

    start: int
    end: int
    words: str


def unit_of(item: ItemVersion) -> Unit:
    """The unit in which an item's places are counted."""
    return Unit.PAGE if item.kind == ItemKind.DOCUMENT else Unit.MS


def script_of(tx: Tx, item: ItemVersion) -> Script:
    """The lines of an item's present file: its captions, or its pages."""
    if item.asset_id is None:
        return Script((), unit_of(item))
    if item.kind == ItemKind.DOCUMENT:
        pages = media.document_pages(tx, item.asset_id)
        return Script([ScriptLine(page.number - 1, page.number, page.text) for page in pages], Unit.PAGE)
    cues = media.cue_texts(tx, item.asset_id)
    return Script([ScriptLine(cue.start_ms, cue.end_ms, cue.text) for cue in cues])


def find_place(tx: Tx, item: ItemVersion, spot: Spot, script: Script | None = None) -> FoundPlace:
    """The place in the present file that a page means; its words are always the file's own.

    A page that was opened before captions changed, or a queue that was sent a week later, names a place of an older
    text or file: it is followed like every stored place.

    Raises:
        Invalid: it lies outside the lecture, or was cut meanwhile.
    """
    script = script or script_of(tx, item)
    version = spot.version or item.number
    span = (spot.start, spot.start + (1 if unit_of(item) == Unit.PAGE else UNSPOKEN_MS))
    words = spot.words[:QUOTE_LENGTH]
    line = script.line_at(spot.start) if version == item.number else None
    if (
        line is not None
        and line.end > spot.start
        and anchors.letters_of(line.text).startswith(anchors.letters_of(words))
    ):
        return FoundPlace(line.start, line.end, line.text[:QUOTE_LENGTH])
    film = film_between(tx, item, version)
    found = anchors.place_again(script, span, words, film)
    end = found.end
    if found.state == PlaceState.CUT or not 0 <= found.start < _extent(item, end):
        raise Invalid(msg("这一处已经不在这节课里了。"))
    return FoundPlace(found.start, end, found.words)


def _extent(item: ItemVersion, otherwise: int) -> int:
    asset = item.asset
    return (asset and (asset.pages if unit_of(item) == Unit.PAGE else asset.duration_ms)) or otherwise


def film_between(tx: Tx, item: ItemVersion, version: int) -> Film:
    """What is known of the file of an older version against the item's present one."""
    if version == item.number:
        return SAME_FILM
    return Film(kept=learning.declared_mapping(tx, item.item_id, version, item.number))


def columns_of(item: ItemVersion, place: FoundPlace) -> dict[str, Any]:
    """The columns of a new row that stands at a place."""
    return {
        "item_id": item.item_id,
        "item_version": item.number,
        "unit": unit_of(item),
        "place_start": place.start,
        "place_end": place.end,
        "quote": place.words,
        "words": place.words,
    }


def published_items(tx: Tx, *, asset_id: int = 0, course_id: int = 0, item_id: int = 0) -> list[ItemVersion]:
    """Items as members see them: those that show a file, those of a course, or one."""
    query = (
        select(ItemVersion)
        .join(CourseItem, CourseItem.id == ItemVersion.item_id)
        .join(Course, Course.published_version_id == ItemVersion.course_version_id)
        .where(
            ItemVersion.asset_id == asset_id if asset_id else true(),
            Course.id == course_id if course_id else true(),
            ItemVersion.item_id == item_id if item_id else true(),
        )
        .options(joinedload(ItemVersion.asset))
        .order_by(ItemVersion.item_id)
    )
    return list(tx.scalars(query))


def follow_item(db: Database, item_id: int, *, is_moved: bool = False) -> None:
    """Place everything that hangs on an item again, some rows a transaction; done twice, it changes nothing.

    With `is_moved` only what still stands in an older file.
    """
    for model in KINDS:
        after = 0
        while True:
            step = functools.partial(_follow_some, model=model, item_id=item_id, after=after, is_moved=is_moved)
            after = db.run_in_transaction(step)
            if not after:
                break


def _follow_some(tx: Tx, *, model: type[Row], item_id: int, after: int, is_moved: bool) -> int:
    """Place the next rows of one kind again; the last one's id, 0 when there are no more."""
    item = next(iter(published_items(tx, item_id=item_id)), None)
    if item is None or item.asset is None:
        return 0
    query = select(model).where(model.item_id == item_id, model.id > after)
    if is_moved:
        query = query.where(model.item_version != item.number)
    rows = _locked(tx, query.order_by(model.id))
    if not rows:
        return 0
    script = script_of(tx, item)
    films: dict[int, Film] = {}
    for row in rows:
        if row.item_version not in films:
            films[row.item_version] = film_between(tx, item, row.item_version)
        move(row, item, script, films[row.item_version])
    return rows[-1].id


def _locked(tx: Tx, query: Select[Any]) -> Sequence[Row]:
    """The first rows of a query, for this transaction alone."""
    rows: Sequence[Row] = tx.scalars(query.limit(BATCH).with_for_update()).all()
    return rows


def move(row: Row, item: ItemVersion, script: Script, film: Film) -> None:
    """Place one row again. A place that was cut is searched for by its words alone: they may come back."""
    if row.place == PlaceState.CUT and film.is_same:
        film = Film()
    if row.item_version != item.number:
        row.earlier_version, row.earlier_start, row.earlier_end = row.item_version, row.place_start, row.place_end
        if isinstance(row, Clip):
            row.earlier_last = row.last_start
        row.item_version = item.number
    anchor = Anchor(row.place_start, row.place_end, row.quote, row.words)
    if isinstance(row, Clip):
        end_of_first = row.last_start if row.last_start > row.place_start else row.place_end
        first = Anchor(row.place_start, end_of_first, row.quote, row.words)
        last = Anchor(row.last_start, row.place_end, row.last_quote, row.last_words)
        found, final = anchors.follow_stretch(script, (row.place_start, row.place_end), first, last, film)
        if found.state != PlaceState.CUT:
            row.last_start, row.last_words = final.start, final.words
    else:
        found = anchors.follow(script, anchor, film)
    row.place = found.state
    if found.state != PlaceState.CUT:
        row.place_start, row.place_end, row.words = found.start, found.end, found.words


def follow_mapping(db: Database, item_id: int, from_version: int, to_version: int) -> None:
    """Place again what was moved from one version to another by its words, now that somebody declared where the film
    went; and what still stands in the old one."""

    step = functools.partial(_put_back_some, item_id=item_id, from_version=from_version, to_version=to_version)
    while db.run_in_transaction(step):
        pass
    follow_item(db, item_id, is_moved=True)


def _put_back_some(tx: Tx, *, item_id: int, from_version: int, to_version: int) -> int:
    """Give rows the place that they had in the earlier file; how many."""
    count = 0
    for model in KINDS:
        here = select(model).where(
            model.item_id == item_id, model.item_version == to_version, model.earlier_version == from_version
        )
        rows = _locked(tx, here.order_by(model.id))
        for row in rows:
            _put_back(row)
        count += len(rows)
    tx.flush()
    return count


def _put_back(row: Row) -> None:
    assert row.earlier_version is not None and row.earlier_start is not None and row.earlier_end is not None
    row.item_version, row.place_start, row.place_end = row.earlier_version, row.earlier_start, row.earlier_end
    if isinstance(row, Clip) and row.earlier_last is not None:
        row.last_start = row.earlier_last
    row.place = PlaceState.SAME
    row.earlier_version = row.earlier_start = row.earlier_end = None
