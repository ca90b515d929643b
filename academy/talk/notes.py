"""Private notes and bookmarks. Nobody but their owner reads them, by no page and no list."""

from dataclasses import dataclass

from sqlalchemy import func, select, true

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.core.unique import get_or_create
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion
from academy.talk import places, rules
from academy.talk.access import find_note
from academy.talk.models import Note
from academy.talk.places import Spot
from academy.talk.rules import Saved

SIZE = 50
TOO_LONG = msg("一条笔记最多 %(most)s 字，请分成几条来写。", most=rules.NOTE_LENGTH)


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note in a list: with its lecture, or None where the lecture is not offered any more."""

    note: Note
    course: Course
    item: CourseItem
    item_title: str
    is_open: bool
    """Whether its lecture can be opened now."""


def add_note(tx: Tx, actor: Actor, item: ItemVersion, key: str, spot: Spot, sent: Saved) -> tuple[Note, bool]:
    """Store a note on a place, or the next state of the one with that key; whether what was stored before was kept
    beside it (`rules.merge`).

    Raises:
        Invalid: it is too long, or its place is not in the lecture any more.
        Conflict: there are too many notes.
    """
    note = find_note(tx, actor, key)
    if note is not None:
        return note, edit_note(tx, actor, note, sent)
    if actor.account_id is None:
        raise Forbidden(f"item:{item.public_id}")
    body = _checked(sent.body)
    if notes_held(tx, actor) >= rules.MOST_NOTES:
        raise Conflict(msg("笔记太多了，请先删去一些。"))
    place = places.columns_of(item, places.find_place(tx, item, spot))
    writer = sent.writer[: rules.KEY_LENGTH]
    own = {"account_id": actor.account_id, "key": key[: rules.KEY_LENGTH]}
    made, is_new = get_or_create(tx, Note, own, body=body, writer=writer, sequence=sent.sequence, **place)
    return made, False if is_new else edit_note(tx, actor, made, sent)


def edit_note(tx: Tx, actor: Actor, note: Note, sent: Saved) -> bool:
    """Store the next state of one's own note; whether what another device had saved was kept beside it.

    Raises:
        Invalid: it is too long; nothing of it is stored.
    """
    mine = Saved(_checked(sent.body), sent.writer[: rules.KEY_LENGTH], sent.sequence, sent.revision)
    stored = Saved(note.body, note.writer, note.sequence, note.revision)
    merged = rules.merge(stored, mine)
    if merged is None:
        return mine.writer != note.writer and mine.body != note.body
    note.body = _checked(merged)
    note.revision, note.writer, note.sequence = note.revision + 1, mine.writer, mine.sequence
    note.updated_at = clock.now()
    tx.flush()
    return merged != mine.body


def remove_note(tx: Tx, actor: Actor, note: Note) -> None:
    """Delete one's own note for good."""
    tx.delete(note)
    tx.flush()


def _checked(raw: str) -> str:
    body = rules.written(raw, rules.NOTE_LENGTH)
    if len(body) > rules.NOTE_LENGTH:
        raise Invalid(fields={"body": TOO_LONG})
    return body


def notes_held(tx: Tx, actor: Actor) -> int:
    """How many notes and bookmarks the actor has."""
    return tx.scalar(select(func.count()).where(Note.account_id == actor.account_id)) or 0


def notes_of_item(tx: Tx, actor: Actor, item_id: int) -> list[Note]:
    """One's own notes of a lecture, in its order; those whose place was cut last."""
    mine = select(Note).where(Note.account_id == actor.account_id, Note.item_id == item_id)
    order = (Note.place == "cut", Note.place_start, Note.id)
    return list(tx.scalars(mine.order_by(*order).limit(rules.MOST_NOTES)))


def own_notes(tx: Tx, actor: Actor, number: int = 1, *, key: str = "") -> Page[NoteLine]:
    """One's own notes, by lecture: the one noted in last comes first. Three queries."""
    newest = (
        select(Note.item_id, func.max(Note.updated_at).label("newest"))
        .where(Note.account_id == actor.account_id)
        .group_by(Note.item_id)
        .subquery()
    )
    query = (
        select(Note, Course, CourseItem, ItemVersion.title)
        .join(newest, newest.c.item_id == Note.item_id)
        .join(CourseItem, CourseItem.id == Note.item_id)
        .join(Course, Course.id == CourseItem.course_id)
        .outerjoin(CourseVersion, CourseVersion.id == Course.published_version_id)
        .outerjoin(
            ItemVersion, (ItemVersion.course_version_id == CourseVersion.id) & (ItemVersion.item_id == Note.item_id)
        )
        .where(Note.account_id == actor.account_id, Note.key == key if key else true())
        .order_by(newest.c.newest.desc(), Note.item_id, Note.place == "cut", Note.place_start, Note.id)
    )
    page = page_of(tx, query, number, SIZE)
    lines = [
        NoteLine(note, course, item, title or course.title, course.is_published and title is not None)
        for note, course, item, title in page.rows
    ]
    return Page(lines, page.total, page.number, page.size)
