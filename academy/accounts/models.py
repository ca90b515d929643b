"""Credentials, sessions and grants."""

import datetime as dt
import enum

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from academy.core import clock
from academy.core.actor import Role
from academy.core.database import Base
from academy.core.ids import new_id
from academy.core.types import Key, one_of

NAME_LENGTH, NUMBER_LENGTH, CODE_LENGTH = 60, 40, 40
"""Characters of a sign-in name, of a member number, and of a code as people type it, with spaces and dashes."""


class AccountState(enum.StrEnum):
    """Whether an account signs in. `frozen` with its member's data, `closed` for good."""

    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


class DataRequestKind(enum.StrEnum):
    """Kinds of requests of members about their own data."""

    CORRECT = "correct"
    FREEZE = "freeze"
    ERASE = "erase"


class DataRequestState(enum.StrEnum):
    """open → agreed (by the first of two officers) → done, or refused; cancelled by the requester."""

    OPEN = "open"
    AGREED = "agreed"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


class RestrictionKind(enum.StrEnum):
    """How far a member's data is out of use."""

    FROZEN = "frozen"
    ERASED = "erased"


class Account(Base):
    """Something that can sign in. Members get one when they activate, so none is made at import."""

    __tablename__ = "accounts"
    __table_args__ = (one_of("state", AccountState),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    username: Mapped[str] = mapped_column(String(NAME_LENGTH), unique=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey("members.id"), unique=True)
    display_name: Mapped[str] = mapped_column(String(60))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(12), default=AccountState.ACTIVE)
    language: Mapped[str | None] = mapped_column(String(8))
    elder_mode: Mapped[bool] = mapped_column(default=False)
    consent_version: Mapped[str | None] = mapped_column(String(8))
    """The accepted version of the consent text; read by every request, so it is kept here (see `Consent`)."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class ActivationCode(Base):
    """A one-time code that a branch hands to a member; only its digest is kept."""

    __tablename__ = "activation_codes"
    __table_args__ = (Index(None, "member_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    issued_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]


class LoginSession(Base):
    """A signed-in device, kept on the server so that ending it takes effect. The cookie holds a token; its digest is
    here."""

    __tablename__ = "login_sessions"
    __table_args__ = (Index(None, "account_id", "ended_at"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    device: Mapped[str] = mapped_column(String(120), default="")
    screen: Mapped[bool] = mapped_column(default=False)
    """A public screen signed in by a phone: it may show lectures and nothing personal, for a few hours."""
    pending: Mapped[bool] = mapped_column(default=False)
    """The password was right and the second step is pending: nobody is signed in yet."""
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    seen_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]


class ExternalIdentity(Base):
    """An identity at a sign-on provider and the account it opens.

    The subject is the provider's stable id; the pair is unique, which closes the race of two first sign-ins.
    """

    __tablename__ = "external_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class SecondFactor(Base):
    """The TOTP secret that an account shares with an authenticator app, sealed.

    `last_step` closes the race of one code used twice: only a newer step is accepted. Once confirmed, it is required at
    sign-in; once approved, it enables roles (see `second_step_approvals`).
    """

    __tablename__ = "second_factors"

    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    last_step: Mapped[int] = mapped_column(Key, default=0)
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    confirmed_at: Mapped[dt.datetime | None]
    # For the nightly deletion: each deleted session is looked up here.
    session_id: Mapped[int | None] = mapped_column(ForeignKey("login_sessions.id", ondelete="SET NULL"), index=True)
    """Row id of the session that created the pending secret: no other session sees or confirms it."""
    next_secret_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The secret of a replacement phone; takes the first one's place once it has produced a valid code."""
    next_until: Mapped[dt.datetime | None]
    check_number: Mapped[str] = mapped_column(String(6), default="", server_default="")
    """Check number on the owner's page, which they give to the security officer who approves."""
    approved_at: Mapped[dt.datetime | None]
    approved_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    """Row id of the approving account; None for the operator's command."""


