"""Publication: submit, return, approve, publish, withdraw."""

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import Message, msg
from academy.jobs import api as jobs
from academy.library import messages, rules, versions
from academy.library.events import CoursePublished, CourseReturned, CourseSubmitted, CourseWithdrawn
from academy.library.models import Course, CourseVersion, Review
from academy.library.review_comments import attach_to_review
from academy.library.rules import CourseVerb
from academy.library.transitions import lock, move, must_be_author, standing_of
from academy.media import api as media


def missing_parts(tx: Tx, version: CourseVersion) -> list[Message]:
    """What is missing before a version can be submitted, as sentences."""
    states = versions.item_states(versions.items_with_files(tx, version))
    return rules.missing(title=version.title, summary=version.summary, items=states)


def submit_course(tx: Tx, actor: Actor, course: Course) -> None:
    """Submit the version in work for review.

    Raises:
        Invalid: something is missing; the message lists it.
        Conflict: it is submitted already.
    """
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.SUBMIT)
    draft = _draft(course)
    wants = missing_parts(tx, draft)
    if wants:
        raise Invalid(fields={f"missing_{place}": want for place, want in enumerate(wants)})
    draft.submitted_at = clock.now()
    versions.set_proposed_credit(tx, draft)
    record(tx, actor, "course.submitted", f"course:{course.public_id}", edit=draft.edit_number)
    jobs.publish(tx, CourseSubmitted(course.id))
    messages.notify_reviewers(tx, course)


def return_course(tx: Tx, actor: Actor, course: Course, *, comment: str, seen: int | None = None) -> Review:
    """Return the version in work to its author with a comment.

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
    messages.notify_author(
        tx, course, "returned", msg("《%(title)s》被退回修改，请看审阅意见。", title=_draft(course).title)
    )
    return review


def approve_course(tx: Tx, actor: Actor, course: Course, *, comment: str = "", seen: int | None = None) -> Review:
    """Approve the course as it was read. Nobody approves their own.

    Raises:
        Conflict: someone decided first, or the author changed it since it was read.
        Forbidden: it is the actor's own, or out of scope.
    """
    move(tx, actor, course, CourseVerb.APPROVE, seen=seen)
    review = _decide(tx, actor, course, "approved", rules.clean(comment))
    messages.notify_author(tx, course, "approved", msg("《%(title)s》已通过审阅。", title=_draft(course).title))
    return review


def publish_course(tx: Tx, actor: Actor, course: Course) -> None:
    """Publish the approved version: it takes the place of what members saw.

    Raises:
        Conflict: it has not been approved.
    """
    move(tx, actor, course, CourseVerb.PUBLISH)
    versions.put_on_shelf(tx, course, clock.now())
    _on_the_shelf(tx, actor, course)
    _publish_event(tx, course)


def withdraw_course(tx: Tx, actor: Actor, course: Course, *, reason: str = "") -> None:
    """Withdraw a course from members at once: page, playlist, search, leases."""
    move(tx, actor, course, CourseVerb.WITHDRAW)
    _off_the_shelf(tx, actor, course, reason)


def take_down_course(tx: Tx, actor: Actor, course: Course, *, reason: str) -> bool:
    """Withdraw a course whoever the actor is, because what it rests on has ended; the caller has checked that. Whether
    members saw it until now.

    As a withdrawal, and links to files of earlier versions end with it, too.
    """
    lock(tx, course)
    target = rules.after(CourseVerb.WITHDRAW, standing_of(course))
    if target is None:
        return False
    if course.draft is not None and target.draft is not None:
        course.draft.state = target.draft
    _off_the_shelf(tx, actor, course, reason)
    shown = {item.asset_id for item in course.shown.items}
    for asset in versions.files_of(tx, course):
        if asset.id not in shown:
            media.revoke_links(tx, actor, asset)
    return True


def _off_the_shelf(tx: Tx, actor: Actor, course: Course, reason: str) -> None:
    course.withdrawn_at = course.updated_at = clock.now()
    record(tx, actor, "course.withdrawn", f"course:{course.public_id}", reason=rules.clean(reason)[:200])
    for item in versions.items_with_files(tx, course.shown):
        if item.asset is not None:
            media.revoke_links(tx, actor, item.asset)
    jobs.publish(tx, CourseWithdrawn(course.id))
    if course.created_by != actor.account_id:
        messages.notify_author(tx, course, "withdrawn", msg("《%(title)s》已下架。", title=course.title))


def republish_course(tx: Tx, actor: Actor, course: Course) -> None:
    """Undo a withdrawal: members see the published version again. By a reviewer only."""
    move(tx, actor, course, CourseVerb.REPUBLISH)
    course.withdrawn_at = None
    course.updated_at = clock.now()
    _on_the_shelf(tx, actor, course)
    if course.created_by != actor.account_id:
        _publish_event(tx, course)


def _publish_event(tx: Tx, course: Course) -> None:
    messages.notify_author(tx, course, "published", msg("《%(title)s》已发布，党员现在就能看到。", title=course.title))


def _on_the_shelf(tx: Tx, actor: Actor, course: Course) -> None:
    record(tx, actor, "course.published", f"course:{course.public_id}", version=course.shown.content_number)
    tx.flush()
    jobs.publish(tx, CoursePublished(course.id))


def _decide(tx: Tx, actor: Actor, course: Course, decision: str, comment: str) -> Review:
    if len(comment) > rules.COMMENT_LENGTH:
        raise Invalid(fields={"comment": msg("意见不超过 %(most)s 个字。", most=rules.COMMENT_LENGTH)})
    assert actor.account_id is not None  # `move` admits only reviewers
    draft = _draft(course)
    review = Review(
        course_version_id=draft.id,
        edit_number=draft.edit_number,
        author_id=course.created_by,
        reviewer_id=actor.account_id,
        decision=decision,
        comment=comment,
    )
    tx.add(review)
    tx.flush()
    attach_to_review(tx, review)
    record(tx, actor, f"course.{decision}", f"course:{course.public_id}", edit=draft.edit_number)
    return review


def _draft(course: Course) -> CourseVersion:
    assert course.draft is not None  # `move` admits nothing without one
    return course.draft
