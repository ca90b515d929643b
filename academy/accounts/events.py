"""What happens to accounts."""

from dataclasses import dataclass

from academy.jobs import Event


@dataclass(frozen=True)
class SessionsEnded(Event):
    """Sessions ended on the server, by row id: at sign-out, another device's wish, a change of role, leaving."""

    session_ids: list[int]


@dataclass(frozen=True)
class PersonErased(Event):
    """A member had their data erased: whoever keeps more about them deletes it in the same transaction."""

    member_id: int
    account_id: int


@dataclass(frozen=True)
class DataRequestDecided(Event):
    """What somebody asked about their data was done or refused, and they can still read the answer."""

    account_id: int
    request: str
    """Its public id."""


@dataclass(frozen=True)
class AccountTouched(Event):
    """A way into an account was made or changed, and its owner is to hear of it, whoever did it."""

    account_id: int
    what: str
    """code (an activation code was handed out), password, paper-codes, or of the second step: second-step (set up),
    second-step-replaced, second-step-approved or second-step-removed."""
