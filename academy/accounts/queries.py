"""Reads about accounts: the owner of a session, and that person's rights."""

import dataclasses
import datetime as dt
import functools
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, ScalarSelect, and_, bindparam, exists, or_, select
from sqlalchemy.orm import aliased

from academy.accounts.models import (
    CODE_LENGTH,
    NAME_LENGTH,
    Account,
    ActivationCode,
    LoginSession,
    RoleGrant,
    SecondFactor,
)
from academy.core import clock, keyed
from academy.core.actor import Actor, Role, Scope
from academy.core.database import Tx
from academy.core.paging import Page, page_of
from academy.core.text import tidy_text
from academy.people import api as people
from academy.people.models import Member, Organisation

PROGRAM = "program"
"""The device name of a program's token."""

TWO_STEPS = frozenset(Role) - {Role.MEMBER, Role.BRANCH_SECRETARY}
"""Roles that need no second step: a village's secretary sees one branch and has no spare phone."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """A signed-in person: data for the page frame and for the actor. Holds no ORM object."""

    account_id: int
    public_id: str
    session_id: int
    seen_at: dt.datetime
    display_name: str
    language: str | None
    elder_mode: bool
    member_id: int | None
    organisation_id: int | None
    offices: tuple[Scope, ...]
    """Grants in force today, whether or not this session may use them: see `actor`."""
    strong: bool = True
    """Signed in with two steps, the second one approved; or a program's token."""
    is_program: bool = False
    is_screen: bool = False
    """A public screen: no roles, and nothing personal is shown."""
    consent_version: str | None = None

    @property
    def lacks_second_step(self) -> bool:
        """Whether a role is held that needs two steps while the second is not set up or not approved."""
        return not self.strong and any(scope.role in TWO_STEPS for scope in self.offices)

    def actor(self, network: str = "", *, two_steps: bool = True, playing: bool = False) -> Actor:
        """The actor of this person for a request from `network`: the only place that derives rights from a session.

        With `two_steps` (the setting) no role is held before the second step: routes that only require a signed-in
        person check scopes too. A public screen holds no role and is no member, so it reads nobody's ledger; only its
        playback (`playing`) belongs to its owner.
        """
        scopes = () if self.is_screen or (two_steps and self.lacks_second_step) else self.offices
        member_id = None if self.is_screen and not playing else self.member_id
        return Actor(account_id=self.account_id, member_id=member_id, scopes=scopes, network=network)


