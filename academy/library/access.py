"""Access to courses. Ids from users are resolved only here."""

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.library.kinds import CourseState
from academy.library.models import Course, CourseItem, CourseVersion, ItemVersion
from academy.library.versions import edited

UNSEEN = {CourseState.DRAFT, CourseState.DISCARDED}
"""States hidden from reviewers: drafts in work, and discarded ones."""


def access_published_course(tx: Tx, actor: Actor, public_id: str) -> Course:
    """A published course, for anybody signed in.

    Raises:
        NotFound: there is no such course, or it was withdrawn.
        Forbidden: it has never been published.
    """
    course = _course(tx, public_id)
    if course.is_published:
        return course
    if course.published_at is not None:
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
    if course.state == CourseState.DISCARDED:
        raise NotFound
    return course


def access_course_for_review(tx: Tx, actor: Actor, public_id: str) -> Course:
    """A course within the reviewer's scope that was submitted or published.

    Raises:
        NotFound: there is no such course.
        Forbidden: it is a draft, or out of scope.
    """
    course = _course(tx, public_id)
    if (course.published_version_id is None and course.state in UNSEEN) or not reviews(actor, course):
        raise Forbidden(f"course:{public_id}")
    return course


def reviewed_version(course: Course) -> CourseVersion:
    """The version that a reviewer is shown: the one in work once it was submitted, else the published one."""
    if course.draft is not None and course.draft.state not in UNSEEN:
        return course.draft
    return course.shown


def access_item_for_member(tx: Tx, actor: Actor, item_public_id: str) -> ItemVersion:
    """An item of a published course, as members see it.

    Raises:
        NotFound: there is no such item any more, or its course was withdrawn.
        Forbidden: its course has never been published.
    """
    row = tx.execute(
        select(Course, ItemVersion)
        .join(CourseItem, CourseItem.course_id == Course.id)
        .outerjoin(
            ItemVersion,
            (ItemVersion.course_version_id == Course.published_version_id) & (ItemVersion.item_id == CourseItem.id),
        )
        .where(CourseItem.public_id == item_public_id)
        .options(
            contains_eager(ItemVersion.item).contains_eager(CourseItem.course),
            joinedload(ItemVersion.asset),
            joinedload(Course.published).joinedload(CourseVersion.lecturer),
        )
    ).first()
    if row is None:
        raise NotFound
    course, item = row
    if course.published_at is None:
        raise Forbidden(f"course:{course.public_id}")
    if not course.is_published or item is None:
        raise NotFound
    found: ItemVersion = item
    return found


def access_own_item(tx: Tx, actor: Actor, course: Course, item_public_id: str) -> ItemVersion:
    """An item of a course that was accessed already, in its version in work, else in the published one.

    Raises:
        NotFound: it is not an item of that version.
    """
    item = tx.scalar(
        select(ItemVersion)
        .join(CourseItem, CourseItem.id == ItemVersion.item_id)
        .where(ItemVersion.course_version_id == edited(course).id, CourseItem.public_id == item_public_id)
        .options(joinedload(ItemVersion.asset))
    )
    if item is None:
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
        .options(*(joinedload(pointer).joinedload(part) for pointer in _VERSIONS for part in _PARTS))
        .options(joinedload(Course.organisation))
    )
    if course is None:
        raise NotFound
    return course


_VERSIONS = (Course.published, Course.draft)
_PARTS = (CourseVersion.category, CourseVersion.lecturer)
