"""Versions of courses in work: creating, changing, revising and discarding them."""

from typing import Any

from sqlalchemy import select

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Forbidden, Invalid
from academy.core.i18n import msg
from academy.core.unique import get_or_create
from academy.library import rules, versions
from academy.library.kinds import VersionState
from academy.library.models import Category, Course, CourseVersion, Lecturer
from academy.library.rules import CourseVerb
from academy.library.transitions import move, must_be_author, reopen
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
    credit_minutes: int | None = None,
    cover: Asset | None = None,
    organisation: Organisation | None = None,
) -> Course:
    """Create a draft. `category` is a slug; `organisation` is the actor's widest node as a trainer if not given;
    without `credit_minutes` the credit follows the length.

    Raises:
        Invalid: with a message for each field.
        Forbidden: the actor is no trainer of that node.
    """
    node = organisation or _node_of(tx, actor)
    if actor.account_id is None or not actor.may(node.path, Role.TRAINER):
        raise Forbidden(f"organisation:{node.public_id}")
    course = Course(organisation_id=node.id, created_by=actor.account_id)
    draft = CourseVersion(course=course)
    _fill(
        tx,
        draft,
        title=title,
        summary=summary,
        category=category,
        lecturer=lecturer,
        office=office,
        is_leader=is_leader,
        threshold_permille=threshold_permille,
        credit_minutes=credit_minutes,
    )
    draft.cover_asset_id = _own_cover(actor, cover)
    tx.add(draft)
    course.draft = draft
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
    credit_minutes: int | None = None,
    cover: Asset | None = UNCHANGED,
) -> None:
    """Change the fields of the version in work; re-opens it as a draft.

    Raises:
        Invalid: with a message for each field.
        Conflict: it is published; `revise_course` it.
    """
    draft = reopen(tx, actor, course)
    _fill(
        tx,
        draft,
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
        draft.cover_asset_id = _own_cover(actor, cover)
    record(tx, actor, "course.edited", f"course:{course.public_id}", edit=draft.edit_number)


def set_cover(tx: Tx, actor: Actor, course: Course, cover: Asset | None) -> None:
    """Set or remove the cover; without one the first video's poster is shown."""
    reopen(tx, actor, course).cover_asset_id = _own_cover(actor, cover)
    record(tx, actor, "course.cover_changed", f"course:{course.public_id}")


def revise_course(tx: Tx, actor: Actor, course: Course) -> CourseVersion:
    """Start a version that will replace the published one; returns the one in work, if there is one.

    Raises:
        Conflict: the course is not published.
    """
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.REVISE)
    if course.draft is not None:
        return course.draft
    draft = versions.start_draft(tx, course)
    course.updated_at = clock.now()
    record(tx, actor, "course.revision_opened", f"course:{course.public_id}", version=draft.number)
    return draft


def discard_draft(tx: Tx, actor: Actor, course: Course) -> None:
    """Discard the version in work; a course that was never published goes with it.

    Raises:
        Conflict: it is in review, or nothing is in work.
    """
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.DISCARD)
    draft = course.draft
    assert draft is not None  # `move` admits nothing else
    draft.state, course.draft, course.updated_at = VersionState.DISCARDED, None, clock.now()
    tx.flush()
    record(tx, actor, "course.discarded", f"course:{course.public_id}", version=draft.number)


def _node_of(tx: Tx, actor: Actor) -> Organisation:
    scopes = sorted((s for s in actor.scopes if s.role == Role.TRAINER), key=lambda s: (len(s.path), s.path))
    if not scopes:
        raise Forbidden("course:new")
    return tx.get_one(Organisation, scopes[0].organisation_id)


def _fill(
    tx: Tx, draft: CourseVersion, *, category: str, lecturer: str, office: str, is_leader: bool, **values: Any
) -> None:
    texts: dict[str, Any] = {name: rules.clean(values[name]) for name in ("title", "summary")}
    lecturer, office = rules.clean(lecturer), rules.clean(office)
    chosen = values["credit_minutes"]
    figures = {
        "threshold_permille": values["threshold_permille"],
        "credit_minutes": versions.DEFAULT_CREDIT if chosen is None else chosen,
    }
    wrong = rules.check_fields(lecturer=lecturer, office=office, **texts, **figures)
    shelf = tx.scalar(select(Category).where(Category.slug == category))
    if shelf is None:
        wrong["category"] = msg("请选择分类。")
    if wrong or shelf is None:
        raise Invalid(fields=wrong)
    for name, value in (texts | figures).items():
        setattr(draft, name, value)
    draft.credit_chosen = chosen is not None
    if draft.id is not None:
        versions.set_proposed_credit(tx, draft)
    draft.category = shelf
    draft.lecturer = find_lecturer(tx, lecturer, office, is_leader=is_leader) if lecturer else None


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