def digest(token: str) -> str:
    """Stored form of a random token: its SHA-256 (tokens are long and random; for short codes see `core.keyed`)."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def read_code(typed: str) -> str:
    """Normalised form of a typed one-time code: capital letters and digits only."""
    return tidy_text(typed, CODE_LENGTH).upper().replace(" ", "").replace("-", "")


@functools.cache
def may_sign_in() -> ColumnElement[bool]:
    """Condition: accounts that may be used: not frozen or closed, and their member, if any, is active.

    Every look-up that signs somebody in or sends a message uses it; the query must read `Account`.
    tests/http/test_who_left.py tries every way in. Made once: its alias takes longer than a query with it.
    """
    person = aliased(Member)
    here = exists().where(person.id == Account.member_id, person.status.in_(people.PRESENT_STATUSES)).correlate(Account)
    return and_(Account.state == "active", or_(Account.member_id.is_(None), here))


def is_usable(tx: Tx, account_id: int) -> bool:
    """Whether an account may be used now: see `may_sign_in`."""
    return tx.scalar(select(Account.id).where(Account.id == account_id, may_sign_in())) is not None


def grant_holds_on(day: dt.date | BindParameter[dt.date]) -> ColumnElement[bool]:
    """Grants in force on a day."""
    return and_(RoleGrant.valid_from <= day, or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > day))


def has_account(member_id: Any) -> ColumnElement[bool]:
    """Condition: the member of this column has an account to sign in with; one definition for all lists and figures."""
    return exists().where(Account.member_id == member_id, Account.state == "active")


def members_without_account(tx: Tx, node: Organisation, most: int) -> list[Member]:
    """Present members of a node and of everything below it who have no account to sign in with, in tree order."""
    query = (
        select(Member)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(people.subtree(node.path), Member.status.in_(people.PRESENT_STATUSES), ~has_account(Member.id))
        .order_by(Organisation.path, Member.id)
    )
    return list(tx.scalars(query.limit(most)))


# Used by every request, so they are compiled once: that takes longer than the database needs.
_HOLDER = (
    select(
        Account.id,
        Account.public_id,
        Account.display_name,
        Account.language,
        Account.elder_mode,
        Account.member_id,
        Account.consent_version,
        LoginSession.id.label("session_id"),
        LoginSession.seen_at,
        (LoginSession.device == PROGRAM).label("is_program"),
        LoginSession.screen,
        Member.organisation_id,
        and_(SecondFactor.confirmed_at.is_not(None), SecondFactor.approved_at.is_not(None)).label("two_steps"),
    )
    .join(LoginSession, LoginSession.account_id == Account.id)
    .outerjoin(Member, Member.id == Account.member_id)
    .outerjoin(SecondFactor, SecondFactor.account_id == Account.id)
    .where(
        LoginSession.digest == bindparam("token_digest"),
        LoginSession.ended_at.is_(None),
        LoginSession.pending.is_(False),
        LoginSession.expires_at > bindparam("now"),
        may_sign_in(),
    )
)
_GRANTS = (
    select(RoleGrant.role, Organisation.id, Organisation.path)
    .join(Organisation, Organisation.id == RoleGrant.organisation_id)
    .where(RoleGrant.account_id == bindparam("account_id"), grant_holds_on(bindparam("day", type_=Date)))
)


def identity_of(tx: Tx, token: str) -> Identity | None:
    """The identity of a session token; None when it ended, expired or does not exist."""
    row = tx.execute(_HOLDER, {"token_digest": digest(token), "now": clock.now()}).first()
    if row is None:
        return None
    return Identity(
        account_id=row.id,
        public_id=row.public_id,
        session_id=row.session_id,
        seen_at=row.seen_at,
        display_name=row.display_name,
        # Display preferences of a shared screen are not its owner's.
        language=None if row.screen else row.language,
        elder_mode=bool(row.elder_mode) and not row.screen,
        member_id=row.member_id,
        organisation_id=row.organisation_id,
        offices=() if row.screen else scopes_of(tx, row.id),
        strong=bool(row.is_program or row.two_steps),
        is_program=bool(row.is_program),
        is_screen=bool(row.screen),
        consent_version=row.consent_version,
    )


def has_second_factor(tx: Tx, account_id: int) -> bool:
    """Whether a second step is required after the password."""
    query = select(SecondFactor.account_id).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return tx.scalar(query) is not None


def scopes_of(tx: Tx, account_id: int) -> tuple[Scope, ...]:
    """Grants in force today, as scopes."""
    rows = tx.execute(_GRANTS, {"account_id": account_id, "day": clock.today()})
    return tuple(Scope(Role(role), organisation_id, path) for role, organisation_id, path in rows)


def offices_of(tx: Tx, account_id: int) -> list[tuple[RoleGrant, Organisation]]:
    """Roles that an account holds or will hold: anybody with access to the account gets them."""
    rows = tx.execute(
        select(RoleGrant, Organisation)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            RoleGrant.account_id == account_id,
            RoleGrant.role != Role.MEMBER,
            or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > clock.today()),
        )
        .order_by(RoleGrant.id)
    )
    return [(grant, node) for grant, node in rows]


def offices_of_member(tx: Tx, member_id: int) -> list[tuple[RoleGrant, Organisation]]:
    """The same, of a member's account if there is one."""
    account = account_of_member(tx, member_id)
    return offices_of(tx, account.id) if account else []


def account_names(tx: Tx, account_ids: Iterable[int | None]) -> dict[int, str]:
    """Display names of accounts, by row id."""
    wanted = {account_id for account_id in account_ids if account_id is not None}
    rows = tx.execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted)))
    return {row.id: row.display_name for row in rows}


def find_account(tx: Tx, name: str, phone_index: str | None = None, *, also_gone: bool = False) -> Account | None:
    """The account for a typed sign-in name: a username, a member number, else a phone.

    Only usable accounts, unless `also_gone` (for the trail and the operator). A phone shared by two people matches
    neither: one family phone must not open two accounts.
    """
    name = tidy_text(name, NAME_LENGTH + 1)
    usable = select(Account) if also_gone else select(Account).where(may_sign_in())
    # All three queries always run: the timing must not reveal whether it is a name or a number.
    by_name = tx.scalar(usable.where(Account.username == name))
    by_number = account_by_number(tx, name, also_gone=also_gone)
    account = by_name or by_number
    if phone_index is not None:
        owners = tx.scalars(
            usable.join(Member, Member.id == Account.member_id).where(Member.phone_index == phone_index).limit(2)
        ).all()
        account = account or (owners[0] if len(owners) == 1 else None)
    return account


