"""Comments pinned to a place of a lecture: a reviewer writes them, the author answers them or marks them dealt with.

They never change what a course says, so they re-open nothing; a version that is published keeps its comments as they
were.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import joinedload, selectinload

from academy.accounts import api as accounts
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Forbidden, Invalid, NotFound
from academy.core.i18n import msg
from academy.core.paging import count_of
from academy.library import access, messages, rules, transitions
from academy.library.comment_models import ReviewAnswer, ReviewComment
from academy.library.kinds import OPEN_STATES, ItemKind, VersionState
from academy.library.models import Course, CourseVersion, ItemVersion, Review

COMMENTED = (VersionState.SUBMITTED, VersionState.RETURNED, VersionState.APPROVED)
"""States of a version in which reviewers comment it: they see it, and its author has not gone on."""
COMMENTS_MOST, ANSWERS_MOST = 300, 50


@dataclass(frozen=True)
class CommentSummary:
    """A comment with the names of who wrote what."""

    comment: ReviewComment
    reviewer: str
    settler: str
    answers: Sequence[tuple[ReviewAnswer, str]]
    """Oldest first, each with its writer's name."""

    @property
    def is_open(self) -> bool:
        """Whether it still waits to be dealt with."""
        return self.comment.settled_at is None


def access_comment(tx: Tx, course: Course, public_id: str) -> ReviewComment:
    """A comment on a course that was accessed already, as its author's or for review.

    Raises:
        NotFound: it is not a comment on that course.
    """
    found = tx.scalar(
        select(ReviewComment)
        .join(CourseVersion, CourseVersion.id == ReviewComment.course_version_id)
        .where(ReviewComment.public_id == public_id, CourseVersion.course_id == course.id)
        .options(joinedload(ReviewComment.version))
    )
    if found is None:
        raise NotFound
    return found


def add_comment(tx: Tx, actor: Actor, course: Course, *, item: str, place: str, body: str) -> ReviewComment:
    """Pin a comment to a place of an item of the version under review. `place` is as typed: 3:12, or a page's number.

    Raises:
        Invalid: with a message for each field.
        Conflict: its author is changing it, or it is published.
        Forbidden: the course is one's own, or out of scope.
    """
    transitions.lock(tx, course)
    if not access.reviews(actor, course) or course.created_by == actor.account_id or actor.account_id is None:
        raise Forbidden(f"course:{course.public_id}")
    version = course.draft
    if version is None or version.state not in COMMENTED:
        raise Conflict(msg("现在不能写批注：作者正在修改，或者课程已经发布。"))
    if count_of(tx, select(ReviewComment.id).where(ReviewComment.course_version_id == version.id)) >= COMMENTS_MOST:
        raise Conflict(msg("这一版的批注已经有 %(most)s 条，请退回后再写。", most=COMMENTS_MOST))
    line = next((one for one in version.items if one.public_id == item), None)
    if line is None:
        raise NotFound
    position, text = _read(line, place, body)
    comment = ReviewComment(
        course_version_id=version.id,
        edit_number=version.edit_number,
        item_id=line.item_id,
        item_number=line.number,
        position=position,
        author_id=course.created_by,
        reviewer_id=actor.account_id,
        body=text,
    )
    tx.add(comment)
    tx.flush()
    record(tx, actor, "course.commented", f"course:{course.public_id}", comment=comment.public_id, item=item)
    messages.notify_of_comments(tx, course, version, actor.account_id)
    return comment


def answer_comment(tx: Tx, actor: Actor, course: Course, comment: ReviewComment, *, body: str) -> ReviewAnswer:
    """Write under a comment, as the author or as a reviewer.

    Raises:
        Invalid: nothing was written, or too much.
        Conflict: its version is published, or has answers enough.
        Forbidden: neither the author nor a reviewer in scope.
    """
    account_id = _take_part(tx, actor, course, comment)
    text = _text(body, "answer")
    if count_of(tx, select(ReviewAnswer.id).where(ReviewAnswer.comment_id == comment.id)) >= ANSWERS_MOST:
        raise Conflict(msg("这条批注下面写得太多了，请当面商量。"))
    answer = ReviewAnswer(comment_id=comment.id, account_id=account_id, body=text)
    tx.add(answer)
    tx.flush()
    record(tx, actor, "course.comment_answered", f"course:{course.public_id}", comment=comment.public_id)
    messages.notify_of_answer(tx, course, comment, answer)
    return answer


def settle_comment(tx: Tx, actor: Actor, course: Course, comment: ReviewComment) -> None:
    """Mark a comment as dealt with; its reviewer is notified when the last one is. Once more changes nothing.

    Raises:
        Conflict: its version is published.
        Forbidden: neither the author nor a reviewer in scope.
    """
    account_id = _take_part(tx, actor, course, comment)
    if comment.settled_at is not None:
        return
    comment.settled_at, comment.settled_by = clock.now(), account_id
    tx.flush()
    record(tx, actor, "course.comment_settled", f"course:{course.public_id}", comment=comment.public_id)
    mine = ReviewComment.reviewer_id == comment.reviewer_id
    if count_open_comments(tx, comment.version, mine) == 0 and account_id != comment.reviewer_id:
        messages.notify_of_settled(tx, course, comment)


