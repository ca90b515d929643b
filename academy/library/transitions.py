"""State changes of a course and its version in work, under a lock on the course: the only place that makes them."""

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden
from academy.core.i18n import Message, msg
from academy.library import access, rules, versions
from academy.library.kinds import CourseState, VersionState
from academy.library.models import Course, CourseVersion
from academy.library.rules import CourseStanding, CourseVerb

COURSE_STATES: dict[CourseState, Message] = {
    CourseState.DRAFT: msg("草稿"),
    CourseState.SUBMITTED: msg("待审阅"),
    CourseState.RETURNED: msg("已退回"),
    CourseState.APPROVED: msg("已通过"),
    CourseState.PUBLISHED: msg("已发布"),
    CourseState.WITHDRAWN: msg("已下架"),
    CourseState.DISCARDED: msg("已删除"),
}


def standing_of(course: Course) -> CourseStanding:
    """Where the course stands, for the rules."""
    return CourseStanding(
        draft=VersionState(course.draft.state) if course.draft else None,
        is_published=course.published_version_id is not None,
        is_withdrawn=course.withdrawn_at is not None,
    )


def offered_verbs(course: Course, *, is_author: bool, is_reviewer: bool) -> frozenset[CourseVerb]:
    """Every verb that is both possible now and allowed to this person: the page's buttons."""
    return rules.offered_verbs(standing_of(course), is_author=is_author, is_reviewer=is_reviewer)


def lock(tx: Tx, course: Course) -> None:
    """Lock this course's row and read its current values, and those of its version in work.

    On PostgreSQL this is a row lock; on SQLite the write transaction itself is the lock.
    """
    tx.flush()
    tx.refresh(course, with_for_update={"of": Course})
    if course.draft is not None:
        tx.refresh(course.draft)


def move(tx: Tx, actor: Actor, course: Course, verb: CourseVerb, *, seen: int | None = None) -> CourseStanding:
    """Check that the verb is possible and this person's, and change the state of the version in work by it; returns
    where the course is to stand. What else the verb changes is the caller's.

    `seen` is the number of the author's edit that the decider read.

    Raises:
        Conflict: its state does not allow the verb, or it has changed since it was read.
        Forbidden: not for this person.
    """
    lock(tx, course)
    mine = course.created_by == actor.account_id
    if not rules.may(verb, is_author=mine, is_reviewer=access.reviews(actor, course)):
        raise Forbidden(f"course:{course.public_id}")
    target = rules.after(verb, standing_of(course))
    if seen is not None and (course.draft is None or seen != course.draft.edit_number):
        raise Conflict(msg("课程内容刚刚有修改，请重新查看后再决定。"))
    if target is None:
        raise Conflict(_why_not(verb, course))
    if course.draft is not None and target.draft is not None:
        course.draft.state = target.draft
    return target


def must_be_author(actor: Actor, course: Course) -> None:
    """Raises Forbidden for everybody else."""
    if actor.account_id is None or course.created_by != actor.account_id:
        raise Forbidden(f"course:{course.public_id}")


def _why_not(verb: CourseVerb, course: Course) -> Message:
    if verb is CourseVerb.EDIT and course.state is CourseState.PUBLISHED:
        return msg("课程已经发布。请建立修订稿，审阅通过后会替换现在的内容。")
    if verb in {CourseVerb.APPROVE, CourseVerb.RETURN}:
        return msg("这门课程已经有人处理过了，请刷新查看。")
    if verb is CourseVerb.DISCARD and course.published_at is not None:
        return msg("发布过的课程要保留学习记录，不能删除。")
    return msg("课程现在的状态是“%(state)s”，不能这样做。", state=COURSE_STATES[course.state])


def reopen(tx: Tx, actor: Actor, course: Course) -> CourseVersion:
    """Before any edit: the version in work as a draft of the author, with the next edit number, which reviewers
    compare. A withdrawn course gets one."""
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.EDIT)
    draft = course.draft or versions.start_draft(tx, course)
    draft.edit_number += 1
    course.updated_at = clock.now()
    return draft
