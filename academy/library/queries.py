"""Reads about courses. Lists cost the same number of queries whatever their length."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, not_, or_, select
from sqlalchemy.orm import contains_eager, joinedload, lazyload

from academy.accounts import api as accounts
from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.paging import Page, count_of, page_of
from academy.library.kinds import CourseState, ItemKind, VersionState
from academy.library.models import Category, Course, CourseItem, CourseVersion, ItemVersion, Lecturer, Review
from academy.library.versions import edited
from academy.media.api import AssetState
from academy.media.models import Asset
from academy.people.models import Organisation

SIZE = 20


@dataclass(frozen=True)
class CourseCard:
    """A course as shown in lists, with the version that is shown."""

    course: Course
    version: CourseVersion
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
    """An item as a version has it, and its file."""

    item: ItemVersion
    asset: Asset | None


@dataclass(frozen=True)
class CoursePage:
    """Data of the page of a version of a course."""

    course: Course
    version: CourseVersion
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
    """A course in the review queue, with the version to decide on."""

    course: Course
    version: CourseVersion
    author: str
    items: int
    mine: bool


def list_shelves(tx: Tx) -> list[Shelf]:
    """Every category, with its number of published courses."""
    counts = dict(
        tx.execute(
            select(CourseVersion.category_id, func.count())
            .join(Course, Course.published_version_id == CourseVersion.id)
            .where(Course.is_published)
            .group_by(CourseVersion.category_id)
        ).all()
    )
    rows = tx.scalars(select(Category).order_by(Category.position, Category.id))
    return [Shelf(row, counts.get(row.id, 0)) for row in rows]


def shelves_with_cards(tx: Tx, each: int) -> list[Shelf]:
    """Categories that hold published courses, each with its newest `each`; four queries, however many categories."""
    place = func.row_number().over(
        partition_by=CourseVersion.category_id, order_by=(Course.published_at.desc(), Course.id.desc())
    )
    ranked = (
        select(Course.id, place.label("place"))
        .join(CourseVersion, CourseVersion.id == Course.published_version_id)
        .where(Course.is_published)
        .subquery()
    )
    newest = _published().join(ranked, ranked.c.id == Course.id).where(ranked.c.place <= each)
    rows = tx.scalars(newest.order_by(Course.published_at.desc(), Course.id.desc())).all()
    by_category: dict[int, list[CourseCard]] = {}
    for card in cards(tx, rows):
        by_category.setdefault(card.version.category_id, []).append(card)
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
    text: str = "",
    size: int = SIZE,
) -> Page[CourseCard]:
    """Published courses, newest first: all, one category's (by slug), “一把手” lectures, one lecturer's, or those whose
    title or lecturer has a text."""
    statement = _published()
    narrow: list[ColumnElement[bool]] = []
    if category:
        narrow.append(CourseVersion.category_id.in_(select(Category.id).where(Category.slug == category)))
    if leaders:
        narrow.append(CourseVersion.lecturer_id.in_(select(Lecturer.id).where(Lecturer.is_leader)))
    if lecturer is not None:
        narrow.append(CourseVersion.lecturer_id == lecturer.id)
    if text:
        named = select(Lecturer.id).where(Lecturer.name.contains(text, autoescape=True))
        narrow.append(or_(CourseVersion.title.contains(text, autoescape=True), CourseVersion.lecturer_id.in_(named)))
    if narrow:
        # The pointer says so already; the state leads to the index of categories, or of lecturers.
        statement = statement.where(CourseVersion.state == VersionState.PUBLISHED, *narrow)
    statement = statement.order_by(Course.published_at.desc(), Course.id.desc())
    found = page_of(tx, statement, page, size)
    return Page(cards(tx, found.rows), found.total, found.number, found.size)


def course_cards(tx: Tx, course_ids: Iterable[int]) -> dict[int, CourseCard]:
    """Cards of given courses that were published once, withdrawn or not; for lists that other components make."""
    rows = tx.scalars(_courses(Course.published).where(Course.id.in_(set(course_ids)))).all()
    return {card.course.id: card for card in cards(tx, rows)}


def cards_by_public_id(tx: Tx, public_ids: Iterable[str]) -> dict[str, CourseCard]:
    """Cards of given published courses."""
    wanted = set(public_ids)
    if not wanted:
        return {}
    rows = tx.scalars(_published().where(Course.public_id.in_(wanted))).all()
    return {card.course.public_id: card for card in cards(tx, rows)}


def cards(
    tx: Tx, courses: Sequence[Course], *, of: Callable[[Course], CourseVersion] | None = None
) -> list[CourseCard]:
    """Courses with the data of a card, of the version that is shown or that `of` chooses: two queries for all."""
    shown = [(course, of(course) if of else course.shown) for course in courses]
    lines = _lines(tx, [version.id for _, version in shown], lazyload(ItemVersion.item))
    chosen = {version.cover_asset_id for _, version in shown if version.cover_asset_id}
    covers = {asset.id: asset for asset in tx.scalars(select(Asset).where(Asset.id.in_(chosen)))} if chosen else {}
    return [_card(course, v, covers.get(v.cover_asset_id or 0), lines[v.id]) for course, v in shown]


def course_page(tx: Tx, course: Course, version: CourseVersion | None = None) -> CoursePage:
    """A version of a course with its items and files; the one that is shown where none is given."""
    version = version or course.shown
    lines = _lines(tx, [version.id])[version.id]
    cover = tx.get(Asset, version.cover_asset_id) if version.cover_asset_id else None
    return CoursePage(course, version, lines, _card(course, version, cover, lines))


def _lines(tx: Tx, version_ids: Sequence[int], *options: Any) -> dict[int, list[ItemSummary]]:
    lines: dict[int, list[ItemSummary]] = {one: [] for one in version_ids}
    rows = tx.execute(
        select(ItemVersion, Asset)
        .outerjoin(Asset, Asset.id == ItemVersion.asset_id)
        .where(ItemVersion.course_version_id.in_(lines))
        .order_by(ItemVersion.course_version_id, ItemVersion.position)
        .options(*options)
    )
    for item, asset in rows:
        lines[item.course_version_id].append(ItemSummary(item, asset))
    return lines


def my_courses(tx: Tx, actor: Actor, page: int = 1) -> Page[CourseCard]:
    """The actor's courses as they work on them, last changed first; without discarded ones."""
    statement = (
        _courses(Course.published, Course.draft)
        .where(Course.created_by == actor.account_id, _KEPT)
        .order_by(Course.updated_at.desc(), Course.id.desc())
    )
    found = page_of(tx, statement, page, SIZE)
    return Page(cards(tx, found.rows, of=edited), found.total, found.number, found.size)


