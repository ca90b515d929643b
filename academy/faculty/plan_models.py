"""Plans of terms: what the planner proposes, what people ruled, and what each ruling costs."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.classes.api import Classroom, TeachingTerm
from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.lecture_models import ProgrammeLecture
from academy.faculty.plan_kinds import AnswerWay, AssignmentState, PlanState, RulingState
from academy.faculty.request_models import TopicRequest
from academy.library.api import Lecturer


class TermPlan(Base):
    """The plan of a term's forum. `revision` counts what people ruled: a run for an older one is run again."""

    __tablename__ = "term_plans"
    __table_args__ = (one_of("state", PlanState),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    # Closes the race of two plans for one term.
    term_id: Mapped[int] = mapped_column(ForeignKey("teaching_terms.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12), default=PlanState.DRAFT)
    revision: Mapped[int] = mapped_column(default=1)
    planned_revision: Mapped[int] = mapped_column(default=0)
    """The revision that the assignments belong to."""
    planned_at: Mapped[dt.datetime | None]
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Why the last run found no plan, as a `Message`."""
    classroom_id: Mapped[int | None] = mapped_column(ForeignKey("classrooms.id"))
    """Where the forum of the term meets; invitations name it."""
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]

    term: Mapped[TeachingTerm] = relationship()
    classroom: Mapped[Classroom | None] = relationship()


KEEPING = text("state IN ('proposed', 'accepted', 'other_day', 'confirmed')")
STANDING = text("state NOT IN ('declined', 'withdrawn')")


class Assignment(Base):
    """A lecturer, a topic and an evening of a plan, with the reasons for the choice; then the invitation to teach it,
    and its answer. Declined and withdrawn rows stay: a topic may be offered to one lecturer after the other.

    The link that the lecturer answers by is worked out from `public_id` and `link`, and is stored nowhere.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        # Closes the race of two runs of one plan, and of two lecturers for one topic.
        Index(
            "uq_assignments_topic",
            "plan_id",
            "request_id",
            unique=True,
            sqlite_where=STANDING,
            postgresql_where=STANDING,
        ),
        # Closes the race of two lecturers who accept one evening.
        Index("uq_assignments_evening", "plan_id", "day", unique=True, sqlite_where=KEEPING, postgresql_where=KEEPING),
        # The board of a plan, in the order of its evenings; a lecturer's invitations; the topic of a lecture.
        Index(None, "plan_id", "day"),
        Index(None, "lecturer_id"),
        Index(None, "lecture_id"),
        one_of("state", AssignmentState),
        one_of("answer_way", AnswerWay),
        CheckConstraint("state <> 'confirmed' OR lecture_id IS NOT NULL", name="lecture"),
        CheckConstraint("state <> 'other_day' OR asked_day IS NOT NULL", name="other_day"),
        CheckConstraint("link >= 0", name="link"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    plan_id: Mapped[int] = mapped_column(ForeignKey("term_plans.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("topic_requests.id"))
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    day: Mapped[dt.date]
    reasons: Mapped[list[Any]] = mapped_column(JSON)
    """`Message`s, what weighs most first."""
    state: Mapped[str] = mapped_column(String(12), default=AssignmentState.DRAFT)
    link: Mapped[int] = mapped_column(default=0)
    """Number of the link that is good; 0: none was made. A new one makes earlier ones void."""
    link_is_on: Mapped[bool] = mapped_column(default=False)
    answer_by: Mapped[dt.date | None]
    """The last day on which the link takes an answer."""
    invited_at: Mapped[dt.datetime | None]
    asked_day: Mapped[dt.date | None]
    """The evening that was asked for, where the lecturer proposed another: that one is `day` then."""
    answered_at: Mapped[dt.datetime | None]
    answer_way: Mapped[str | None] = mapped_column(String(8))
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """The officer who entered an answer that was given by telephone."""
    reason: Mapped[str] = mapped_column(String(200), default="")
    """The lecturer's words with an answer; or why the school asks no more."""
    lecture_id: Mapped[int | None] = mapped_column(ForeignKey("programme_lectures.id"))

    plan: Mapped[TermPlan] = relationship()
    request: Mapped[TopicRequest] = relationship()
    lecturer: Mapped[Lecturer] = relationship()
    lecture: Mapped[ProgrammeLecture | None] = relationship()


class Omission(Base):
    """A topic of the shortlist that a plan leaves out, and why."""

    __tablename__ = "plan_omissions"

    plan_id: Mapped[int] = mapped_column(ForeignKey("term_plans.id"), primary_key=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("topic_requests.id"), primary_key=True)
    reason: Mapped[dict[str, Any]] = mapped_column(JSON)
    """A `Message`."""

    request: Mapped[TopicRequest] = relationship()


class PlanRuling(Base):
    """What somebody wants of a plan, or does not want; in force once its price was read and it was confirmed."""

    __tablename__ = "plan_rulings"
    __table_args__ = (
        Index(None, "plan_id", "state"),
        one_of("state", RulingState),
        CheckConstraint("(state = 'asked') = (price IS NULL)", name="priced"),
        CheckConstraint("day IS NULL OR is_wanted", name="day"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    plan_id: Mapped[int] = mapped_column(ForeignKey("term_plans.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("topic_requests.id"))
    lecturer_id: Mapped[int | None] = mapped_column(ForeignKey("lecturers.id"))
    day: Mapped[dt.date | None]
    is_wanted: Mapped[bool] = mapped_column(default=True)
    state: Mapped[str] = mapped_column(String(12), default=RulingState.ASKED)
    price: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """A `Message`; people read it before they confirm."""
    is_possible: Mapped[bool] = mapped_column(default=True)
    slipping: Mapped[list[Any]] = mapped_column(JSON, default=list)
    """Names of lecturers whose obligation slips by it."""
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("assignments.id"), unique=True)
    """The invitation that was declined: nobody ruled, and it is in force as soon as its price is known."""
    ruled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ruled_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    plan: Mapped[TermPlan] = relationship()
    request: Mapped[TopicRequest] = relationship()
    lecturer: Mapped[Lecturer | None] = relationship()
