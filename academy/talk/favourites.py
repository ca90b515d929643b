"""A person's own list of courses."""

from sqlalchemy import delete, select

from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden
from academy.core.i18n import msg
from academy.core.paging import Page, page_of
from academy.core.unique import get_or_create
from academy.library import api as library
from academy.library.api import CourseCard
from academy.library.models import Course
from academy.talk.models import Favourite

SIZE = 24
MOST = 1000


def mark_favourite(tx: Tx, actor: Actor, course: Course) -> None:
    """Put a course on one's own list; twice is once.

    Raises:
        Conflict: the list is full.
    """
    if actor.account_id is None:
        raise Forbidden(f"course:{course.public_id}")
    if favourites_held(tx, actor) >= MOST:
        raise Conflict(msg("收藏的课程太多了，请先去掉一些。"))
    get_or_create(tx, Favourite, {"account_id": actor.account_id, "course_id": course.id})


def unmark_favourite(tx: Tx, actor: Actor, course: Course) -> None:
    """Take a course off one's own list."""
    tx.execute(delete(Favourite).where(Favourite.account_id == actor.account_id, Favourite.course_id == course.id))


def is_favourite(tx: Tx, actor: Actor, course: Course) -> bool:
    """Whether a course is on one's own list."""
    return tx.get(Favourite, (actor.account_id or 0, course.id)) is not None


def favourites_held(tx: Tx, actor: Actor) -> int:
    """How many courses are on one's own list, withdrawn ones included."""
    mine = select(Favourite.course_id).where(Favourite.account_id == actor.account_id)
    return len(tx.scalars(mine.limit(MOST)).all())


def favourite_cards(tx: Tx, actor: Actor, number: int = 1, size: int = SIZE) -> Page[CourseCard]:
    """One's own list, the newest first; courses that were withdrawn are left out, and are back when they are."""
    mine = (
        select(Favourite.course_id)
        .join(Course, Course.id == Favourite.course_id)
        .where(Favourite.account_id == actor.account_id, Course.is_published)
        .order_by(Favourite.created_at.desc(), Favourite.course_id.desc())
    )
    page = page_of(tx, mine, number, size)
    cards = library.course_cards(tx, page.rows) if page.rows else {}
    return Page([cards[course] for course in page.rows if course in cards], page.total, page.number, page.size)
