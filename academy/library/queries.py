"""Reads about courses. Lists cost the same number of queries whatever their length."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, false, func, not_, or_, select
from sqlalchemy.orm import joinedload

from academy.accounts import api as accounts
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.paging import Page, count_of, page_of
from academy.library.models import Category, Course, CourseItem, CourseState, ItemKind, Lecturer, Review
from academy.media import api as media
from academy.media.api import AssetState
from academy.media.models import Asset
from academy.people.models import Organisation

SIZE = 20


@dataclass(frozen=True)
class CourseCard:
    """A course as shown in lists."""

    course: Course
    duration_ms: int
    """Of what plays; documents do not count."""
    items: int
    cover: Asset | None
    """The author's picture; None where a cover is drawn."""
    kind: str
    """Of the first item that has to be completed (`ItemKind`); empty where there is none."""
    pages: int
    """Of its documents, where nothing in it plays."""


@dataclass(frozen=True)
class ItemSummary:
    """An item and its file."""

    item: CourseItem
    asset: Asset | None


@dataclass(frozen=True)
class CoursePage:
    """Data of a course's page."""

    course: Course
    lines: Sequence[ItemSummary]
    card: CourseCard


@dataclass(frozen=True)
class Shelf:
    """A category and how many published courses it holds."""

    category: Category
    courses: int
    cards: Sequence[CourseCard] = ()
    """The newest of them, where a page shows some."""


@dataclass(frozen=True)
class Waiting:
    """A course in the review queue."""

    course: Course
    author: str
    items: int
    mine: bool


def list_shelves(tx: Tx) -> list[Shelf]:
    """Every category, with its number of published courses."""
    counts = dict(
        tx.execute(
            select(Course.category_id, func.count())
            .where(Course.state == CourseState.PUBLISHED)
            .group_by(Course.category_id)
        ).all()
    )
    rows = tx.scalars(select(Category).order_by(Category.position, Category.id))
    return [Shelf(row, counts.get(row.id, 0)) for row in rows]


def shelves_with_cards(tx: Tx, each: int) -> list[Shelf]:
    """Categories that hold published courses, each with its newest `each`; four queries, however many categories."""
    place = func.row_number().over(
        partition_by=Course.category_id, order_by=(Course.published_at.desc(), Course.id.desc())
    )
    ranked = select(Course.id, place.label("place")).where(Course.state == CourseState.PUBLISHED).subquery()
    newest = _courses().join(ranked, ranked.c.id == Course.id).where(ranked.c.place <= each)
    rows = tx.scalars(newest.order_by(Course.published_at.desc(), Course.id.desc())).all()
    by_category: dict[int, list[CourseCard]] = {}
    for card in cards(tx, rows):
        by_category.setdefault(card.course.category_id, []).append(card)
    return [
        Shelf(shelf.category, shelf.courses, by_category.get(shelf.category.id, ()))
        for shelf in list_shelves(tx)
        if shelf.courses
    ]


def course_ids(tx: Tx, public_ids: Sequence[str]) -> dict[str, int]:
    """Public id → row id of courses, whatever their state; unknown ones are left out."""
    query = select(Course.public_id, Course.id).where(Course.public_id.in_(public_ids))
    return dict(tx.execute(query).all())


def find_course(tx: Tx, public_id: str) -> Course | None:
    """The course of a public id, whatever its state; for lists whose access was checked before."""
    return tx.scalar(select(Course).where(Course.public_id == public_id))


def list_categories(tx: Tx) -> list[Category]:
    """Every category, in its order."""
    return list(tx.scalars(select(Category).order_by(Category.position, Category.id)))


def list_published(
    tx: Tx,
    category: str | None = None,
    page: int = 1,
    *,
    leaders: bool = False,
    lecturer: Lecturer | None = None,
    size: int = SIZE,
) -> Page[CourseCard]:
    """Published courses, newest first: all, one category's (by slug), “一把手” lectures, or one lecturer's."""
    statement = _courses().where(Course.state == CourseState.PUBLISHED)
    if category:
        statement = statement.where(Course.category_id.in_(select(Category.id).where(Category.slug == category)))
    if leaders:
        statement = statement.where(Course.lecturer_id.in_(select(Lecturer.id).where(Lecturer.is_leader)))
    if lecturer is not None:
        statement = statement.where(Course.lecturer_id == lecturer.id)
    statement = statement.order_by(Course.published_at.desc(), Course.id.desc())
    found = page_of(tx, statement, page, size)
    return Page(cards(tx, found.rows), found.total, found.number, found.size)