def reopen_comment(tx: Tx, actor: Actor, course: Course, comment: ReviewComment) -> None:
    """Take back that a comment was dealt with.

    Raises:
        Conflict: its version is published.
        Forbidden: neither the author nor a reviewer in scope.
    """
    account_id = _take_part(tx, actor, course, comment)
    if comment.settled_at is None:
        return
    comment.settled_at = comment.settled_by = None
    tx.flush()
    record(tx, actor, "course.comment_reopened", f"course:{course.public_id}", comment=comment.public_id)
    if account_id != comment.author_id:
        messages.notify_of_reopened(tx, course, comment)


def comments_on(tx: Tx, course: Course) -> list[CommentSummary]:
    """Comments on all versions of a course, newest version first, by item and place; three queries."""
    rows = tx.scalars(
        select(ReviewComment)
        .join(CourseVersion, CourseVersion.id == ReviewComment.course_version_id)
        .where(CourseVersion.course_id == course.id)
        .order_by(CourseVersion.number.desc(), ReviewComment.item_id, ReviewComment.position, ReviewComment.id)
        .options(selectinload(ReviewComment.answers), joinedload(ReviewComment.item))
        .limit(2 * COMMENTS_MOST)
    ).all()
    people = {row.reviewer_id for row in rows} | {row.settled_by for row in rows if row.settled_by}
    people |= {answer.account_id for row in rows for answer in row.answers}
    names = accounts.account_names(tx, people) if people else {}
    return [
        CommentSummary(
            row,
            names.get(row.reviewer_id, ""),
            names.get(row.settled_by or 0, ""),
            [(answer, names.get(answer.account_id, "")) for answer in row.answers],
        )
        for row in rows
    ]


def count_open_comments(tx: Tx, version: CourseVersion, *narrow: object) -> int:
    """How many comments on a version wait to be dealt with."""
    query = select(ReviewComment.id).where(
        ReviewComment.course_version_id == version.id,
        ReviewComment.settled_at.is_(None),
        *narrow,  # type: ignore[arg-type]
    )
    return count_of(tx, query)


def written_by(tx: Tx, account_id: int, limit: int) -> list[tuple[str, str, dt.datetime]]:
    """What one person wrote in comments and under them: title of the course, text, when; for the copy of one's data."""
    comments = (
        select(CourseVersion.title, ReviewComment.body, ReviewComment.at)
        .join(CourseVersion, CourseVersion.id == ReviewComment.course_version_id)
        .where(ReviewComment.reviewer_id == account_id)
    )
    answers = (
        select(CourseVersion.title, ReviewAnswer.body, ReviewAnswer.at)
        .join(ReviewComment, ReviewComment.id == ReviewAnswer.comment_id)
        .join(CourseVersion, CourseVersion.id == ReviewComment.course_version_id)
        .where(ReviewAnswer.account_id == account_id)
    )
    rows = [row for query in (comments, answers) for row in tx.execute(query.limit(limit))]
    return sorted(((title, body, at) for title, body, at in rows), key=lambda line: line[2])


def may_comment(actor: Actor, course: Course) -> bool:
    """Whether the actor could pin a comment now."""
    version = course.draft
    return (
        version is not None
        and version.state in COMMENTED
        and course.created_by != actor.account_id
        and access.reviews(actor, course)
    )


def attach_to_review(tx: Tx, review: Review) -> int:
    """Let the comments that were written since the last decision go with this one; returns how many."""
    waiting = (ReviewComment.course_version_id == review.course_version_id, ReviewComment.review_id.is_(None))
    found = tx.scalar(select(func.count()).where(*waiting)) or 0
    tx.execute(update(ReviewComment).where(*waiting).values(review_id=review.id))
    return found


def _take_part(tx: Tx, actor: Actor, course: Course, comment: ReviewComment) -> int:
    """Lock the course, and check that this person may still write about the comment; their account."""
    transitions.lock(tx, course)
    is_author = actor.account_id == course.created_by
    if actor.account_id is None or not (is_author or access.reviews(actor, course)):
        raise Forbidden(f"course:{course.public_id}")
    if comment.course_version_id != course.draft_version_id or comment.version.state not in OPEN_STATES:
        raise Conflict(msg("这一版已经有了结果，批注只作记录，不能再改。"))
    tx.refresh(comment)
    return actor.account_id


def _read(line: ItemVersion, place: str, body: str) -> tuple[int, str]:
    """Place and text as typed.

    Raises:
        Invalid: with a message for each.
    """
    wrong = {}
    is_paper = line.kind == ItemKind.DOCUMENT
    length = (line.asset.pages if is_paper else line.asset.duration_ms) if line.asset else None
    position = rules.read_page(place) if is_paper else rules.read_moment(place)
    if position is None or (length is not None and position > length):
        wrong["place"] = msg("页码请写数字，不超过最后一页。") if is_paper else msg("时间请写成 3:12，不超过片长。")
    try:
        text = _text(body, "body")
    except Invalid as error:
        wrong |= error.fields
    if wrong or position is None:
        raise Invalid(fields=wrong)
    return position, text


def _text(body: str, field: str) -> str:
    text = rules.clean(body.replace("\r\n", "\n"))
    if not text:
        raise Invalid(fields={field: msg("请写下要说的话。")})
    if len(text) > rules.COMMENT_LENGTH:
        raise Invalid(fields={field: msg("意见不超过 %(most)s 个字。", most=rules.COMMENT_LENGTH)})
    return text
