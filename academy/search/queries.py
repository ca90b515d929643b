"""Search's reads of the tables: lectures to index, visible courses, lines to show."""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy import text as sql

from academy.core.database import Database, Tx
from academy.library.models import Category, Course, CourseVersion, ItemVersion, Lecturer
from academy.media.api import AssetState
from academy.media.models import Asset, Cue, DocumentPage, Transcript
from academy.search.document_lines import page_lines
from academy.search.lectures import Lecture, LectureLine, LecturePart
from academy.search.models import Term
from academy.search.text import Segmenter

CHUNK = 200
TRANSCRIPT_LANGUAGE = "zh-CN"


def terms(tx: Tx) -> tuple[str, ...]:
    """The city's own terms, oldest first."""
    return tuple(tx.scalars(select(Term.text).order_by(Term.id)))


_segmenters: dict[tuple[str, ...], Segmenter] = {}


def load_segmenter(tx: Tx) -> Segmenter:
    """The segmenter for the present dictionary; loading one is slow, so the last is cached."""
    key = terms(tx)
    found = _segmenters.get(key)
    if found is None:
        found = Segmenter(key)
        _segmenters.clear()
        _segmenters[key] = found
    return found


def published_course_ids(tx: Tx) -> list[int]:
    """Every course that should be in the index."""
    return list(tx.scalars(select(Course.id).where(Course.is_published).order_by(Course.id)))


def courses_of_asset(tx: Tx, asset_id: int) -> list[int]:
    """Published courses that show a file."""
    found = (
        select(Course.id)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .where(ItemVersion.asset_id == asset_id, Course.is_published)
    )
    return sorted(set(tx.scalars(found)))


def courses_mentioning(tx: Tx, text: str) -> list[int]:
    """Published courses whose name or lines contain a text: those affected by a change of the dictionary."""
    like = f"%{text.replace('/', '//').replace('%', '/%').replace('_', '/_')}%"
    named = (
        select(Course.id)
        .join(Course.published)
        .outerjoin(CourseVersion.lecturer)
        .where(
            Course.is_published,
            CourseVersion.title.like(like, escape="/")
            | CourseVersion.summary.like(like, escape="/")
            | Lecturer.name.like(like, escape="/"),
        )
    )
    in_lines = (
        select(Course.id)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .join(Transcript, Transcript.asset_id == ItemVersion.asset_id)
        .join(Cue, Cue.transcript_id == Transcript.id)
        .where(Course.is_published, Cue.text.like(like, escape="/"))
        .distinct()
    )
    written = (
        select(Course.id)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .join(DocumentPage, DocumentPage.asset_id == ItemVersion.asset_id)
        .where(Course.is_published, DocumentPage.text.like(like, escape="/"))
        .distinct()
    )
    return sorted(set(tx.scalars(named)) | set(tx.scalars(in_lines)) | set(tx.scalars(written)))


def lectures(tx: Tx, ids: Sequence[int]) -> list[Lecture]:
    """The published ones of the courses in indexable form: four queries, however many."""
    heads = tx.execute(
        select(Course.id, CourseVersion.title, CourseVersion.summary, Lecturer.name, Category.name)
        .join(Course.published)
        .join(CourseVersion.category)
        .outerjoin(CourseVersion.lecturer)
        .where(Course.id.in_(ids), Course.is_published)
        .order_by(Course.id)
    ).all()
    items = tx.execute(
        select(Course.id, ItemVersion.item_id, ItemVersion.title, ItemVersion.asset_id)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .where(Course.id.in_([head.id for head in heads]))
        .order_by(Course.id, ItemVersion.position)
    ).all()
    lines = _lines(tx, [item.asset_id for item in items if item.asset_id is not None])
    parts: dict[int, list[LecturePart]] = {}
    for course_id, item_id, title, asset_id in items:
        parts.setdefault(course_id, []).append(LecturePart(item_id, title, lines.get(asset_id, [])))
    return [
        Lecture(course_id, title, lecturer or "", category, summary, parts.get(course_id, []))
        for course_id, title, summary, lecturer, category in heads
    ]


