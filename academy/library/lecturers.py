"""Lecturers as members see them: a page each with portrait, biography and published lectures."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.library import access, queries, rules
from academy.library.models import Course, CourseVersion, Lecturer
from academy.media.api import AssetState
from academy.media.models import Asset

BIOGRAPHY_LENGTH = 600
SIZE = 24


@dataclass(frozen=True)
class LecturerCard:
    """A lecturer in a list."""

    lecturer: Lecturer
    courses: int
    """Published ones."""
    portrait: Asset | None
    """None where there is no picture yet: one is drawn."""


@dataclass(frozen=True)
class LecturerPage:
    """Data of a lecturer's page."""

    card: LecturerCard
    courses: Page[queries.CourseCard]


def access_lecturer(tx: Tx, actor: Actor, public_id: str) -> Lecturer:
    """A lecturer with published courses, for anybody signed in; any lecturer, for those who manage categories.

    Raises:
        NotFound: there is no such lecturer, or nothing of theirs is published.
    """
    row = tx.scalar(select(Lecturer).where(Lecturer.public_id == public_id))
    if row is None or not (access.may_keep_shelves(actor) or _counts(tx, [row.id])):
        raise NotFound
    return row


def list_lecturers(tx: Tx, page: int = 1, *, size: int = SIZE) -> Page[LecturerCard]:
    """Lecturers with published courses: leaders first, then by their newest lecture. Four queries a page."""
    newest = (
        select(CourseVersion.lecturer_id, func.max(Course.published_at).label("newest"))
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(Course.is_published, CourseVersion.lecturer_id.is_not(None))
        .group_by(CourseVersion.lecturer_id)
        .subquery()
    )
    statement = (
        select(Lecturer)
        .join(newest, newest.c.lecturer_id == Lecturer.id)
        .order_by(Lecturer.is_leader.desc(), newest.c.newest.desc(), Lecturer.id)
    )
    found = page_of(tx, statement, page, size)
    return Page(lecturer_cards(tx, found.rows), found.total, found.number, found.size)


def find_lecturers(tx: Tx, text: str, page: int = 1, size: int = SIZE) -> Page[LecturerCard]:
    """Lecturers whose name or office has a text, whether anything of theirs is published or not; by name."""
    named = or_(Lecturer.name.contains(text, autoescape=True), Lecturer.office.contains(text, autoescape=True))
    found = page_of(tx, select(Lecturer).where(named).order_by(Lecturer.name, Lecturer.id), page, size)
    return Page(lecturer_cards(tx, found.rows), found.total, found.number, found.size)


def lecturer_page(tx: Tx, lecturer: Lecturer, page: int = 1) -> LecturerPage:
    """A lecturer with a page of published courses, newest first."""
    return LecturerPage(lecturer_cards(tx, [lecturer])[0], queries.list_published(tx, page=page, lecturer=lecturer))


def lecturer_cards(tx: Tx, lecturers: Sequence[Lecturer]) -> list[LecturerCard]:
    """Lecturers with the number of their published courses and their portraits: two queries for all of them."""
    counts = _counts(tx, [row.id for row in lecturers])
    wanted = {row.portrait_asset_id for row in lecturers if row.portrait_asset_id}
    ready = select(Asset).where(Asset.id.in_(wanted), Asset.state == AssetState.READY)
    portraits = {asset.id: asset for asset in tx.scalars(ready)} if wanted else {}
    return [LecturerCard(row, counts.get(row.id, 0), portraits.get(row.portrait_asset_id or 0)) for row in lecturers]


def update_lecturer(tx: Tx, actor: Actor, lecturer: Lecturer, *, biography: str) -> None:
    """Change what the page says about a lecturer.

    Raises:
        Invalid: the text is too long.
        Forbidden: the actor does not manage the library.
    """
    access.require_shelf_keeper(actor)
    text = rules.clean(biography)
    if len(text) > BIOGRAPHY_LENGTH:
        raise Invalid(fields={"biography": msg("简介不超过 %(most)s 个字。", most=BIOGRAPHY_LENGTH)})
    lecturer.biography = text
    record(tx, actor, "lecturer.edited", f"lecturer:{lecturer.public_id}")


def set_portrait(tx: Tx, actor: Actor, lecturer: Lecturer, picture: Asset | None) -> None:
    """Set or remove the portrait; without one, the surname is drawn.

    Raises:
        Invalid: the file is no picture.
        Forbidden: it is somebody else's file, or the actor does not manage the library.
    """
    access.require_shelf_keeper(actor)
    if picture is not None and picture.account_id != actor.account_id:
        raise Forbidden(f"asset:{picture.public_id}")
    if picture is not None and picture.kind != "image":
        raise Invalid(fields={"portrait": msg("照片请用图片文件。")})
    lecturer.portrait_asset_id = picture.id if picture else None
    record(tx, actor, "lecturer.portrait_changed", f"lecturer:{lecturer.public_id}")


def _counts(tx: Tx, ids: Sequence[int]) -> dict[int, int]:
    query = (
        select(CourseVersion.lecturer_id, func.count())
        .join(Course, Course.published_version_id == CourseVersion.id)
        .where(CourseVersion.lecturer_id.in_(ids), Course.is_published)
        .group_by(CourseVersion.lecturer_id)
    )
    return {lecturer: count for lecturer, count in tx.execute(query) if lecturer is not None}
