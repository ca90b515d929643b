"""Drafts of courses: creating, changing, revising and discarding them."""

from typing import Any

from sqlalchemy import select

from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.unique import get_or_create
from academy.library import queries, rules
from academy.library.models import Category, Course, CourseItem, Lecturer
from academy.library.rules import CourseVerb
from academy.library.transitions import lock, move, must_be_author, reopen
from academy.media.api import Asset
from academy.people.models import Organisation

UNCHANGED: Any = object()


def create_course(
    tx: Tx,
    actor: Actor,
    *,
    title: str,
    category: str,
    summary: str = "",
    lecturer: str = "",
    office: str = "",
    is_leader: bool = False,
    threshold_permille: int = 950,
    credit_minutes: int = 45,
    cover: Asset | None = None,
    organisation: Organisation | None = None,
) -> Course:
    """Create a draft. `category` is a slug; `organisation` is the actor's widest node as a trainer if not given.

    Raises:
        Invalid: with a message for each field.
        Forbidden: the actor is no trainer of that node.
    """
    node = organisation or _node_of(tx, actor)
    if actor.account_id is None or not actor.may(node.path, Role.TRAINER):
        raise Forbidden(f"organisation:{node.public_id}")
    course = Course(organisation_id=node.id, created_by=actor.account_id)
    _fill(
        tx,
        course,
        title=title,
        summary=summary,
        category=category,
        lecturer=lecturer,
        office=office,
        is_leader=is_leader,
        threshold_permille=threshold_permille,
        credit_minutes=credit_minutes,
    )
    course.cover_asset_id = _own_cover(actor, cover)
    tx.add(course)
    tx.flush()
    record(tx, actor, "course.created", f"course:{course.public_id}", organisation=node.public_id)
    return course


def edit_course(
    tx: Tx,
    actor: Actor,
    course: Course,
    *,
    title: str,
    category: str,
    summary: str = "",
    lecturer: str = "",
    office: str = "",
    is_leader: bool = False,
    threshold_permille: int = 950,
    credit_minutes: int = 45,
    cover: Asset | None = UNCHANGED,
) -> None:
    """Change a course's fields; re-opens it as a draft. The version stays.

    Raises:
        Invalid: with a message for each field.
        Conflict: it is published; `revise_course` it.
    """
    reopen(tx, actor, course)
    _fill(
        tx,
        course,
        title=title,
        summary=summary,
        category=category,
        lecturer=lecturer,
        office=office,
        is_leader=is_leader,
        threshold_permille=threshold_permille,
        credit_minutes=credit_minutes,
    )
    if cover is not UNCHANGED:
        course.cover_asset_id = _own_cover(actor, cover)
    record(tx, actor, "course.edited", f"course:{course.public_id}", revision=course.revision)


def set_cover(tx: Tx, actor: Actor, course: Course, cover: Asset | None) -> None:
    """Set or remove the cover; without one the first video's poster is shown."""
    reopen(tx, actor, course)
    course.cover_asset_id = _own_cover(actor, cover)
    record(tx, actor, "course.cover_changed", f"course:{course.public_id}")


def revise_course(tx: Tx, actor: Actor, course: Course) -> Course:
    """Create a draft that will replace a published course; returns the open one, if there is one.

    Raises:
        Conflict: the course is not published.
    """
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.REVISE)
    found = queries.open_revision(tx, course)
    if found is not None:
        return found
    draft = Course(
        revises_id=course.id,
        created_by=course.created_by,
        organisation_id=course.organisation_id,
        **{name: getattr(course, name) for name in PARTICULARS},
    )
    tx.add(draft)
    tx.flush()
    for item in queries.items_of(tx, course):
        tx.add(
            CourseItem(
                course_id=draft.id,
                origin_id=item.id,
                position=item.position,
                **{name: getattr(item, name) for name in ITEM_PARTICULARS},
            )
        )
    tx.flush()
    record(tx, actor, "course.revision_opened", f"course:{course.public_id}", draft=draft.public_id)
    return draft


def discard_course(tx: Tx, actor: Actor, course: Course) -> None:
    """Discard a draft that was never published.

    Raises:
        Conflict: it was published before, or is in review.
    """
    must_be_author(actor, course)
    lock(tx, course)
    if course.published_version is not None:
        raise Conflict(msg("发布过的课程要保留学习记录，不能删除。"))
    move(tx, actor, course, CourseVerb.DISCARD)
    record(tx, actor, "course.discarded", f"course:{course.public_id}")


PARTICULARS = (
    "title",
    "summary",
    "category_id",
    "lecturer_id",
    "cover_asset_id",
    "threshold_permille",
    "credit_minutes",
)
ITEM_PARTICULARS = ("kind", "title", "asset_id", "required", "version")


def _node_of(tx: Tx, actor: Actor) -> Organisation:
    scopes = sorted((s for s in actor.scopes if s.role == Role.TRAINER), key=lambda s: (len(s.path), s.path))
    if not scopes:
        raise Forbidden("course:new")
    return tx.get_one(Organisation, scopes[0].organisation_id)


def _fill(tx: Tx, course: Course, *, category: str, lecturer: str, office: str, is_leader: bool, **values: Any) -> None:
    texts: dict[str, Any] = {name: rules.clean(values[name]) for name in ("title", "summary")}
    lecturer, office = rules.clean(lecturer), rules.clean(office)
    figures = {name: values[name] for name in ("threshold_permille", "credit_minutes")}
    wrong = rules.check_fields(lecturer=lecturer, office=office, **texts, **figures)
    shelf = tx.scalar(select(Category).where(Category.slug == category))
    if shelf is None:
        wrong["category"] = msg("请选择分类。")
    if wrong or shelf is None:
        raise Invalid(fields=wrong)
    if course.threshold_permille != figures["threshold_permille"]:
        course.content_since = None  # set again when it is published
    for name, value in (texts | figures).items():
        setattr(course, name, value)
    course.category = shelf
    course.lecturer = find_lecturer(tx, lecturer, office, is_leader=is_leader) if lecturer else None


def find_lecturer(tx: Tx, name: str, office: str, *, is_leader: bool) -> Lecturer:
    """The lecturer of that name and office; created on first use. The leader mark is never removed."""
    found, is_new = get_or_create(tx, Lecturer, {"name": name, "office": office}, is_leader=is_leader)
    if is_leader and not is_new:
        found.is_leader = True
    return found


def _own_cover(actor: Actor, cover: Asset | None) -> int | None:
    if cover is None:
        return None
    if cover.account_id != actor.account_id:
        raise Forbidden(f"asset:{cover.public_id}")
    if cover.kind != "image":
        raise Invalid(fields={"cover": msg("封面请用图片文件。")})
    return cover.id
