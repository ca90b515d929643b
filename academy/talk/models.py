"""Notes, favourites, questions and clips: what people hang on a place of a lecture, and what they keep of the shelf."""

import datetime as dt

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.learning.api import Unit
from academy.library.api import Course
from academy.talk.kinds import PlaceState, QuestionRefusal, QuestionState


class Anchored:
    """A place in an item: a span of one version of its file, with the words that were there.

    `quote` is what was there when it was noted and never changes; `words` what was found there last. The place that it
    had in an earlier file is kept until the next file, because a mapping may be declared after the file was replaced.
    """

    item_id: Mapped[int] = mapped_column(ForeignKey("course_items.id"))
    item_version: Mapped[int]
    unit: Mapped[str] = mapped_column(String(8), default=Unit.MS)
    place_start: Mapped[int]
    place_end: Mapped[int]
    place: Mapped[str] = mapped_column(String(8), default=PlaceState.SAME)
    quote: Mapped[str] = mapped_column(String(300), default="")
    words: Mapped[str] = mapped_column(String(300), default="")
    earlier_version: Mapped[int | None]
    earlier_start: Mapped[int | None]
    earlier_end: Mapped[int | None]


class Note(Anchored, Base):
    """A private note on a sentence or a page; without a text it is a bookmark.

    `key` is made by the browser, so that what was sent twice is one note; `writer` and `sequence` say which page of
    which browser saved it last, `revision` counts what was stored.
    """

    __tablename__ = "notes"
    __table_args__ = (
        # Closes the race of one note sent twice from a queue; one's own notes are found by it.
        UniqueConstraint("account_id", "key"),
        # One's notes of a lecture.
        Index(None, "account_id", "item_id"),
        # All places of an item, when its captions or its file changed.
        Index(None, "item_id"),
        one_of("place", PlaceState),
        one_of("unit", Unit),
        CheckConstraint("place_end > place_start AND place_start >= 0", name="span"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    key: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text, default="")
    revision: Mapped[int] = mapped_column(default=1)
    writer: Mapped[str] = mapped_column(String(40), default="")
    sequence: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Favourite(Base):
    """A course on somebody's own list."""

    __tablename__ = "favourites"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Question(Anchored, Base):
    """A question to the lecturer, hung on a sentence; others see it when it was let through or answered.

    Who asked is shown to nobody. `account_id` is None once the asker had their data erased: the answer stays, the words
    of the question go.
    """

    __tablename__ = "questions"
    __table_args__ = (
        # Closes the race of one question sent twice from a queue.
        UniqueConstraint("account_id", "key"),
        # What is shown under a lecture, in its order; all places of an item.
        Index(None, "item_id", "state"),
        # The list of what waits, oldest first.
        Index(
            "ix_questions_open",
            "course_id",
            "id",
            sqlite_where=text("state IN ('waiting', 'shown')"),
            postgresql_where=text("state IN ('waiting', 'shown')"),
        ),
        one_of("place", PlaceState),
        one_of("unit", Unit),
        one_of("state", QuestionState),
        one_of("refusal", QuestionRefusal),
        CheckConstraint("place_end > place_start AND place_start >= 0", name="span"),
        CheckConstraint("(state = 'refused') = (refusal IS NOT NULL)", name="refused"),
        CheckConstraint("state <> 'answered' OR answer <> ''", name="answered"),
        CheckConstraint("decided_by IS NULL OR account_id IS NULL OR decided_by <> account_id", name="second_person"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    key: Mapped[str] = mapped_column(String(40))
    course_id: Mapped[int] = mapped_column(ForeignKey("courses.id"))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12), default=QuestionState.WAITING)
    answer: Mapped[str] = mapped_column(Text, default="")
    by_lecturer: Mapped[bool] = mapped_column(default=False)
    """Whether the answer is the lecturer's own word, as the trainer says who wrote it down."""
    refusal: Mapped[str | None] = mapped_column(String(12))
    comment: Mapped[str] = mapped_column(String(300), default="")
    """What the asker is told beside the reason."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]

    course: Mapped[Course] = relationship()


class Clip(Anchored, Base):
    """A stretch of a lecture with an address that can be shared. It is nobody's: the same stretch has one address.

    `made_*` is the stretch as it was when the address was made; `last_*` its last sentence.
    """

    __tablename__ = "clips"
    __table_args__ = (
        # Closes the race of two people sharing the same stretch: one address.
        UniqueConstraint("item_id", "made_version", "made_start", "made_end"),
        one_of("place", PlaceState),
        one_of("unit", Unit),
        CheckConstraint("place_end > place_start AND place_start >= 0", name="span"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    made_version: Mapped[int]
    made_start: Mapped[int]
    made_end: Mapped[int]
    last_start: Mapped[int]
    last_quote: Mapped[str] = mapped_column(String(300), default="")
    last_words: Mapped[str] = mapped_column(String(300), default="")
    earlier_last: Mapped[int | None]
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
