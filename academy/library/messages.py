"""Notifications about courses: to the author and to reviewers."""

from academy.accounts import api as accounts
from academy.core.actor import Role
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.core.ids import new_id
from academy.library.comment_models import ReviewAnswer, ReviewComment
from academy.library.models import ContentProposal, Course, CourseVersion
from academy.library.versions import edited
from academy.notifications import api as notifications


def reviewers_of(tx: Tx, course: Course) -> list[int]:
    """Accounts that may decide on the course today; never its author."""
    ancestors = [int(part) for part in course.organisation.path.strip("/").split("/") if part]
    return [one for one in accounts.accounts_holding(tx, Role.REVIEWER, ancestors) if one != course.created_by]


def notify_reviewers(tx: Tx, course: Course) -> None:
    """Notify reviewers of a pending decision."""
    title = edited(course).title
    for account_id in reviewers_of(tx, course):
        notifications.notify(
            tx,
            key=f"course.submitted:{course.public_id}:{new_id()}",
            body=msg("《%(title)s》等待审阅。", title=title),
            link=f"/review/{course.public_id}",
            account_id=account_id,
            kind="course.submitted",
        )


def notify_reviewers_of_proposal(tx: Tx, course: Course, row: ContentProposal) -> None:
    """Notify reviewers of a proposed change to a published lecture's text."""
    for account_id in reviewers_of(tx, course):
        if account_id != row.account_id:
            notifications.notify(
                tx,
                key=f"proposal:{row.public_id}:{row.revision}:{account_id}",
                body=msg("《%(title)s》有修改等待审阅。", title=course.title),
                link=f"/review/proposals/{row.public_id}",
                account_id=account_id,
                kind="proposal.open",
            )


def notify_author(tx: Tx, course: Course, occasion: str, body: Message) -> None:
    """Notify the author of a decision, e.g. ``returned``, each time it happens.

    The lock on the course makes one decision one notification; a course may be returned or published repeatedly.
    """
    notifications.notify(
        tx,
        key=f"course.{occasion}:{course.public_id}:{new_id()}",
        body=body,
        link=f"/studio/{course.public_id}",
        account_id=course.created_by,
        kind=f"course.{occasion}",
    )


def notify_of_comments(tx: Tx, course: Course, version: CourseVersion, reviewer_id: int) -> None:
    """Notify the author that a reviewer comments; once for all that one reviewer writes about one edit."""
    notifications.notify(
        tx,
        key=f"course.commented:{course.public_id}:{version.number}:{version.edit_number}:{reviewer_id}",
        body=msg("审阅人在《%(title)s》里写了批注。", title=version.title),
        link=f"/studio/{course.public_id}#comments",
        account_id=course.created_by,
        kind="course.commented",
    )


def notify_of_reopened(tx: Tx, course: Course, comment: ReviewComment) -> None:
    """Notify the author that a comment is not dealt with after all."""
    notifications.notify(
        tx,
        key=f"course.comment_reopened:{comment.public_id}:{new_id()}",
        body=msg("《%(title)s》的一条批注还要再改。", title=comment.version.title),
        link=f"/studio/{course.public_id}#comment-{comment.public_id}",
        account_id=comment.author_id,
        kind="course.commented",
    )


def notify_of_answer(tx: Tx, course: Course, comment: ReviewComment, answer: ReviewAnswer) -> None:
    """Notify of an answer those two between whom the comment is, but for its writer."""
    for account_id in {comment.author_id, comment.reviewer_id} - {answer.account_id}:
        where = "studio" if account_id == comment.author_id else "review"
        notifications.notify(
            tx,
            key=f"course.comment_answered:{comment.public_id}:{answer.id}:{account_id}",
            body=msg("《%(title)s》的批注有了回复。", title=comment.version.title),
            link=f"/{where}/{course.public_id}#comment-{comment.public_id}",
            account_id=account_id,
            kind="course.commented",
        )


def notify_of_settled(tx: Tx, course: Course, comment: ReviewComment) -> None:
    """Notify a reviewer that all of their comments are dealt with."""
    notifications.notify(
        tx,
        key=f"course.comments_settled:{comment.public_id}:{new_id()}",
        body=msg("您在《%(title)s》里的批注都处理好了。", title=comment.version.title),
        link=f"/review/{course.public_id}#comments",
        account_id=comment.reviewer_id,
        kind="course.commented",
    )
