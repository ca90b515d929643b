"""People and the organisation tree they belong to."""

import datetime as dt
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from academy.core import clock
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.months import month_of
from academy.core.types import Key, one_of
from academy.people.kinds import (
    DatePrecision,
    Gender,
    MemberStatus,
    OrganisationKind,
    OrganisationLevel,
    Post,
    RosterImportState,
    RosterKind,
    TermSubject,
)

__all__ = [
    "MEMBER_DATES",
    "PATH",
    "Cohort",
    "CohortMember",
    "Exemption",
    "Member",
    "MemberStatus",
    "MemberTerm",
    "Membership",
    "Merger",
    "Organisation",
    "OrganisationKind",
    "OrganisationSpell",
    "RosterImport",
    "RosterState",
    "Sector",
    "known_date",
]

# Ranges on paths compare bytes; a PostgreSQL database in another locale would sort "/" its own way.
PATH = String(255).with_variant(String(255, collation="C"), "postgresql")


MEMBER_DATES = ("birth_date", "joined_on", "position_since")
"""A member's dates of which only the month may be known."""


class Organisation(Base):
    """A node of the organisation tree: city, county, town, branch.

    `path` (row ids, ``/1/7/42/``) is used for scopes and rollups; prefixes of codes are not, because ``001`` and
    ``0010`` are unrelated. `code` is the register's own and may be reissued only after a close. Earlier names and
    parents of the node are in `OrganisationSpell`.
    """

    __tablename__ = "organisations"
    __table_args__ = (
        # Subtrees are read by range on the path: path >= '/1/7/' AND path < '/1/70'.
        Index(None, "path"),
        Index(None, "parent_id"),
        one_of("kind", OrganisationKind),
        one_of("level", OrganisationLevel),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[str] = mapped_column(String(20))
    level: Mapped[str] = mapped_column(String(12), default=OrganisationLevel.BRANCH)
    sector: Mapped[str | None] = mapped_column(ForeignKey("sectors.code"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    path: Mapped[str] = mapped_column(PATH, default="")
    depth: Mapped[int] = mapped_column(default=0)
    opened_on: Mapped[dt.date] = mapped_column(default=clock.today)
    closed_on: Mapped[dt.date | None]

    parent: Mapped["Organisation | None"] = relationship(remote_side=[id])


class OrganisationSpell(Base):
    """Name and parent of a node from one day up to (not including) another.

    One open spell a node at a time, so that a past date has exactly one answer.
    """

    __tablename__ = "organisation_spells"
    __table_args__ = (
        Index(
            "uq_organisation_spells_open",
            "organisation_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index(None, "organisation_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class Merger(Base):
    """One organisation merged into another, with the data needed to undo it."""

    __tablename__ = "mergers"
    __table_args__ = (
        # The merger that closed a node, for its page.
        Index(None, "organisation_id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    into_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    merged_on: Mapped[dt.date]
    carried: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Row ids: `members` of the node, `fresh` those among them who had joined on that very day, `lasting` members who
    had left with it as their last node, `children` its open child nodes."""
    merged_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    merged_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    undone_at: Mapped[dt.datetime | None]


class Member(Base):
    """A person. The phone is sealed (`core.crypto`); `phone_index` finds an equal one."""

    __tablename__ = "members"
    __table_args__ = (
        # The list of a branch, and the search by name within a subtree.
        Index(None, "organisation_id", "status"),
        Index(None, "phone_index"),
        one_of("status", MemberStatus),
        one_of("gender", Gender),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    """The register's member number: identifies a person across roster files."""
    name: Mapped[str] = mapped_column(String(60))
    gender: Mapped[str | None] = mapped_column(String(8))
    birth_date: Mapped[dt.date | None]
    education: Mapped[str | None] = mapped_column(String(20))
    joined_on: Mapped[dt.date | None]
    status: Mapped[str] = mapped_column(String(12), default=MemberStatus.ACTIVE)
    position: Mapped[str | None] = mapped_column(String(40))
    position_since: Mapped[dt.date | None]
    """None if unknown; the day of entry is no evidence of it."""
    month_only: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Names, separated by spaces, of the dates known by month only: they hold its first day."""
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[str | None] = mapped_column(String(32))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Copy of the open membership's organisation; kept here because every list needs it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    organisation: Mapped[Organisation] = relationship()

    def known_date(self, name: str) -> dt.date | None:
        """`birth_date`, `joined_on` or `position_since` with its precision: a day, or a `Month`."""
        return known_date(getattr(self, name), name, self.month_only)


def known_date(day: dt.date | None, name: str, month_only: str) -> dt.date | None:
    """A member's date with its precision, from its columns."""
    return month_of(day) if day is not None and name in month_only.split() else day


class Membership(Base):
    """The organisation of a member from one day up to (not including) another.

    The partial unique index closes the race of two transfers of one person at once.
    """

    __tablename__ = "memberships"
    __table_args__ = (
        Index(
            "uq_memberships_open",
            "member_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        Index(None, "organisation_id", "valid_from"),
        Index(None, "member_id", "valid_from"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]


class Exemption(Base):
    """Period of a member's exemption, its reason, and who requested and approved it (never the same)."""

    __tablename__ = "exemptions"
    __table_args__ = (
        Index(None, "member_id", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
        CheckConstraint(
            "approved_by IS NULL OR requested_by IS NULL OR approved_by <> requested_by", name="second_pair_of_eyes"
        ),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[dt.date]
    valid_to: Mapped[dt.date | None]
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    approved_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]


class MemberTerm(Base):
    """A position that a member held, or a status other than active, from one day up to another.

    Answers who was secretary since when, and who has been floating since when and where to; `Member.position` and
    `Member.status` hold today's values.
    """

    __tablename__ = "member_terms"
    __table_args__ = (
        # Closes the race of two officers: one open term of each kind a member.
        Index(
            "uq_member_terms_open",
            "member_id",
            "what",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        # The history on a member's page.
        Index(None, "member_id", "valid_from"),
        # New secretaries since a day, and all floating members.
        Index(None, "what", "kind", "valid_from"),
        one_of("what", TermSubject),
        one_of("kind", Post, MemberStatus),
        one_of("precision", DatePrecision),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="order"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    what: Mapped[str] = mapped_column(String(12))
    value: Mapped[str] = mapped_column(String(40))
    """The position as the register writes it, or a `MemberStatus`."""
    kind: Mapped[str] = mapped_column(String(12))
    """The `Post` of a position; the status itself."""
    note: Mapped[str] = mapped_column(String(120), default="")
    """Destination of a floating member, or another note."""
    valid_from: Mapped[dt.date]
    precision: Mapped[str] = mapped_column(String(8), default=DatePrecision.DAY, server_default="day")
    """Precision of `valid_from`: the day; the month, whose first day it is; or unknown: then it is the day of entry,
    which no report may use as the beginning."""
    valid_to: Mapped[dt.date | None]

    @property
    def known_since(self) -> dt.date | None:
        """Since when, as far as it is known: a day, a `Month`, or None."""
        if self.precision == "unknown":
            return None
        return month_of(self.valid_from) if self.precision == "month" else self.valid_from


class Sector(Base):
    """A field of work by which organisations are counted; the city keeps the list itself.

    `Organisation.sector` holds the code. An unused sector is retired, never deleted: past figures refer to it.
    """

    __tablename__ = "sectors"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    name_en: Mapped[str] = mapped_column(String(40), default="")
    place: Mapped[int] = mapped_column(default=0)
    """Position in lists, from 1."""
    retired_at: Mapped[dt.datetime | None]


class Cohort(Base):
    """A named list of members that a node keeps, such as a year's new secretaries; used in audiences of trainings."""

    __tablename__ = "cohorts"
    __table_args__ = (
        # Names are unique within a node; the index also finds a node's lists.
        UniqueConstraint("organisation_id", "name"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[dt.datetime | None]
    """Since when it is closed for new trainings."""


class CohortMember(Base):
    """A member of a cohort. The days on which they count in a training are in its enrolments."""

    __tablename__ = "cohort_members"
    __table_args__ = (
        # The cohorts of one member, when their enrolments are recomputed.
        Index(None, "member_id"),
    )

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    added_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class RosterState(Base):
    """One row whose version counts every change to people and to the tree.

    Every such change locks this row first (`lock.take_roster_lock`), so that two moves can't close a cycle together; an
    import compares versions to detect an outdated dry run.
    """

    __tablename__ = "roster_state"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(Key, default=0)


class RosterImport(Base):
    """One roster file: dry run first, applied afterwards, completely or not at all.

    Rows and findings are in files beside the source (`findings`), not in this table: a whole city's roster is 180,000
    rows.
    """

    __tablename__ = "roster_imports"
    __table_args__ = (Index(None, "account_id", "id"), one_of("kind", RosterKind), one_of("state", RosterImportState))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """The uploader; None for the operator's command."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node whose subtree this roster is about; nothing outside it is changed."""
    kind: Mapped[str] = mapped_column(String(12), default=RosterKind.MEMBERS)
    filename: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default=RosterImportState.CHECKING)
    header: Mapped[list[str]] = mapped_column(JSON, default=list)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Field → column (counted from 0)."""
    complete: Mapped[bool] = mapped_column(default=False)
    """Whether the file is the complete roster, so that members not in it have left."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Counts of the dry run."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """A `Message` about the file as a whole: unreadable, a column missing, the roster changed since."""
    reading: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    """How the file was read: `notes` are messages about the position of the headings, `lines` counts the outcomes."""
    version: Mapped[int] = mapped_column(Key, default=0)
    """`RosterState.version` of the dry run."""
    # For the nightly deletion: each deleted job is looked up here.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    applied_at: Mapped[dt.datetime | None]
