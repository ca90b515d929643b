"""Topics that members and classes ask for (点单), and the voices that support them."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.classes.api import TrainingClass
from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.request_kinds import RequestState
from academy.library.models import Category


class TopicRequest(Base):
    """A topic that somebody would like to have taught, for themselves or for a class.

    Who asked is shown to nobody. `proposed_by` is None once that person's data were erased: the topic stays. A merged
    request keeps its voices; the request that it was merged into counts each of their people once, so taking a merger
    back needs nothing but the reference.
    """

    __tablename__ = "topic_requests"
    __table_args__ = (
        # Closes the race of one proposal sent twice.
        UniqueConstraint("proposed_by", "key"),
        # The lists by state, the newest first.
        Index(None, "state", "id"),
        # What was merged into a request, whenever its voices are counted.
        Index(None, "merged_into_id"),
        one_of("state", RequestState),
        one_of("state_before_merger", RequestState),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged"),
        CheckConstraint("merged_into_id IS NULL OR merged_into_id <> id", name="not_itself"),
        CheckConstraint("state <> 'declined' OR reason <> ''", name="declined"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    key: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(60))
    body: Mapped[str] = mapped_column(Text, default="")
    """What it should be about, in the words of who asked."""
    category_id: Mapped[int] = mapped_column(ForeignKey("categories.id"))
    class_id: Mapped[int | None] = mapped_column(ForeignKey("training_classes.id"))
    proposed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    state: Mapped[str] = mapped_column(String(12), default=RequestState.OPEN)
    is_demanded: Mapped[bool] = mapped_column(default=False)
    """Whether the term's teaching plan demands it."""
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("topic_requests.id"))
    state_before_merger: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(300), default="")
    """Why it was declined; those who asked read it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]

    category: Mapped[Category] = relationship()
    training_class: Mapped[TrainingClass | None] = relationship()
    merged_into: Mapped["TopicRequest | None"] = relationship(remote_side=[id])


class TopicVoice(Base):
    """One person's support of a topic, withdrawn by deleting it. It guides planning and is read for nothing else.

    The key closes the race of a person who presses twice: one voice each.
    """

    __tablename__ = "topic_voices"
    __table_args__ = (
        # The topics that a person supports; erasure.
        Index(None, "account_id"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("topic_requests.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    given_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
