"""A small library of lectures with lines, for the tests of search."""

import datetime as dt
import itertools

from sqlalchemy import delete, select

from academy.core.database import Tx
from academy.jobs.api import publish
from academy.library.events import CoursePublished, CourseWithdrawn
from academy.library.models import Category, Course, Lecturer
from academy.media.events import TranscriptChanged
from academy.media.models import Asset, AssetState, Cue, DocumentPage, Transcript
from tests.support import factories
from tests.support import shelf as shelf_rows

_count = itertools.count(1)


def category(tx: Tx, name: str) -> Category:
    """The shelf of that name."""
    found = tx.scalar(select(Category).where(Category.name == name))
    if found is None:
        found = Category(slug=f"c{next(_count)}", name=name)
        tx.add(found)
        tx.flush()
    return found


def lecturer(tx: Tx, name: str) -> Lecturer:
    """The lecturer of that name."""
    found = tx.scalar(select(Lecturer).where(Lecturer.name == name))
    if found is None:
        found = Lecturer(name=name)
        tx.add(found)
        tx.flush()
    return found


def lecture(
    tx: Tx,
    title: str,
    lines: list[str],
    *,
    by: str = "",
    shelf: str = "党性教育",
    summary: str = "",
    published_at: dt.datetime | None = None,
    line_ms: int = 5000,
    owner: int | None = None,
) -> Course:
    """A published course of one video with one line every five seconds; publish it."""
    owner = owner or factories.account(tx).id
    duration = max(1, len(lines)) * line_ms
    asset = Asset(
        account_id=owner, kind="video", filename="讲.mp4", size=1, state=AssetState.READY, duration_ms=duration
    )
    tx.add(asset)
    tx.flush()
    course = shelf_rows.course(
        tx,
        title=title,
        summary=summary,
        organisation_id=factories.organisation(tx).id,
        category_id=category(tx, shelf).id,
        lecturer_id=lecturer(tx, by).id if by else None,
        created_by=owner,
        files=[asset],
        published_at=published_at,
    )
    shelf_rows.change_item(tx, course.shown.items[0].item_id, title=title)
    transcript = Transcript(asset_id=asset.id, origin="manual")
    tx.add(transcript)
    tx.flush()
    say(tx, transcript, lines, line_ms)
    publish(tx, CoursePublished(course.id))
    return course


def document(tx: Tx, title: str, pages: list[str]) -> Course:
    """A published course of one document with these words on its pages; publish it."""
    course = lecture(tx, title, [])
    item = shelf_rows.item(tx, course)
    asset = tx.get_one(Asset, item.asset_id)
    asset.kind = "document"
    shelf_rows.change_item(tx, item.item_id, kind="document")
    asset.duration_ms = None
    tx.add_all(
        DocumentPage(asset_id=asset.id, number=n, width=100, height=140, text=text) for n, text in enumerate(pages, 1)
    )
    tx.flush()
    return course


def say(tx: Tx, transcript: Transcript, lines: list[str], line_ms: int = 5000) -> None:
    """Put these lines in place of the transcript's."""
    tx.execute(delete(Cue).where(Cue.transcript_id == transcript.id))
    tx.add_all(
        Cue(transcript_id=transcript.id, seq=n, start_ms=n * line_ms, end_ms=(n + 1) * line_ms, text=text)
        for n, text in enumerate(lines)
    )
    tx.flush()


def resay(tx: Tx, course: Course, lines: list[str]) -> None:
    """Replace what is said in a course, and publish it."""
    asset_id = shelf_rows.item(tx, course).asset_id
    assert asset_id is not None
    say(tx, tx.scalars(select(Transcript).where(Transcript.asset_id == asset_id)).one(), lines)
    publish(tx, TranscriptChanged(asset_id))


def withdraw(tx: Tx, course: Course) -> None:
    """Take a course off the shelf, and publish it."""
    shelf_rows.withdraw(tx, course)
    publish(tx, CourseWithdrawn(course.id))
