"""Plans of terms: what the planner proposes, what people ruled, and what each ruling costs."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.classes.api import TeachingTerm
from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.plan_kinds import PlanState, RulingState
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
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]

    term: Mapped[TeachingTerm] = relationship()


class Assignment(Base):
    """A lecturer, a topic and an evening of a plan, with the reasons for the choice."""

    __tablename__ = "assignments"
    __table_args__ = (
        # Closes the race of two runs of one plan.
        UniqueConstraint("plan_id", "request_id"),
        Index(None, "plan_id", "day"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    plan_id: Mapped[int] = mapped_column(ForeignKey("term_plans.id"))
    request_id: Mapped[int] = mapped_column(ForeignKey("topic_requests.id"))
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    day: Mapped[dt.date]
    reasons: Mapped[list[Any]] = mapped_column(JSON)
    """`Message`s, what weighs most first."""

    request: Mapped[TopicRequest] = relationship()
    lecturer: Mapped[Lecturer] = relationship()


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
    ruled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    ruled_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    plan: Mapped[TermPlan] = relationship()
    request: Mapped[TopicRequest] = relationship()
    lecturer: Mapped[Lecturer | None] = relationship()
