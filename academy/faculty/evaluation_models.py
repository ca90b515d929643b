"""Attendance, evaluation forms, rounds, who was asked, and answers that name nobody."""

import datetime as dt
from typing import TypedDict

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.evaluation_kinds import AttendancePart, AttendanceWay, CommentState, EvaluationKind
from academy.faculty.lecture_models import ProgrammeLecture


class FormQuestion(TypedDict):
    """A question of a form, as it is kept in its JSON."""

    key: str
    text: str
    kind: str
    """A value of `QuestionKind`."""


class LectureAttendance(Base):
    """A member was at a lecture: the roll's line."""

    __tablename__ = "lecture_attendances"
    __table_args__ = (
        # The lectures of one member.
        Index(None, "member_id"),
        one_of("part", AttendancePart),
        one_of("way", AttendanceWay),
    )

    # Its key closes the race of a code and a name at once.
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(8), default=AttendancePart.STUDENT)
    way: Mapped[str] = mapped_column(String(8), default=AttendanceWay.NAME)
    recorded_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    recorded_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class EvaluationForm(Base):
    """Questions of one kind of evaluation, from one day up to (not including) another.

    Never changed: a new form follows, so that answers keep the questions that were asked.
    """

    __tablename__ = "evaluation_forms"
    __table_args__ = (
        # Closes the race of two new forms of one kind.
        Index(
            "uq_evaluation_forms_open",
            "kind",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        CheckConstraint("scale BETWEEN 3 AND 10", name="scale"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
        CheckConstraint("(kind = 'follow_up') = (after_months IS NOT NULL)", name="after"),
        CheckConstraint("after_months IS NULL OR after_months BETWEEN 1 AND 36", name="months"),
        CheckConstraint("open_days BETWEEN 1 AND 120", name="days"),
        one_of("kind", EvaluationKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(12))
    scale: Mapped[int] = mapped_column(default=5)
    """The best mark; the worst is 1."""
    questions: Mapped[list[FormQuestion]] = mapped_column(JSON)
    open_days: Mapped[int] = mapped_column(default=14)
    after_months: Mapped[int | None]
    """Of a follow-up: so many months after the lecture it is asked."""
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class EvaluationRound(Base):
    """One evaluation of one lecture. Nothing of it is shown while it is open, and nothing changes once it is closed:
    whoever compares two days would else see the answer that came between them."""

    __tablename__ = "evaluation_rounds"
    __table_args__ = (
        # Closes the race of two workers, or two officers, who open it.
        UniqueConstraint("lecture_id", "kind"),
        # Rounds that are to be closed.
        Index(
            "ix_evaluation_rounds_open",
            "closes_on",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        one_of("kind", EvaluationKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"))
    form_id: Mapped[int] = mapped_column(ForeignKey("evaluation_forms.id"))
    kind: Mapped[str] = mapped_column(String(12))
    opened_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    closes_on: Mapped[dt.date]
    """The last day on which it can be answered."""
    closed_at: Mapped[dt.datetime | None]

    lecture: Mapped[ProgrammeLecture] = relationship()
    form: Mapped[EvaluationForm] = relationship()


class EvaluationInvitation(Base):
    """Somebody is asked, and whether they have answered: not when, and not what."""

    __tablename__ = "evaluation_invitations"
    __table_args__ = (
        # What one member is still asked.
        Index(None, "member_id", "is_answered"),
    )

    # Its key closes the race of two invitations.
    round_id: Mapped[int] = mapped_column(ForeignKey("evaluation_rounds.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("training_classes.id"))
    """The class in which the member attended."""
    is_answered: Mapped[bool] = mapped_column(default=False)

    round: Mapped[EvaluationRound] = relationship()


class EvaluationAnswer(Base):
    """An answer, without anything that leads to a person: no account, no time, and a key that is drawn, because keys in
    their order would tell who answered first."""

    __tablename__ = "evaluation_answers"
    __table_args__ = (
        # The answers of a round.
        Index(None, "round_id"),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    round_id: Mapped[int] = mapped_column(ForeignKey("evaluation_rounds.id"))
    group_id: Mapped[int | None] = mapped_column(ForeignKey("training_classes.id"))
    scores: Mapped[dict[str, int]] = mapped_column(JSON)
    """Question's key → mark."""


class EvaluationComment(Base):
    """A text of an answer, apart from its marks, so that neither gives the other away."""

    __tablename__ = "evaluation_comments"
    __table_args__ = (
        # Comments of a round, and those that wait to be read.
        Index(None, "round_id", "state"),
        one_of("state", CommentState),
    )

    id: Mapped[str] = mapped_column(String(16), primary_key=True, default=new_id)
    round_id: Mapped[int] = mapped_column(ForeignKey("evaluation_rounds.id"))
    question: Mapped[str] = mapped_column(String(20))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=CommentState.WAITING)
    reason: Mapped[str] = mapped_column(String(200), default="")
    """Why it is withheld."""
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
