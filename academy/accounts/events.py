"""Events of accounts."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class SessionsEnded(Event):
    """Sessions ended on the server, by row id: sign-out, revocation by another device, a change of role, leaving."""

    session_ids: list[int]


@dataclass(frozen=True)
class PersonErased(Event):
    """A member had their data erased: handlers delete what their component holds, in the same transaction."""

    member_id: int
    account_id: int


@dataclass(frozen=True)
class DataRequestDecided(Event):
    """A person's request about their data was executed or refused, and they can still read the answer."""

    account_id: int
    request: str
    """Its public id."""


@dataclass(frozen=True)
class AccountTouched(Event):
    """A credential of an account was created or changed; its owner is notified in every case."""

    account_id: int
    what: str
    """code (an activation code was issued), password, paper-codes, or of the second step: second-step (set up),
    second-step-replaced, second-step-approved or second-step-removed."""
