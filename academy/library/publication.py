"""Publication: submit, return, approve, publish, withdraw."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg
from academy.jobs import api as jobs
from academy.library import messages, rules
from academy.library.drafts import ITEM_PARTICULARS, PARTICULARS
from academy.library.events import CoursePublished, CourseReturned, CourseSubmitted, CourseWithdrawn
from academy.library.models import Course, CourseItem, CourseState, Review
from academy.library.queries import items_of
from academy.library.rules import CourseVerb
from academy.library.transitions import lock, move, must_be_author
from academy.media import api as media


def missing_parts(tx: Tx, course: Course) -> list[Message]:
    """What is missing before the course can be submitted, as sentences."""
    items = tx.scalars(
        select(CourseItem)
        .where(CourseItem.course_id == course.id, CourseItem.removed_at.is_(None))
        .order_by(CourseItem.position)
        .options(joinedload(CourseItem.asset))
    )
    states = [
        rules.ItemState(item.title, item.asset.state if item.asset else None, item.kind, item.required)
        for item in items
    ]
    return rules.missing(title=course.title, summary=course.summary, items=states)


def submit_course(tx: Tx, actor: Actor, course: Course) -> None:
    """Submit the course for review.

    Raises:
        Invalid: something is missing; the message lists it.
        Conflict: it is submitted already.
    """
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.SUBMIT)
    wants = missing_parts(tx, course)
    if wants:
        raise Invalid(fields={f"missing_{place}": want for place, want in enumerate(wants)})
    course.submitted_at = clock.now()
    record(tx, actor, "course.submitted", f"course:{course.public_id}", revision=course.revision)
    jobs.publish(tx, CourseSubmitted(course.id))
    messages.notify_reviewers(tx, course)


def return_course(tx: Tx, actor: Actor, course: Course, *, comment: str, seen: int | None = None) -> Review:
    """Return the course to its author with a comment.

    Raises:
        Invalid: there is no comment.
        Conflict: someone decided first, or the author changed it since it was read.
    """
    text = rules.clean(comment)
    if not text:
        raise Invalid(fields={"comment": msg("请写明需要修改的地方。")})
    move(tx, actor, course, CourseVerb.RETURN, seen=seen)
    review = _decide(tx, actor, course, "returned", text)
    jobs.publish(tx, CourseReturned(course.id))
    messages.notify_author(tx, course, "returned", msg("《%(title)s》被退回修改，请看审阅意见。", title=course.title))
    return review


def approve_course(tx: Tx, actor: Actor, course: Course, *, comment: str = "", seen: int | None = None) -> Review:
    """Approve the course as it was read. Nobody approves their own.

    Raises:
        Conflict: someone decided first, or the author changed it since it was read.
        Forbidden: it is the actor's own, or out of scope.
    """
    move(tx, actor, course, CourseVerb.APPROVE, seen=seen)
    review = _decide(tx, actor, course, "approved", rules.clean(comment))
    messages.notify_author(tx, course, "approved", msg("《%(title)s》已通过审阅。", title=course.title))
    return review


def publish_course(tx: Tx, actor: Actor, course: Course) -> Course:
    """Publish an approved course; a revision replaces its original.

    Returns the course that members see.

    Raises:
        Conflict: it has not been approved, or its original is no longer published.
    """
    move(tx, actor, course, CourseVerb.PUBLISH)
    shown = _merge(tx, course) if course.revises_id is not None else course
    now = clock.now()
    if shown.content_since is None or shown.version != shown.published_version:
        shown.content_since = now
    shown.published_at = shown.published_at or now
    shown.published_version, shown.updated_at, shown.withdrawn_at = shown.version, now, None
    _on_the_shelf(tx, actor, shown)
    _publish_event(tx, shown)
    return shown


def withdraw_course(tx: Tx, actor: Actor, course: Course, *, reason: str = "") -> None:
    """Withdraw a course from members at once: page, playlist, search, leases."""
    move(tx, actor, course, CourseVerb.WITHDRAW)
    course.withdrawn_at = clock.now()
    record(tx, actor, "course.withdrawn", f"course:{course.public_id}", reason=rules.clean(reason)[:200])
    for item in items_of(tx, course):
        if item.asset is not None:
            media.revoke_links(tx, actor, item.asset)
    jobs.publish(tx, CourseWithdrawn(course.id))
    if course.created_by != actor.account_id:
        messages.notify_author(tx, course, "withdrawn", msg("《%(title)s》已下架。", title=course.title))


def republish_course(tx: Tx, actor: Actor, course: Course) -> None:
    """Undo a withdrawal; by a reviewer only.

    Raises:
        Conflict: the author has changed it since; then it is a draft, to be reviewed again.
    """
    move(tx, actor, course, CourseVerb.REPUBLISH)
    course.withdrawn_at = None
    _on_the_shelf(tx, actor, course)
    if course.created_by != actor.account_id:
        _publish_event(tx, course)


def _publish_event(tx: Tx, course: Course) -> None:
    messages.notify_author(tx, course, "published", msg("《%(title)s》已发布，党员现在就能看到。", title=course.title))


def _on_the_shelf(tx: Tx, actor: Actor, course: Course) -> None:
    record(tx, actor, "course.published", f"course:{course.public_id}", version=course.version)
    tx.flush()
    jobs.publish(tx, CoursePublished(course.id))


def _decide(tx: Tx, actor: Actor, course: Course, decision: str, comment: str) -> Review:
    if len(comment) > rules.COMMENT_LENGTH:
        raise Invalid(fields={"comment": msg("意见不超过 %(most)s 个字。", most=rules.COMMENT_LENGTH)})
    assert actor.account_id is not None  # `move` admits only reviewers
    review = Review(
        course_id=course.id,
        course_version=course.version,
        course_revision=course.revision,
        author_id=course.created_by,
        reviewer_id=actor.account_id,
        decision=decision,
        comment=comment,
    )
    tx.add(review)
    tx.flush()
    record(tx, actor, f"course.{decision}", f"course:{course.public_id}", revision=course.revision)
    return review


def _merge(tx: Tx, draft: Course) -> Course:
    """Merge an approved revision into its original, item by item, so that links and records stay valid."""
    course = tx.get_one(Course, draft.revises_id)
    lock(tx, course)
    if course.state != CourseState.PUBLISHED:
        raise Conflict(msg("原课程已不在架上，修订稿不能发布。"))
    if course.threshold_permille != draft.threshold_permille:
        course.content_since = None
    for name in PARTICULARS:
        setattr(course, name, getattr(draft, name))
    changed = _merge_items(tx, course, draft)
    if changed:
        course.version = rules.next_version(course.version, course.published_version)
    course.revision += 1
    draft.state = CourseState.MERGED
    tx.flush()
    tx.expire(course, ["items", "category", "lecturer"])
    return course


def _merge_items(tx: Tx, course: Course, draft: Course) -> bool:
    """Merge the items; whether any content differs afterwards."""
    old = {item.id: item for item in items_of(tx, course)}
    new = items_of(tx, draft)
    kept = {item.origin_id for item in new if item.origin_id in old}
    changed = False
    for item in old.values():
        if item.id not in kept:
            item.removed_at, changed = clock.now(), True
        item.position = None
    tx.flush()
    for place, item in enumerate(new, 1):
        own = old.get(item.origin_id or 0)
        if own is None:
            own, changed = CourseItem(course_id=course.id), True
            tx.add(own)
        elif own.version != item.version or own.required != item.required:
            changed = True
        for name in ITEM_PARTICULARS:
            setattr(own, name, getattr(item, name))
        own.position = place
    tx.flush()
    return changed