def course_cards(tx: Tx, course_ids: Iterable[int]) -> dict[int, CourseCard]:
    """Cards of given courses, whatever their state; for lists that other components make."""
    rows = tx.scalars(_courses().where(Course.id.in_(set(course_ids)))).all()
    return {card.course.id: card for card in cards(tx, rows)}


def cards_by_public_id(tx: Tx, public_ids: Iterable[str]) -> dict[str, CourseCard]:
    """Cards of given published courses."""
    wanted = set(public_ids)
    if not wanted:
        return {}
    rows = tx.scalars(_courses().where(Course.public_id.in_(wanted), Course.state == CourseState.PUBLISHED)).all()
    return {card.course.public_id: card for card in cards(tx, rows)}


def cards(tx: Tx, courses: Sequence[Course]) -> list[CourseCard]:
    """Courses with the data of a card: two queries for all of them."""
    lines: dict[int, list[ItemSummary]] = {course.id: [] for course in courses}
    rows = tx.execute(
        select(CourseItem, Asset)
        .outerjoin(Asset, Asset.id == CourseItem.asset_id)
        .where(CourseItem.course_id.in_(lines), CourseItem.removed_at.is_(None))
        .order_by(CourseItem.course_id, CourseItem.position)
    )
    for item, asset in rows:
        lines[item.course_id].append(ItemSummary(item, asset))
    chosen = {course.cover_asset_id for course in courses if course.cover_asset_id}
    covers = {asset.id: asset for asset in tx.scalars(select(Asset).where(Asset.id.in_(chosen)))} if chosen else {}
    return [_card(course, covers.get(course.cover_asset_id or 0), lines[course.id]) for course in courses]


def course_page(tx: Tx, course: Course) -> CoursePage:
    """A course with its items and files."""
    rows = tx.execute(
        select(CourseItem, Asset)
        .outerjoin(Asset, Asset.id == CourseItem.asset_id)
        .where(CourseItem.course_id == course.id, CourseItem.removed_at.is_(None))
        .order_by(CourseItem.position)
    )
    lines = [ItemSummary(item, asset) for item, asset in rows]
    cover = tx.get(Asset, course.cover_asset_id) if course.cover_asset_id else None
    return CoursePage(course, lines, _card(course, cover, lines))


def items_of(tx: Tx, course: Course) -> list[CourseItem]:
    """The course's items, in order."""
    return list(
        tx.scalars(
            select(CourseItem)
            .where(CourseItem.course_id == course.id, CourseItem.removed_at.is_(None))
            .order_by(CourseItem.position)
        )
    )


def open_revision(tx: Tx, course: Course) -> Course | None:
    """The open revision of this course, if any."""
    return tx.scalar(
        select(Course).where(
            Course.revises_id == course.id, Course.state.not_in((CourseState.MERGED, CourseState.DISCARDED))
        )
    )


def my_courses(tx: Tx, actor: Actor, page: int = 1) -> Page[CourseCard]:
    """The actor's courses, last changed first; without merged and discarded ones."""
    statement = (
        _courses()
        .where(
            Course.created_by == actor.account_id,
            Course.state.not_in((CourseState.MERGED, CourseState.DISCARDED)),
        )
        .order_by(Course.updated_at.desc(), Course.id.desc())
    )
    found = page_of(tx, statement, page, SIZE)
    return Page(cards(tx, found.rows), found.total, found.number, found.size)


def items_by_file_state(tx: Tx, actor: Actor, *states: AssetState) -> list[ItemSummary]:
    """Items of the actor's own courses whose file is in one of these states, newest first."""
    rows = tx.execute(
        select(CourseItem, Asset)
        .join(Course, Course.id == CourseItem.course_id)
        .join(Asset, Asset.id == CourseItem.asset_id)
        .where(
            Course.created_by == actor.account_id,
            Course.state.not_in((CourseState.MERGED, CourseState.DISCARDED)),
            CourseItem.removed_at.is_(None),
            Asset.state.in_(states),
        )
        .options(joinedload(CourseItem.course))
        .order_by(Asset.id.desc())
        .limit(20)
    )
    return [ItemSummary(item, asset) for item, asset in rows]


