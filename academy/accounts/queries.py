"""Reads about accounts: who a session belongs to, and what that person may do."""

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Date, and_, bindparam, exists, or_, select
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
from academy.people.models import Member, Organisation
from academy.people.queries import LONGEST_SEARCH, subtrees
from academy.people.rules import HERE

PROGRAM = "program"
"""The device of a session that is a program's token."""

TWO_STEPS = frozenset(Role) - {Role.MEMBER, Role.BRANCH_SECRETARY}
"""A village's secretary sees one branch and has no spare telephone; whoever sees or changes more needs both steps."""


@dataclasses.dataclass(frozen=True)
class Identity:
    """A signed-in person: what the page's frame shows, and the actor's parts. Holds no ORM object."""

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
    """The grants that hold today, whether or not this session may use them: see `actor`."""
    strong: bool = True
    """Signed in by two steps, the second of them approved; or a program's token."""
    is_program: bool = False
    is_screen: bool = False
    """A public screen: without offices, and nothing personal is shown on it."""
    consent_version: str | None = None

    @property
    def lacks_second_step(self) -> bool:
        """Whether an office is held that needs two steps, and the second is not set up, or not approved yet."""
        return not self.strong and any(scope.role in TWO_STEPS for scope in self.offices)

    def actor(self, network: str = "", *, two_steps: bool = True, playing: bool = False) -> Actor:
        """The actor this person is in a request from `network`: the one place that gives a session its rights.

        With `two_steps` (the academy's setting) no office is held before the second step, anywhere: a route
        that only asks for somebody signed in looks at scopes too. A public screen holds none and is no
        member, so that it reads nobody's ledger; only its playback (`playing`) is its owner's.
        """
        scopes = () if self.is_screen or (two_steps and self.lacks_second_step) else self.offices
        member_id = None if self.is_screen and not playing else self.member_id
        return Actor(account_id=self.account_id, member_id=member_id, scopes=scopes, network=network)


def digest(token: str) -> str:
    """What is kept of a random token: its SHA-256 (tokens are long and random; for short codes see `core.keyed`)."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def read_code(typed: str) -> str:
    """A one-time code as it is kept: capital letters and digits, whatever was typed between them."""
    return tidy_text(typed, CODE_LENGTH).upper().replace(" ", "").replace("-", "")


def may_sign_in() -> ColumnElement[bool]:
    """Accounts that may be used: not frozen or closed, and their person, if the roster has one, is here.

    Every look-up that ends in somebody signed in, or in a message to somebody, asks this; the query
    it is put into must read `Account`. tests/contracts/test_status.py finds a look-up that does not ask.
    """
    person = aliased(Member)
    here = exists().where(person.id == Account.member_id, person.status.in_(HERE)).correlate(Account)
    return and_(Account.state == "active", or_(Account.member_id.is_(None), here))


def is_usable(tx: Tx, account_id: int) -> bool:
    """Whether an account may be used now: see `may_enter`."""
    return tx.scalar(select(Account.id).where(Account.id == account_id, may_sign_in())) is not None


def holds_on(day: dt.date | BindParameter[dt.date]) -> ColumnElement[bool]:
    """Grants in force on a day."""
    return and_(RoleGrant.valid_from <= day, or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > day))


def has_account(member_id: Any) -> ColumnElement[bool]:
    """Whether the member of this column has an account to sign in with: what every list and figure means by it."""
    return exists().where(Account.member_id == member_id, Account.state == "active")


# Every request asks these two, so they are put together once: that takes longer than the database to answer.
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
    .where(RoleGrant.account_id == bindparam("account_id"), holds_on(bindparam("day", type_=Date)))
)


def identity_of(tx: Tx, token: str) -> Identity | None:
    """Who holds this session token; None when it ended, expired or never was."""
    row = tx.execute(_HOLDER, {"token_digest": digest(token), "now": clock.now()}).first()
    if row is None:
        return None
    return Identity(
        account_id=row.id,
        public_id=row.public_id,
        session_id=row.session_id,
        seen_at=row.seen_at,
        display_name=row.display_name,
        # How a hall's screen looks says nothing about its owner.
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
    """Whether a code is asked for after the password."""
    query = select(SecondFactor.account_id).where(
        SecondFactor.account_id == account_id, SecondFactor.confirmed_at.is_not(None)
    )
    return tx.scalar(query) is not None


def scopes_of(tx: Tx, account_id: int) -> tuple[Scope, ...]:
    """The grants that hold today, as scopes."""
    rows = tx.execute(_GRANTS, {"account_id": account_id, "day": clock.today()})
    return tuple(Scope(Role(role), organisation_id, path) for role, organisation_id, path in rows)


def offices_of(tx: Tx, account_id: int) -> list[tuple[RoleGrant, Organisation]]:
    """The offices that an account holds or will hold: whoever gets into it gets them."""
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


def names_of(tx: Tx, account_ids: Iterable[int | None]) -> dict[int, str]:
    """What accounts are called, by row id."""
    wanted = {account_id for account_id in account_ids if account_id is not None}
    rows = tx.execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted)))
    return {row.id: row.display_name for row in rows}


def find_account(tx: Tx, name: str, phone_index: str | None = None, *, also_gone: bool = False) -> Account | None:
    """The account that somebody means who types this: a username, a member number, else a phone.

    Only one that may be used, unless `also_gone` (for the trail and the operator). A phone that two people
    share finds neither: a family's one telephone must not open two accounts.
    """
    name = tidy_text(name, NAME_LENGTH + 1)
    usable = select(Account) if also_gone else select(Account).where(may_sign_in())
    # Every question is asked whatever the one before found: the time must not tell a name from a number.
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
    """The account of the member of this number, already tidied; only one that may be used, unless `also_gone`."""
    query = select(Account).join(Member, Member.id == Account.member_id).where(Member.number == number)
    return tx.scalar(query if also_gone else query.where(may_sign_in()))


def holds_by_code(tx: Tx, number: str, code: str) -> tuple[Member, ActivationCode] | None:
    """The member of that number and the live code that was issued to them; locked, so it is used once."""
    row = tx.execute(
        select(Member, ActivationCode)
        .join(ActivationCode, ActivationCode.member_id == Member.id)
        .where(
            Member.number == number,
            Member.status.in_(HERE),
            ActivationCode.digest.in_(keyed.digests(code)),
            ActivationCode.used_at.is_(None),
            ActivationCode.expires_at > clock.now(),
        )
        .with_for_update(of=ActivationCode)
    ).first()
    return (row[0], row[1]) if row else None


def devices(tx: Tx, account_id: int) -> list[LoginSession]:
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
    """Grants that hold or will hold inside the subtrees, by node; `text` is part of a person's or node's name."""
    query = (
        select(RoleGrant, Account, Organisation)
        .join(Account, Account.id == RoleGrant.account_id)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(subtrees(paths), or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > clock.today()))
        .order_by(Organisation.path, RoleGrant.id)
    )
    if like := text.strip()[:LONGEST_SEARCH]:
        query = query.where(
            or_(Account.display_name.contains(like, autoescape=True), Organisation.name.contains(like, autoescape=True))
        )
    return page_of(tx, query, page, 50)
