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
    "DATES",
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


DATES = ("birth_date", "joined_on", "position_since")
"""A member's dates; each may be known by its month only."""


class Organisation(Base):
    """A node of the one tree: city, county, town, branch.

    `path` (row ids, ``/1/7/42/``) is what scopes and rollups use; a code's prefix means nothing,
    because ``001`` and ``0010`` are strangers. `code` is the register's own and may be reissued
    only after a close. What the node was called and where it hung on a past date is in
    `OrganisationSpell`.
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
    """What a node was called and where it hung from one day up to (not including) another.

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
    """One organisation that became part of another, with what was carried over: what an undoing needs to know."""

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
    """Row ids: `members` who belonged to the node, `fresh` those among them who had come that very day,
    `lasting` members who had left and last belonged to it, `children` its open nodes."""
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
    """The register's member number: what identifies a person across two roster files."""
    name: Mapped[str] = mapped_column(String(60))
    gender: Mapped[str | None] = mapped_column(String(8))
    birth_date: Mapped[dt.date | None]
    education: Mapped[str | None] = mapped_column(String(20))
    joined_on: Mapped[dt.date | None]
    status: Mapped[str] = mapped_column(String(12), default=MemberStatus.ACTIVE)
    position: Mapped[str | None] = mapped_column(String(40))
    position_since: Mapped[dt.date | None]
    """None where nobody said since when; that the position was entered today says nothing about it."""
    month_only: Mapped[str] = mapped_column(String(40), default="", server_default="")
    """Which of the three dates are known by month only, by their names and a space between: they hold its first day."""
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone_index: Mapped[str | None] = mapped_column(String(32))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """Where the open membership is; kept here because every list asks for it."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    updated_at: Mapped[dt.datetime] = mapped_column(default=clock.now, onupdate=clock.now)

    organisation: Mapped[Organisation] = relationship()

    def known_date(self, name: str) -> dt.date | None:
        """`birth_date`, `joined_on` or `position_since` as it is known: a day, or a `Month`."""
        return known_date(getattr(self, name), name, self.month_only)


def known_date(day: dt.date | None, name: str, month_only: str) -> dt.date | None:
    """A member's date as it is known, from the columns that keep it."""
    return month_of(day) if day is not None and name in month_only.split() else day


class Membership(Base):
    """Where a member belonged from one day up to (not including) another.

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
    """From when to when a member need not study, why, and who agreed (never who asked)."""

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
    """A position that a member held, or a status other than being here, from one day up to another.

    Who was secretary since when, and who has been floating since when and where to, is asked of these
    rows; `Member.position` and `Member.status` are what is so today.
    """

    __tablename__ = "member_terms"
    __table_args__ = (
        # One open term of each sort a member: two offices that enter one at once would make two.
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
        # New secretaries since a day, and everybody who floats.
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
    """Of a position its `Post`, of a status itself."""
    note: Mapped[str] = mapped_column(String(120), default="")
    """Where a floating member went, or whatever else was said."""
    valid_from: Mapped[dt.date]
    precision: Mapped[str] = mapped_column(String(8), default=DatePrecision.DAY, server_default="day")
    """How well `valid_from` is known: the day; the month, of which it is the first day; or not at all (unknown):
    then it is the day on which the term was entered, and no report may say that it began then."""
    valid_to: Mapped[dt.date | None]

    @property
    def known_since(self) -> dt.date | None:
        """Since when, as far as it is known: a day, a `Month`, or None."""
        if self.precision == "unknown":
            return None
        return month_of(self.valid_from) if self.precision == "month" else self.valid_from


class Sector(Base):
    """A field of work that organisations are counted by; the city keeps the list itself.

    `Organisation.sector` holds the code. A sector that is no longer used is retired, never deleted:
    past figures still name it.
    """

    __tablename__ = "sectors"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    name_en: Mapped[str] = mapped_column(String(40), default="")
    place: Mapped[int] = mapped_column(default=0)
    """Its place in lists, from 1."""
    retired_at: Mapped[dt.datetime | None]


class Cohort(Base):
    """A named list of members that a node keeps, such as a year's new secretaries; trainings ask for it."""

    __tablename__ = "cohorts"
    __table_args__ = (
        # Two lists of one name in one node could not be told apart; also finds a node's lists.
        UniqueConstraint("organisation_id", "name"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    closed_at: Mapped[dt.datetime | None]
    """Since when it is offered for new trainings no more."""


class CohortMember(Base):
    """Somebody in a cohort. When they count in a training is in the training's enrolments, by days."""

    __tablename__ = "cohort_members"
    __table_args__ = (
        # The cohorts of one member, when they are placed anew in every training.
        Index(None, "member_id"),
    )

    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True)
    added_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class RosterState(Base):
    """One row whose version counts every change to people and to the tree.

    Whoever changes either takes this row first (`members.roster_lock`), so that two moves can't
    close a cycle together; an import compares versions to know that its dry run is out of date.
    """

    __tablename__ = "roster_state"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    version: Mapped[int] = mapped_column(Key, default=0)


class RosterImport(Base):
    """One roster file: looked at first, applied afterwards, all of it or none of it.

    Rows and findings live in files beside the source (`findings`), never in this table: a whole
    city's roster is 180,000 rows.
    """

    __tablename__ = "roster_imports"
    __table_args__ = (Index(None, "account_id", "id"), one_of("kind", RosterKind), one_of("state", RosterImportState))

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Who gave the file; None for the operator's command."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    """The node whose subtree this roster is about; nothing outside it is touched."""
    kind: Mapped[str] = mapped_column(String(12), default=RosterKind.MEMBERS)
    filename: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    stored_at: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(16), default=RosterImportState.CHECKING)
    header: Mapped[list[str]] = mapped_column(JSON, default=list)
    mapping: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Which column (counted from 0) holds which field."""
    complete: Mapped[bool] = mapped_column(default=False)
    """Whether the file is the whole roster, so that who is not in it has left."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Counts of the dry run."""
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """A `Message` about the file as a whole: unreadable, a column missing, the roster changed since."""
    reading: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")
    """How the file was read: `notes` are messages about where the headings were, `lines` counts what became of each."""
    version: Mapped[int] = mapped_column(Key, default=0)
    """`RosterState.version` that the dry run saw."""
    # Indexed for the night: each job that is forgotten is looked for here.
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    applied_at: Mapped[dt.datetime | None]