def _lines(tx: Tx, asset_ids: Sequence[int]) -> dict[int | None, list[LectureLine]]:
    found: dict[int | None, list[LectureLine]] = {}
    rows = tx.execute(
        select(Transcript.asset_id, Cue.seq, Cue.start_ms, Cue.end_ms, Cue.text)
        .join(Cue, Cue.transcript_id == Transcript.id)
        .where(Transcript.asset_id.in_(asset_ids), Transcript.language == TRANSCRIPT_LANGUAGE)
        .order_by(Transcript.asset_id, Cue.seq)
    )
    for asset_id, seq, start_ms, end_ms, text in rows:
        found.setdefault(asset_id, []).append(LectureLine(seq, start_ms, end_ms, text))
    return found | _written(tx, [asset_id for asset_id in asset_ids if asset_id not in found])


def _written(tx: Tx, asset_ids: Sequence[int]) -> dict[int | None, list[LectureLine]]:
    """Text of the pages of documents."""
    pages: dict[int, list[tuple[int, str]]] = {}
    rows = tx.execute(
        select(DocumentPage.asset_id, DocumentPage.number, DocumentPage.text)
        .where(DocumentPage.asset_id.in_(asset_ids))
        .order_by(DocumentPage.asset_id, DocumentPage.number)
    )
    for asset_id, number, text in rows:
        pages.setdefault(asset_id, []).append((number, text))
    return {asset_id: page_lines(own) for asset_id, own in pages.items()}


def stream_lectures(db: Database) -> Iterator[Lecture]:
    """Every published lecture, in batches: a rebuild must not hold one transaction for minutes."""
    with db.read() as tx:
        ids = published_course_ids(tx)
    for start in range(0, len(ids), CHUNK):
        with db.read() as tx:
            chunk = lectures(tx, ids[start : start + CHUNK])
        yield from chunk


@dataclass(frozen=True, slots=True)
class OnShelf:
    """Data of a published course without its transcripts."""

    course_id: int
    version: int
    category_id: int
    lecturer_id: int | None
    published_at: dt.datetime
    duration_ms: int


Stamp = tuple[object, ...]


def shelf_stamp(tx: Tx) -> Stamp:
    """Changes whenever a course is published, edited or withdrawn."""
    return tuple(
        tx.execute(
            select(func.count(), func.sum(Course.id), func.max(Course.published_at), func.max(Course.updated_at)).where(
                Course.is_published
            )
        ).one()
    )


def shelf(tx: Tx) -> dict[int, OnShelf]:
    """Every published course."""
    lengths = dict(
        tx.execute(
            select(Course.id, func.sum(Asset.duration_ms))
            .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
            .join(Asset, Asset.id == ItemVersion.asset_id)
            .where(Course.is_published, Asset.state == AssetState.READY, Asset.kind != "document")
            .group_by(Course.id)
        ).all()
    )
    rows = tx.execute(
        select(
            Course.id,
            CourseVersion.content_number,
            CourseVersion.category_id,
            CourseVersion.lecturer_id,
            Course.published_at,
            Course.created_at,
        )
        .join(Course.published)
        .where(Course.is_published)
    )
    return {
        course_id: OnShelf(
            course_id, version, category_id, lecturer_id, published_at or created_at, int(lengths.get(course_id) or 0)
        )
        for course_id, version, category_id, lecturer_id, published_at, created_at in rows
    }


def names(tx: Tx, model: type[Category] | type[Lecturer], ids: Iterable[int]) -> dict[int, str]:
    """Names of categories or lecturers."""
    return dict(tx.execute(select(model.id, model.name).where(model.id.in_(list(ids)))).all())


