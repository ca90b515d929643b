"""Access to courses. Ids from users are resolved only here."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.library.models import Course, CourseItem, CourseState

# States hidden from reviewers: drafts in work, and discarded ones.
UNSEEN = {CourseState.DRAFT, CourseState.MERGED, CourseState.DISCARDED}


def access_published_course(tx: Tx, actor: Actor, public_id: str) -> Course:
    """A published course, for anybody signed in.

    Raises:
        NotFound: there is no such course, or it was withdrawn.
        Forbidden: it has never been published.
    """
    course = _course(tx, public_id)
    if course.state == CourseState.PUBLISHED:
        return course
    if course.published_version is not None:
        raise NotFound
    raise Forbidden(f"course:{public_id}")


def access_own_course(tx: Tx, actor: Actor, public_id: str) -> Course:
    """A course that the actor created, while holding the trainer role.

    Raises:
        NotFound: there is no such course, or it was discarded.
        Forbidden: it is someone else's.
    """
    course = _course(tx, public_id)
    if course.created_by != actor.account_id or not actor.has(Role.TRAINER):
        raise Forbidden(f"course:{public_id}")
    if course.state in {CourseState.MERGED, CourseState.DISCARDED}:
        raise NotFound
    return course


def access_course_for_review(tx: Tx, actor: Actor, public_id: str) -> Course:
    """A submitted course within the reviewer's scope.

    Raises:
        NotFound: there is no such course.
        Forbidden: it is a draft, or out of scope.
    """
    course = _course(tx, public_id)
    if course.state in UNSEEN or not reviews(actor, course):
        raise Forbidden(f"course:{public_id}")
    return course


def access_item_for_member(tx: Tx, actor: Actor, item_public_id: str) -> CourseItem:
    """An item of a published course.

    Raises:
        NotFound: there is no such item, or its course was withdrawn.
        Forbidden: its course has never been published.
    """
    item = _item(tx, item_public_id)
    access_published_course(tx, actor, item.course.public_id)
    return item


def access_own_item(tx: Tx, actor: Actor, course: Course, item_public_id: str) -> CourseItem:
    """An item of a course that was accessed already.

    Raises:
        NotFound: it is not an item of that course.
    """
    item = _item(tx, item_public_id)
    if item.course_id != course.id:
        raise NotFound
    return item


def reviews(actor: Actor, course: Course) -> bool:
    """Whether the course lies within the actor's scope as a reviewer."""
    return actor.may(course.organisation.path, Role.REVIEWER)


def may_keep_shelves(actor: Actor) -> bool:
    """Whether the actor manages categories: administrators of the whole tree, because all organisations use them."""
    roles = (Role.NODE_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR)
    return actor.is_system or any(path.count("/") == 2 for path in actor.paths(*roles))


def require_shelf_keeper(actor: Actor) -> None:
    """Raises Forbidden for everybody who does not manage categories."""
    if not may_keep_shelves(actor):
        raise Forbidden("categories:all")


def _course(tx: Tx, public_id: str) -> Course:
    course = tx.scalar(
        select(Course)
        .where(Course.public_id == public_id)
        .options(joinedload(Course.category), joinedload(Course.lecturer), joinedload(Course.organisation))
    )
    if course is None:
        raise NotFound
    return course


def _item(tx: Tx, public_id: str) -> CourseItem:
    item = tx.scalar(
        select(CourseItem)
        .where(CourseItem.public_id == public_id, CourseItem.removed_at.is_(None))
        .options(joinedload(CourseItem.course), joinedload(CourseItem.asset))
    )
    if item is None:
        raise NotFound
    return item
