"""Data of a results page: names, sentences, a timeline of hits."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from academy.core.database import Tx
from academy.library.models import Category, Course, CourseItem, CourseVersion, ItemVersion, Lecturer
from academy.media.models import Asset
from academy.search import queries
from academy.search.backends.interface import Found
from academy.search.lectures import LectureLine
from academy.search.queries import OnShelf
from academy.search.query_parser import Query
from academy.search.ranking import Scored, best_lines, mark, score_lines
from academy.search.results import LectureFound, Sentence, Timeline

SENTENCES = 3
MOST_MARKS = 200


def lectures_found(
    tx: Tx,
    question: Query,
    found: Found,
    course_ids: Sequence[int],
    shelf: Mapping[int, OnShelf],
    done: Mapping[int, int],
) -> list[LectureFound]:
    """Rows of the page, in the order given; a course withdrawn meanwhile is left out."""
    heads = tx.execute(
        select(Course.id, Course.public_id, CourseVersion.title, Course.published_at, Lecturer.name, Category.name)
        .join(Course.published)
        .join(CourseVersion.category)
        .outerjoin(CourseVersion.lecturer)
        .where(Course.id.in_(course_ids), Course.is_published)
    ).all()
    items = tx.execute(
        select(Course.id, ItemVersion.item_id, CourseItem.public_id, ItemVersion.title, Asset.duration_ms)
        .join(ItemVersion, ItemVersion.course_version_id == Course.published_version_id)
        .join(CourseItem, CourseItem.id == ItemVersion.item_id)
        .outerjoin(Asset, Asset.id == ItemVersion.asset_id)
        .where(Course.id.in_(course_ids))
        .order_by(Course.id, ItemVersion.position)
    ).all()
    lines = queries.item_lines(tx, [item.item_id for item in items])
    by_course: dict[int, list[tuple[int, str, str, int]]] = {}
    for course_id, *item in items:
        by_course.setdefault(course_id, []).append(tuple(item))  # type: ignore[arg-type]
    rows = {}
    for course_id, public_id, title, published_at, lecturer, category in heads:
        own = by_course.get(course_id, [])
        sentences, timelines = _sentences(question, found, own, lines)
        rows[course_id] = LectureFound(
            course_id,
            public_id,
            mark(title, question),
            mark(lecturer or "", question),
            category,
            published_at,
            shelf[course_id].duration_ms if course_id in shelf else 0,
            done.get(course_id, 0) >= shelf[course_id].version if course_id in shelf else False,
            sentences,
            timelines,
            own[0][1] if own else "",
        )
    return [rows[course_id] for course_id in course_ids if course_id in rows]


def _sentences(
    question: Query, found: Found, items: Sequence[tuple[int, str, str, int]], lines: Mapping[int, list[LectureLine]]
) -> tuple[list[Sentence], list[Timeline]]:
    """The best sentences of all items, and the positions of hits in each item."""
    scored: dict[str, list[Scored]] = {}
    timelines = []
    for item_id, public_id, title, duration_ms in items:
        own = score_lines(question, found.weights, lines.get(item_id, []))
        if not own:
            continue
        scored[public_id] = own
        length = duration_ms or max(line.end_ms for line in lines[item_id])
        strongest = sorted(own, key=lambda s: -s.score)[:MOST_MARKS]
        pages = lines[item_id][-1].page
        hits = {s.line.page if pages else s.line.start_ms for s in strongest}
        timelines.append(Timeline(public_id, title, length, sorted(hits), pages))
    best = []
    for public_id, own in scored.items():
        offered = {line.seq for line in best_lines(own, SENTENCES)}
        best += [(one.score, public_id, one) for one in own if one.line.seq in offered]
    best.sort(key=lambda row: -row[0])
    place = {public_id: number for number, public_id in enumerate(scored)}
    # Those with the complete query first; then in their order.
    chosen = sorted(best[:SENTENCES], key=lambda row: (-row[2].level, place[row[1]], row[2].line.seq))
    return [
        Sentence(public_id, one.line.seq, one.line.start_ms, mark(one.line.text, question), one.line.page)
        for _, public_id, one in chosen
    ], timelines
