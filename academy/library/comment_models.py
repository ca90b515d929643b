"""Comments that reviewers pin to a second of a lecture or a page of a document, and the answers to them."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key
from academy.library.models import CourseItem, CourseVersion, Review


class ReviewComment(Base):
    """One remark of a reviewer on one place of a version of a course. Kept with the version; nobody deletes it.

    It is written while the version waits, so before the decision: `review_id` names the decision that it went with. The
    file may be replaced afterwards, so the place is one in the item's file of number `item_number`; where it lies in a
    newer file follows from the mapping that was declared for that re-cut, if one was.
    """

    __tablename__ = "review_comments"
    __table_args__ = (
        # The comments of a version, in the order in which they were written.
        Index(None, "course_version_id", "id"),
        # A decision collects the comments that wait for one; the foreign key of a review.
        Index(None, "review_id"),
        CheckConstraint("reviewer_id <> author_id", name="second_pair_of_eyes"),
        CheckConstraint("position >= 0", name="place"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    course_version_id: Mapped[int] = mapped_column(ForeignKey("course_versions.id"))
    edit_number: Mapped[int]
    """The author's edit that the reviewer looked at."""
    review_id: Mapped[int | None] = mapped_column(ForeignKey("reviews.id"))
    """The decision that it went with; None until there is one."""
    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"))
    item_number: Mapped[int]
    position: Mapped[int]
    """Milliseconds of what plays, or the number of a document's page, from 1."""
    author_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    version: Mapped[CourseVersion] = relationship()
    item: Mapped[CourseItem] = relationship()
    review: Mapped[Review | None] = relationship()
    answers: Mapped[list["ReviewAnswer"]] = relationship(order_by="ReviewAnswer.id", viewonly=True)


class ReviewAnswer(Base):
    """What the author or a reviewer wrote under a comment."""

    __tablename__ = "review_answers"
    # The answers of a comment, in order.
    __table_args__ = (Index(None, "comment_id", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("review_comments.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    body: Mapped[str] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