def account_by_number(tx: Tx, number: str, *, also_gone: bool = False) -> Account | None:
    """The account of the member with this normalised number; only a usable one, unless `also_gone`."""
    query = select(Account).join(Member, Member.id == Account.member_id).where(Member.number == number)
    return tx.scalar(query if also_gone else query.where(may_sign_in()))


def holds_by_code(tx: Tx, number: str, code: str) -> tuple[Member, ActivationCode] | None:
    """The member with that number and their live code; locked, so that it is used once."""
    row = tx.execute(
        select(Member, ActivationCode)
        .join(ActivationCode, ActivationCode.member_id == Member.id)
        .where(
            Member.number == number,
            Member.status.in_(people.PRESENT_STATUSES),
            ActivationCode.digest.in_(keyed.digests(code)),
            ActivationCode.used_at.is_(None),
            ActivationCode.expires_at > clock.now(),
        )
        .with_for_update(of=ActivationCode)
    ).first()
    return (row[0], row[1]) if row else None


def live_sessions_of(tx: Tx, account_id: int) -> list[LoginSession]:
    """Live sessions of an account, last used first."""
    return list(
        tx.scalars(
            select(LoginSession)
            .where(
                LoginSession.account_id == account_id,
                LoginSession.ended_at.is_(None),
                LoginSession.pending.is_(False),
                LoginSession.expires_at > clock.now(),
            )
            .order_by(LoginSession.seen_at.desc())
            .limit(50)
        )
    )


def account_of_member(tx: Tx, member_id: int) -> Account | None:
    """A member's account, once activated."""
    return tx.scalar(select(Account).where(Account.member_id == member_id))


def grants_of(tx: Tx, account_id: int) -> list[tuple[RoleGrant, Organisation]]:
    """Every grant an account has or had, newest first."""
    rows = tx.execute(
        select(RoleGrant, Organisation)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(RoleGrant.account_id == account_id)
        .order_by(RoleGrant.id.desc())
    )
    return [(grant, node) for grant, node in rows]


def grants_under(
    tx: Tx, paths: Sequence[str], page: int = 1, *, text: str = ""
) -> "Page[tuple[RoleGrant, Account, Organisation]]":
    """Present and future grants inside the subtrees, by node; `text` is part of a person's or node's name."""
    query = (
        select(RoleGrant, Account, Organisation)
        .join(Account, Account.id == RoleGrant.account_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(people.subtrees(paths), or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > clock.today()))
        .order_by(Organisation.path, RoleGrant.id)
    )
    if like := text.strip()[: people.LONGEST_SEARCH]:
        query = query.where(
            or_(Account.display_name.contains(like, autoescape=True), Organisation.name.contains(like, autoescape=True))
        )
    return page_of(tx, query, page, 50)


def account_of_id(tx: Tx, account_id: int) -> Account:
    """The account of a row id.

    Raises:
        NoResultFound: there is none.
    """
    return tx.get_one(Account, account_id)


def accounts_holding(tx: Tx, role: Role, organisation_ids: Sequence[int] | None = None) -> list[int]:
    """Row ids, in ascending order, of the accounts that hold a role today and may sign in.

    `organisation_ids`: only grants for one of these nodes; None: for any node.
    """
    query = (
        select(RoleGrant.account_id)
        .join(Account, Account.id == RoleGrant.account_id)
        .where(RoleGrant.role == role, grant_holds_on(clock.today()), may_sign_in())
    )
    if organisation_ids is not None:
        query = query.where(RoleGrant.organisation_id.in_(organisation_ids))
    return list(tx.scalars(query.distinct().order_by(RoleGrant.account_id)))


def display_name_of(account_id: Any) -> ScalarSelect[str]:
    """Display name of the account in this column; NULL for none: for lists that name who did something."""
    named = aliased(Account)
    return select(named.display_name).where(named.id == account_id).scalar_subquery()
