"""Contests, nominations, the panel with its scores, objections, personnel notes."""

import datetime as dt
from typing import TypedDict

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.classes.api import TeachingTerm
from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.contest_kinds import ContestState, Eligibility, ObjectionState
from academy.faculty.lecture_models import ProgrammeLecture
from academy.library.api import Lecturer


class Criterion(TypedDict):
    """Something that the panel scores from 0 to 100, and its weight in percent."""

    key: str
    text: str
    weight: int


class Contest(Base):
    """The choice of a term's best lectures by a panel. Its rules stand when nominations open, and are printed with the
    result. Votes, views and time online have no column here and no way in."""

    __tablename__ = "contests"
    __table_args__ = (
        CheckConstraint("places BETWEEN 1 AND 50", name="places"),
        CheckConstraint("least_judges BETWEEN 3 AND 30", name="judges"),
        CheckConstraint("trimmed BETWEEN 0 AND 3", name="trimmed"),
        one_of("state", ContestState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    term_id: Mapped[int] = mapped_column(ForeignKey("teaching_terms.id"), unique=True)
    """One contest a term."""
    title: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(12), default=ContestState.NOMINATING)
    criteria: Mapped[list[Criterion]] = mapped_column(JSON)
    places: Mapped[int]
    """Lectures that are chosen; of equal ones at the last place all are."""
    least_judges: Mapped[int] = mapped_column(default=5)
    """Scores that a lecture needs."""
    trimmed: Mapped[int] = mapped_column(default=1)
    """So many of the highest and as many of the lowest scores do not count, where at least three are left."""
    objection_days: Mapped[int] = mapped_column(default=5)
    objections_until: Mapped[dt.date | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    published_at: Mapped[dt.datetime | None]

    term: Mapped[TeachingTerm] = relationship()


class Nomination(Base):
    """A lecture that was proposed for a contest."""

    __tablename__ = "nominations"
    __table_args__ = (
        # Closes the race of two people who nominate one lecture.
        UniqueConstraint("contest_id", "lecture_id"),
        one_of("eligibility", Eligibility),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contests.id"))
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"))
    reason: Mapped[str] = mapped_column(Text)
    nominated_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    nominator_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"))
    """Who that is in the register: does not judge it."""
    nominated_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    eligibility: Mapped[str] = mapped_column(String(12), default=Eligibility.OPEN)
    findings: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Values of `rules.Finding`: why it does not take part."""
    hundredths: Mapped[int | None]
    """Hundredths of a point, of 100 points; set when scoring ends."""
    judges: Mapped[int | None]
    """Scores that were given; with those that did not count."""
    is_chosen: Mapped[bool] = mapped_column(default=False)

    contest: Mapped[Contest] = relationship()
    lecture: Mapped[ProgrammeLecture] = relationship()


class PanelSeat(Base):
    """A judge of a contest."""

    __tablename__ = "panel_seats"
    __table_args__ = (
        # Closes the race of one judge appointed twice.
        UniqueConstraint("contest_id", "member_id"),
        # The contests that one judges.
        Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contests.id"))
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    appointed_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    appointed_at: Mapped[dt.datetime] = mapped_column(default=clock.now)

    contest: Mapped[Contest] = relationship()


class PanelScore(Base):
    """What one judge gave one nomination; may be changed until scoring ends."""

    __tablename__ = "panel_scores"
    __table_args__ = (
        # The scores of one judge.
        Index(None, "seat_id"),
    )

    # Its key closes the race of two tabs.
    nomination_id: Mapped[int] = mapped_column(ForeignKey("nominations.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("panel_seats.id"), primary_key=True)
    scores: Mapped[dict[str, int]] = mapped_column(JSON)
    """Criterion's key → points from 0 to 100."""
    scored_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Objection(Base):
    """An objection to a result that has been announced and is not yet final."""

    __tablename__ = "objections"
    __table_args__ = (
        # Open ones of a contest.
        Index(None, "contest_id", "state"),
        one_of("state", ObjectionState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    contest_id: Mapped[int] = mapped_column(ForeignKey("contests.id"))
    nomination_id: Mapped[int | None] = mapped_column(ForeignKey("nominations.id"))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=ObjectionState.OPEN)
    answer: Mapped[str] = mapped_column(Text, default="")
    raised_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    raised_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]


class PersonnelNote(Base):
    """A signed statement of a contest's result for one lecturer's personnel file."""

    __tablename__ = "personnel_notes"
    __table_args__ = (
        # Closes the race of two notes of one result.
        UniqueConstraint("nomination_id", "lecturer_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    """Printed on it: can neither be guessed nor counted."""
    nomination_id: Mapped[int] = mapped_column(ForeignKey("nominations.id"))
    lecturer_id: Mapped[int] = mapped_column(ForeignKey("lecturers.id"))
    signed: Mapped[bytes] = mapped_column(LargeBinary)
    """The document with its signature (`core.signing`)."""
    paper: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    """The same as it was printed: a PDF that holds the signed document. Another PDF of it has been altered."""
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    issued_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    revoked_at: Mapped[dt.datetime | None]
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    revocation: Mapped[str] = mapped_column(String(200), default="")
    """Why."""

    nomination: Mapped[Nomination] = relationship()
    lecturer: Mapped[Lecturer] = relationship()