class RecoveryCode(Base):
    """One of ten printed recovery codes, each valid for one sign-in; only its digest is kept."""

    __tablename__ = "recovery_codes"
    __table_args__ = (Index(None, "account_id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    used_at: Mapped[dt.datetime | None]


class Throttle(Base):
    """Wrong answers under one key (a name, a name from one network, a network), known or not.

    Not a column of `Account`: an unknown name must behave exactly like a known one.
    """

    __tablename__ = "throttles"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    """A digest; what was typed may be a person's phone."""
    failures: Mapped[int] = mapped_column(default=0)
    since: Mapped[dt.datetime] = mapped_column(default=clock.now)
    until: Mapped[dt.datetime | None]


class RoleGrant(Base):
    """A role for a node and its subtree, valid from one day up to (not including) another; records who granted it."""

    __tablename__ = "role_grants"
    __table_args__ = (
        Index(
            "uq_role_grants_open",
            "account_id",
            "role",
            "organisation_id",
            unique=True,
            sqlite_where=text("valid_to IS NULL"),
            postgresql_where=text("valid_to IS NULL"),
        ),
        CheckConstraint("valid_to IS NULL OR valid_to >= valid_from", name="order"),
        one_of("role", Role),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    role: Mapped[str] = mapped_column(String(24))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"))
    valid_from: Mapped[dt.date] = mapped_column(default=clock.today)
    valid_to: Mapped[dt.date | None]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))


class ScreenLogin(Base):
    """A public screen that waits for confirmation by a phone: for two minutes, once.

    The QR code carries `code`; the screen's cookie carries a secret whose digest is here, so that somebody who
    photographs the code cannot take the session.
    """

    __tablename__ = "screen_logins"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    number: Mapped[int]
    """Two digits shown on the screen and asked for on the phone: a person who scans a code sent by a stranger has no
    screen to read them from."""
    device: Mapped[str] = mapped_column(String(120), default="")
    network: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    expires_at: Mapped[dt.datetime]
    account_id: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    answered_at: Mapped[dt.datetime | None]
    """When the phone confirmed (then `account_id` is set) or refused."""
    used_at: Mapped[dt.datetime | None]


class Consent(Base):
    """Consent to one version of the privacy text, perhaps withdrawn later."""

    __tablename__ = "consents"
    __table_args__ = (Index(None, "account_id", "id"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    version: Mapped[str] = mapped_column(String(8))
    language: Mapped[str] = mapped_column(String(8))
    """The language in which it was read."""
    given_at: Mapped[dt.datetime] = mapped_column(default=clock.now)
    withdrawn_at: Mapped[dt.datetime | None]


class DataRequest(Base):
    """A member's request for correction, restriction or erasure of their data; the latter two need two officers."""

    __tablename__ = "data_requests"
    __table_args__ = (
        # Closes the race of the same request made twice.
        Index(
            "uq_data_requests_open",
            "member_id",
            "kind",
            unique=True,
            sqlite_where=text("state IN ('open','agreed')"),
            postgresql_where=text("state IN ('open','agreed')"),
        ),
        # Pending requests of an officer.
        Index(None, "state", "id"),
        CheckConstraint("first_by IS NULL OR decided_by IS NULL OR first_by <> decided_by", name="two_pairs_of_eyes"),
        CheckConstraint("account_id <> first_by AND account_id <> decided_by", name="nobody_decides_their_own"),
        one_of("kind", DataRequestKind),
        one_of("state", DataRequestState),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(16), unique=True, default=new_id)
    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("accounts.id"))
    kind: Mapped[str] = mapped_column(String(8))
    body: Mapped[str] = mapped_column(String(1000), default="")
    state: Mapped[str] = mapped_column(String(10), default=DataRequestState.OPEN)
    first_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    first_at: Mapped[dt.datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("accounts.id"))
    decided_at: Mapped[dt.datetime | None]
    answer: Mapped[str] = mapped_column(String(1000), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default=clock.now)


class Restriction(Base):
    """A member whose data is frozen (kept, not used) or erased (as far as the law allows)."""

    __tablename__ = "restrictions"
    __table_args__ = (one_of("kind", RestrictionKind),)

    member_id: Mapped[int] = mapped_column(ForeignKey("members.id"), primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(8))
    since: Mapped[dt.datetime] = mapped_column(default=clock.now)
