"""State changes of a course, under a lock on its row: the only place that makes them."""

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden
from academy.core.i18n import Message, msg
from academy.library import access, rules
from academy.library.models import Course, CourseState
from academy.library.rules import CourseVerb

COURSE_STATES: dict[CourseState, Message] = {
    CourseState.DRAFT: msg("草稿"),
    CourseState.SUBMITTED: msg("待审阅"),
    CourseState.RETURNED: msg("已退回"),
    CourseState.APPROVED: msg("已通过"),
    CourseState.PUBLISHED: msg("已发布"),
    CourseState.WITHDRAWN: msg("已下架"),
    CourseState.MERGED: msg("已并入"),
    CourseState.DISCARDED: msg("已删除"),
}


def lock(tx: Tx, course: Course) -> None:
    """Lock this course's row and read its current values.

    On PostgreSQL this is a row lock; on SQLite the write transaction itself is the lock.
    """
    tx.flush()
    tx.refresh(course, with_for_update={"of": Course})


def move(tx: Tx, actor: Actor, course: Course, verb: CourseVerb, *, seen: int | None = None) -> CourseState:
    """Change the course's state by the verb; returns the state before.

    `seen` is the revision that the decider read.

    Raises:
        Conflict: its state does not allow the verb, or it has changed since it was read.
        Forbidden: not for this person.
    """
    lock(tx, course)
    mine = course.created_by == actor.account_id
    if not rules.may(verb, is_author=mine, is_reviewer=access.reviews(actor, course)):
        raise Forbidden(f"course:{course.public_id}")
    was = CourseState(course.state)
    target = rules.after(verb, was)
    if seen is not None and seen != course.revision:
        raise Conflict(msg("课程内容刚刚有修改，请重新查看后再决定。"))
    if target is None:
        raise Conflict(_why_not(verb, was))
    course.state = target
    return was


def must_be_author(actor: Actor, course: Course) -> None:
    """Raises Forbidden for everybody else."""
    if actor.account_id is None or course.created_by != actor.account_id:
        raise Forbidden(f"course:{course.public_id}")


def _why_not(verb: CourseVerb, was: CourseState) -> Message:
    if verb is CourseVerb.EDIT and was is CourseState.PUBLISHED:
        return msg("课程已经发布。请建立修订稿，审阅通过后会替换现在的内容。")
    if verb in {CourseVerb.APPROVE, CourseVerb.RETURN}:
        return msg("这门课程已经有人处理过了，请刷新查看。")
    return msg("课程现在的状态是“%(state)s”，不能这样做。", state=COURSE_STATES[was])


def reopen(tx: Tx, actor: Actor, course: Course) -> None:
    """Before any edit: re-open as a draft of the author and raise the revision, which reviewers compare."""
    must_be_author(actor, course)
    move(tx, actor, course, CourseVerb.EDIT)
    course.revision += 1
    course.updated_at = clock.now()
