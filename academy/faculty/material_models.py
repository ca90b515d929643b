"""Syllabus and handout of a lecture: versions, what reviewers remarked on their passages, what must be approved."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Connection, ForeignKey, Index, String, Text, UniqueConstraint, event, text
from sqlalchemy import inspect as state_of
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of
from academy.faculty.lecture_models import ProgrammeLecture
from academy.faculty.material_kinds import MaterialKind, MaterialState
from academy.media.api import Asset

OPEN = text("state IN ('draft', 'submitted')")
DECIDED_ON = ("state", "closed_at", "reviewer_id", "reason")
"""Columns of a submitted version that a decision writes; all others stay as they were submitted."""


class LectureMaterial(Base):
    """The syllabus or the handout of one lecture, apart from what its versions say. Writers lock the lecture."""

    __tablename__ = "lecture_materials"
    __table_args__ = (
        # Two people who begin the handout at once begin one.
        UniqueConstraint("lecture_id", "kind"),
        CheckConstraint("taught_number IS NULL OR taught_number >= 1", name="taught"),
        one_of("kind", MaterialKind),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    lecture_id: Mapped[int] = mapped_column(ForeignKey("programme_lectures.id"))
    kind: Mapped[str] = mapped_column(String(12))
    taught_number: Mapped[int | None]
    """Number of the approved version that was taught; None until the lecture was confirmed, or without one."""

    lecture: Mapped[ProgrammeLecture] = relationship()


class MaterialVersion(Base):
    """What a syllabus or handout says: changed while a draft, immutable from its submission on.

    Each version that was submitted is a round of the review: from `submitted_at` to `closed_at`. `passages` are its
    paragraphs, or the texts of the pages of its file, which are copied when it is submitted: comments and comparisons
    refer to them by their place, from 1.
    """

    __tablename__ = "material_versions"
    __table_args__ = (
        UniqueConstraint("material_id", "number"),
        # Closes the race of two drafts, and of two submissions: one version in work.
        Index(
            "uq_material_versions_open",
            "material_id",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
        # The reviewers' list, and the rounds of a period.
        Index(None, "state", "submitted_at"),
        # Whether a file is used here, before it is removed.
        Index(None, "asset_id"),
        CheckConstraint("number >= 1", name="number"),
        # NULL, once the author's data was erased, is neither.
        CheckConstraint(
            "reviewer_id IS NULL OR (reviewer_id <> author_id AND reviewer_id <> submitted_by)",
            name="second_pair_of_eyes",
        ),
        CheckConstraint("state = 'draft' OR submitted_at IS NOT NULL", name="submitted"),
        CheckConstraint("(state IN ('draft', 'submitted')) = (closed_at IS NULL)", name="closed"),
        CheckConstraint("state <> 'returned' OR reason <> ''", name="reason"),
        one_of("state", MaterialState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    material_id: Mapped[int] = mapped_column(ForeignKey("lecture_materials.id"))
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default=MaterialState.DRAFT)
    passages: Mapped[list[str]] = mapped_column(JSON)
    asset_id: Mapped[int | None] = mapped_column(ForeignKey("assets.id"))
    """The file that was brought instead of typed text."""
    change_note: Mapped[str] = mapped_column(String(300), default="")
    """What the author says about what is new."""
    author_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    saved_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    submitted_at: Mapped[dt.datetime | None]
    submitted_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    closed_at: Mapped[dt.datetime | None]
    """When it was approved, returned, or taken back."""
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was returned; what the reviewer added to an approval."""
    carried_from_id: Mapped[int | None] = mapped_column(ForeignKey("material_versions.id"))
    """The approved version, of the lecture made up for, that this one is a copy of: the round of the review is that
    one's, and counted there."""

    material: Mapped[LectureMaterial] = relationship()
    asset: Mapped[Asset | None] = relationship()


class SubmittedContent(RuntimeError):
    """Code tried to change or delete a version that was submitted. A programming error: services change drafts only."""


@event.listens_for(MaterialVersion, "before_update")
def _keep_version(_mapper: object, _connection: Connection, row: Any) -> None:
    """Refuse any change of a submitted version but a decision."""
    state = state_of(row)
    submitted = state.attrs.submitted_at.history
    before = submitted.deleted or submitted.unchanged
    if before and before[0] is not None:
        names = [one.key for one in state.mapper.column_attrs if one.key not in DECIDED_ON]
        changed = [name for name in names if state.attrs[name].history.has_changes()]
        if changed:
            raise SubmittedContent(f"material_versions {row.id}: {', '.join(changed)}")


@event.listens_for(MaterialVersion, "before_delete")
def _keep_row(_mapper: object, _connection: Connection, row: Any) -> None:
    """Refuse to delete a version that was submitted."""
    if row.submitted_at is not None:
        raise SubmittedContent(f"material_versions {row.id}: deleted")


class MaterialComment(Base):
    """A reviewer's remark on one passage of a version, or on the page of its file. Nobody deletes it.

    Where the passage went in a later version follows from comparing the two (`materials.rules.follow`); `quote` says
    what it was about when the passage is there no more.
    """

    __tablename__ = "material_comments"
    __table_args__ = (
        # The comments of a version in the order of its passages.
        Index(None, "version_id", "place"),
        CheckConstraint("place >= 1", name="place"),
        CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    version_id: Mapped[int] = mapped_column(ForeignKey("material_versions.id"))
    place: Mapped[int]
    quote: Mapped[str] = mapped_column(String(80))
    """How the passage begins."""
    body: Mapped[str] = mapped_column(Text)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    answer: Mapped[str] = mapped_column(Text, default="")
    """What the lecturer writes back when the comment is dealt with."""
    settled_at: Mapped[dt.datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))

    version: Mapped[MaterialVersion] = relationship()


class MaterialRule(Base):
    """What must be approved before a lecture is taught, and how long lecturers and reviewers have.

    The rule in force on the day of a lecture is that lecture's.
    """

    __tablename__ = "material_rules"
    __table_args__ = (
        CheckConstraint("due_days BETWEEN 0 AND 60", name="due"),
        CheckConstraint("decide_days BETWEEN 1 AND 60", name="decide"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    kinds: Mapped[list[str]] = mapped_column(JSON)
    """`MaterialKind` values without which nothing is taught."""
    due_days: Mapped[int]
    """So many days before the lecture the material is submitted."""
    decide_days: Mapped[int]
    """Days within which a reviewer decides."""
    # Closes the race of the first two rules; later ones lock the rule that they follow.
    valid_from: Mapped[dt.date] = mapped_column(unique=True)
    valid_to: Mapped[dt.date | None]
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    entered_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
