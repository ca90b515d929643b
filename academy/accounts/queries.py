"""Reads about accounts: who a session belongs to, and what that person may do."""

import dataclasses
import hashlib

from sqlalchemy import or_, select

from academy.accounts.models import Account, LoginSession, RoleGrant
from academy.core import clock
from academy.core.actor import Actor, Role, Scope
from academy.core.db import Tx
from academy.members.models import Member, Organisation


@dataclasses.dataclass(frozen=True)
class Identity:
    """A signed-in person: what the page's frame shows, and the actor's parts. Holds no ORM object."""

    account_id: int
    session_id: int
    display_name: str
    language: str | None
    elder_mode: bool
    member_id: int | None
    organisation_id: int | None
    scopes: tuple[Scope, ...]

    def actor(self, network: str = "") -> Actor:
        """The actor this person is in a request from `network`."""
        return Actor(account_id=self.account_id, member_id=self.member_id, scopes=self.scopes, network=network)


def digest(token: str) -> str:
    """What is kept of a random token: its SHA-256 (tokens are long and random, so no salt is needed)."""
    return hashlib.sha256(token.encode()).hexdigest()


def identity_of(tx: Tx, token: str) -> Identity | None:
    """Who holds this session token; None when it ended, expired or never was."""
    now = clock.now()
    row = tx.execute(
        select(Account, LoginSession.id, Member.organisation_id)
        .join(LoginSession, LoginSession.account_id == Account.id)
        .outerjoin(Member, Member.id == Account.member_id)
        .where(
            LoginSession.digest == digest(token),
            LoginSession.ended_at.is_(None),
            LoginSession.expires_at > now,
            Account.state == "active",
        )
    ).first()
    if row is None:
        return None
    account, session_id, organisation_id = row
    return Identity(
        account_id=account.id,
        session_id=session_id,
        display_name=account.display_name,
        language=account.language,
        elder_mode=account.elder_mode,
        member_id=account.member_id,
        organisation_id=organisation_id,
        scopes=scopes_of(tx, account.id),
    )


def scopes_of(tx: Tx, account_id: int) -> tuple[Scope, ...]:
    """The grants that hold today, as scopes."""
    day = clock.today()
    rows = tx.execute(
        select(RoleGrant.role, Organisation.id, Organisation.path)
        .join(Organisation, Organisation.id == RoleGrant.organisation_id)
        .where(
            RoleGrant.account_id == account_id,
            RoleGrant.valid_from <= day,
            or_(RoleGrant.valid_to.is_(None), RoleGrant.valid_to > day),
        )
    )
    return tuple(Scope(Role(role), organisation_id, path) for role, organisation_id, path in rows)
