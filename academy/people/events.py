"""Events of people and organisations."""

from dataclasses import dataclass

from academy.jobs.api import Event


@dataclass(frozen=True)
class MembersChanged(Event):
    """Some members were added, moved, changed status or left; by row id. Published per batch."""

    member_ids: list[int]


@dataclass(frozen=True)
class ExemptionChanged(Event):
    """A member's exemption began, ended or was revoked."""

    member_id: int


@dataclass(frozen=True)
class OrganisationMoved(Event):
    """A node has another parent; every path below it has changed."""

    organisation_id: int
    old_path: str
    new_path: str