def courses_of_assets(tx: Tx, asset_ids: Sequence[int]) -> dict[int, Course]:
    """The course that uses each file; unused files are left out."""
    rows = tx.execute(
        select(CourseItem.asset_id, Course)
        .join(Course, Course.id == CourseItem.course_id)
        .where(CourseItem.asset_id.in_(asset_ids), CourseItem.removed_at.is_(None))
        .order_by(Course.id)
    )
    return {asset_id: course for asset_id, course in rows if asset_id is not None}


def returned_courses(tx: Tx, actor: Actor) -> list[Course]:
    """The actor's courses that a reviewer returned."""
    return list(
        tx.scalars(
            select(Course)
            .where(Course.created_by == actor.account_id, Course.state == CourseState.RETURNED)
            .order_by(Course.updated_at.desc())
            .limit(5)
        )
    )


def review_queue(
    tx: Tx, actor: Actor, page: int = 1, *, state: str = CourseState.SUBMITTED, own: bool = False
) -> Page[Waiting]:
    """Courses in one state within the reviewer's scope, longest waiting first. The reviewer's own do not wait for the
    reviewer, so they are no part of those submitted, unless `own`: then they alone are listed."""
    statement = _queue(actor, state)
    if own or state == CourseState.SUBMITTED:
        mine = Course.created_by == actor.account_id
        statement = statement.where(mine if own else not_(mine))
    statement = statement.order_by(Course.submitted_at, Course.id)
    found = page_of(tx, statement.options(*_PARTS), page, SIZE)
    ids = [course.id for course in found.rows]
    counts = dict(
        tx.execute(
            select(CourseItem.course_id, func.count())
            .where(CourseItem.course_id.in_(ids), CourseItem.removed_at.is_(None))
            .group_by(CourseItem.course_id)
        ).all()
    )
    names = accounts.account_names(tx, [course.created_by for course in found.rows])
    rows = [
        Waiting(c, names.get(c.created_by, ""), counts.get(c.id, 0), c.created_by == actor.account_id)
        for c in found.rows
    ]
    return Page(rows, found.total, found.number, found.size)


def count_to_review(tx: Tx, actor: Actor, *, own: bool = False) -> int:
    """How many courses are pending for this reviewer; not counting the reviewer's own, or (`own`) those alone."""
    mine = Course.created_by == actor.account_id
    return count_of(tx, _queue(actor, CourseState.SUBMITTED).where(mine if own else not_(mine)))


@dataclass(frozen=True)
class Decision:
    """A decision and its reviewer."""

    review: Review
    reviewer: str


def decisions_on(tx: Tx, course: Course) -> list[Decision]:
    """Decisions on a course and on its revisions, newest first."""
    family = select(Course.id).where(or_(Course.id == course.id, Course.revises_id == course.id))
    rows = tx.scalars(select(Review).where(Review.course_id.in_(family)).order_by(Review.id.desc()).limit(50)).all()
    names = accounts.account_names(tx, [row.reviewer_id for row in rows])
    return [Decision(row, names.get(row.reviewer_id, "")) for row in rows]


_PARTS = (
    joinedload(Course.category),
    joinedload(Course.lecturer),
    joinedload(Course.organisation),
)


def _courses() -> Select[Course]:
    return select(Course).options(*_PARTS)


def reviewable(actor: Actor) -> ColumnElement[bool]:
    """Courses of the nodes that the actor reviews."""
    # The upper bound is exclusive, and "0" follows the slash: a sibling with the same prefix stays out.
    ranges = [
        (Organisation.path >= path) & (Organisation.path < path[:-1] + "0") for path in actor.paths(Role.REVIEWER)
    ]
    scope = select(Organisation.id).where(or_(false(), *ranges))
    return Course.organisation_id.in_(scope)


def _queue(actor: Actor, state: str) -> Select[Course]:
    return select(Course).where(Course.state == state, reviewable(actor))


def _card(course: Course, cover: Asset | None, lines: Sequence[ItemSummary]) -> CourseCard:
    played = [line.asset for line in lines if line.item.kind != ItemKind.DOCUMENT]
    duration = sum(asset.duration_ms or 0 for asset in played if asset is not None)
    papers = [line.asset for line in lines if line.item.kind == ItemKind.DOCUMENT and line.asset is not None]
    first = next((line.item for line in lines if line.item.required), lines[0].item if lines else None)
    return CourseCard(
        course=course,
        duration_ms=duration,
        items=len(lines),
        cover=cover if cover is not None and cover.state == AssetState.READY else None,
        kind=first.kind if first else "",
        pages=0 if duration else sum(paper.duration_ms or 0 for paper in papers) // media.PAGE_MS,
    )