def own_course_titles(tx: Tx, actor: Actor, most: int) -> list[tuple[str, str]]:
    """Public ids and titles of the actor's newest courses, last changed first, for a form to choose from."""
    statement = (
        _courses(Course.published, Course.draft)
        .where(Course.created_by == actor.account_id, _KEPT)
        .order_by(Course.updated_at.desc(), Course.id.desc())
        .limit(most)
    )
    return [(course.public_id, edited(course).title) for course in tx.scalars(statement)]


def items_by_file_state(tx: Tx, actor: Actor, *states: AssetState) -> list[ItemSummary]:
    """Items of the actor's own courses, as they work on them, whose file is in one of these states, newest first."""
    rows = tx.execute(
        select(ItemVersion, Asset)
        .join(Asset, Asset.id == ItemVersion.asset_id)
        .join(CourseVersion, CourseVersion.id == ItemVersion.course_version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(
            Course.created_by == actor.account_id,
            func.coalesce(Course.draft_version_id, Course.published_version_id) == CourseVersion.id,
            Asset.state.in_(states),
        )
        .options(joinedload(ItemVersion.item).joinedload(CourseItem.course).joinedload(Course.draft))
        .order_by(Asset.id.desc())
        .limit(20)
    )
    return [ItemSummary(item, asset) for item, asset in rows]


def courses_of_assets(tx: Tx, asset_ids: Sequence[int]) -> dict[int, Course]:
    """The course that uses each file, to its author or to members; unused files are left out."""
    rows = tx.execute(
        select(ItemVersion.asset_id, Course)
        .join(CourseVersion, CourseVersion.id == ItemVersion.course_version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(
            ItemVersion.asset_id.in_(asset_ids),
            or_(Course.published_version_id == CourseVersion.id, Course.draft_version_id == CourseVersion.id),
        )
        .options(joinedload(Course.draft))
        .order_by(Course.id)
    )
    return {asset_id: course for asset_id, course in rows if asset_id is not None}


def returned_courses(tx: Tx, actor: Actor) -> list[Course]:
    """The actor's courses whose version in work a reviewer returned."""
    return list(
        tx.scalars(
            select(Course)
            .join(Course.draft)
            .where(Course.created_by == actor.account_id, CourseVersion.state == VersionState.RETURNED)
            .options(contains_eager(Course.draft))
            .order_by(Course.updated_at.desc())
            .limit(5)
        )
    )


def review_queue(
    tx: Tx, actor: Actor, page: int = 1, *, state: str = CourseState.SUBMITTED, own: bool = False
) -> Page[Waiting]:
    """Courses in one state within the reviewer's scope, longest waiting first: of the version in work, or
    published, or withdrawn. The reviewer's own do not wait for the
    reviewer, so they are no part of those submitted, unless `own`: then they alone are listed."""
    statement = _queue(actor, state)
    if own or state == CourseState.SUBMITTED:
        mine = Course.created_by == actor.account_id
        statement = statement.where(mine if own else not_(mine))
    found = page_of(tx, statement.order_by(CourseVersion.submitted_at, Course.id), page, SIZE)
    shown = [(c, c.draft if c.draft is not None and c.draft.state == state else c.shown) for c in found.rows]
    counts = dict(
        tx.execute(
            select(ItemVersion.course_version_id, func.count())
            .where(ItemVersion.course_version_id.in_([version.id for _, version in shown]))
            .group_by(ItemVersion.course_version_id)
        ).all()
    )
    names = accounts.account_names(tx, [course.created_by for course, _ in shown])
    rows = [
        Waiting(c, version, names.get(c.created_by, ""), counts.get(version.id, 0), c.created_by == actor.account_id)
        for c, version in shown
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
    """Decisions on all versions of a course, newest first."""
    versions = select(CourseVersion.id).where(CourseVersion.course_id == course.id)
    query = select(Review).where(Review.course_version_id.in_(versions)).order_by(Review.id.desc()).limit(50)
    rows = tx.scalars(query).all()
    names = accounts.account_names(tx, [row.reviewer_id for row in rows])
    return [Decision(row, names.get(row.reviewer_id, "")) for row in rows]


_PARTS = (CourseVersion.category, CourseVersion.lecturer)
_KEPT = or_(Course.published_at.is_not(None), Course.draft_version_id.is_not(None))
"""Whether a course is more than a draft that its author discarded."""


def _courses(*pointers: Any) -> Select[Course]:
    """Courses with these of their versions."""
    loaded = (joinedload(pointer).joinedload(part) for pointer in pointers for part in _PARTS)
    return select(Course).options(joinedload(Course.organisation), *loaded)


def _published() -> Select[Course]:
    """Courses that members see, joined with what they see."""
    loaded = contains_eager(Course.published)
    return (
        select(Course)
        .join(Course.published)
        .where(Course.is_published)
        .options(joinedload(Course.organisation), *(loaded.joinedload(part) for part in _PARTS))
    )


def reviewable(actor: Actor) -> ColumnElement[bool]:
    """Courses of the nodes that the actor reviews."""
    # The upper bound is exclusive, and "0" follows the slash: a sibling with the same prefix stays out.
    ranges = [
        (Organisation.path >= path) & (Organisation.path < path[:-1] + "0") for path in actor.paths(Role.REVIEWER)
    ]
    scope = select(Organisation.id).where(or_(false(), *ranges))
    return Course.organisation_id.in_(scope)


def _queue(actor: Actor, state: str) -> Select[Course]:
    query = _courses(Course.published, Course.draft).where(reviewable(actor))
    if state == CourseState.PUBLISHED:
        return query.join(CourseVersion, CourseVersion.id == Course.published_version_id).where(Course.is_published)
    if state == CourseState.WITHDRAWN:
        shown = CourseVersion.id == Course.published_version_id
        return query.join(CourseVersion, shown).where(Course.withdrawn_at.is_not(None))
    return query.join(CourseVersion, CourseVersion.id == Course.draft_version_id).where(CourseVersion.state == state)


def _card(course: Course, version: CourseVersion, cover: Asset | None, lines: Sequence[ItemSummary]) -> CourseCard:
    played = [line.asset for line in lines if line.item.kind != ItemKind.DOCUMENT]
    duration = sum(asset.duration_ms or 0 for asset in played if asset is not None)
    papers = [line.asset for line in lines if line.item.kind == ItemKind.DOCUMENT and line.asset is not None]
    first = next((line.item for line in lines if line.item.required), lines[0].item if lines else None)
    return CourseCard(
        course=course,
        version=version,
        duration_ms=duration,
        items=len(lines),
        cover=cover if cover is not None and cover.state == AssetState.READY else None,
        kind=first.kind if first else "",
        pages=0 if duration else sum(paper.pages or 0 for paper in papers),
    )