def about(tx: Tx, course_ids: Iterable[int]) -> dict[int, list[str]]:
    """Text about a course: title, lecturer, category, summary and the titles of its parts."""
    ids = list(course_ids)
    if not ids:
        return {}
    heads = tx.execute(
        select(Course.id, CourseVersion.title, Lecturer.name, Category.name, CourseVersion.summary)
        .join(Course.published)
        .join(CourseVersion.category)
        .outerjoin(CourseVersion.lecturer)
        .where(Course.id.in_(ids))
    ).all()
    found = {course_id: [name or "" for name in names] for course_id, *names in heads}
    for course_id, title in tx.execute(
        select(Course.id, ItemVersion.title)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .where(Course.id.in_(ids))
    ):
        found[course_id].append(title)
    return found


def item_lines(tx: Tx, item_ids: Sequence[int]) -> dict[int, list[LectureLine]]:
    """All lines of some items, in order."""
    assets = tx.execute(_present(ItemVersion.asset_id).where(ItemVersion.item_id.in_(item_ids))).all()
    lines = _lines(tx, [asset_id for _, asset_id in assets if asset_id is not None])
    return {item_id: lines.get(asset_id, []) for item_id, asset_id in assets}


def _present(column: Any) -> Select[Any]:
    """Items as members see them: id, and a column."""
    return select(ItemVersion.item_id, column).join(
        Course, Course.published_version_id == ItemVersion.course_version_id
    )


# As one parameter: a VALUES list in the statement would be compiled anew for every search, which takes several times as
# long as reading the lines.
_SPANS_SQLITE = sql(
    "SELECT json_extract(w.value, '$[0]') AS number, c.seq, c.start_ms, c.end_ms, c.text FROM json_each(:spans) w "
    "CROSS JOIN course_items i ON i.id = json_extract(w.value, '$[1]') "
    "CROSS JOIN courses o ON o.id = i.course_id "
    "CROSS JOIN item_versions v ON v.course_version_id = o.published_version_id AND v.item_id = i.id "
    "CROSS JOIN transcripts t ON t.asset_id = v.asset_id AND t.language = :language "
    "CROSS JOIN cues c ON c.transcript_id = t.id "
    "AND c.seq BETWEEN json_extract(w.value, '$[2]') AND json_extract(w.value, '$[3]') ORDER BY number, c.seq"
)
_SPANS_POSTGRES = sql(
    "SELECT w.number, c.seq, c.start_ms, c.end_ms, c.text FROM (SELECT CAST(v ->> 0 AS integer) AS number, "
    "CAST(v ->> 1 AS bigint) AS item, CAST(v ->> 2 AS integer) AS low, CAST(v ->> 3 AS integer) AS high "
    "FROM json_array_elements(CAST(:spans AS json)) v) w JOIN course_items i ON i.id = w.item "
    "JOIN courses o ON o.id = i.course_id "
    "JOIN item_versions v ON v.course_version_id = o.published_version_id AND v.item_id = i.id "
    "JOIN transcripts t ON t.asset_id = v.asset_id AND t.language = :language "
    "JOIN cues c ON c.transcript_id = t.id AND c.seq BETWEEN w.low AND w.high ORDER BY w.number, c.seq"
)


def window_lines(tx: Tx, spans: Sequence[tuple[int, int, int]]) -> list[list[LectureLine]]:
    """The lines of many windows (item, first, last), in one query; an empty list where a lecture changed."""
    found: list[list[LectureLine]] = [[] for _ in spans]
    statement = _SPANS_SQLITE if tx.get_bind().dialect.name == "sqlite" else _SPANS_POSTGRES
    for start in range(0, len(spans), CHUNK):
        rows = [(number, *span) for number, span in enumerate(spans[start : start + CHUNK], start)]
        asked = {"spans": json.dumps(rows), "language": TRANSCRIPT_LANGUAGE}
        for number, seq, start_ms, end_ms, in_lines in tx.execute(statement, asked):
            found[number].append(LectureLine(seq, start_ms, end_ms, in_lines))
    # Items without a transcript may be documents, whose lines are computed from their pages.
    silent = {item_id for (item_id, _, _), lines in zip(spans, found, strict=True) if not lines}
    written = item_lines(tx, sorted(silent)) if silent else {}
    for number, (item_id, first, last) in enumerate(spans):
        if not found[number]:
            found[number] = written[item_id][first : last + 1]
    return found
