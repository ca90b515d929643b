"""The acting person: all that components know about the sender of a request."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass


class Role(enum.StrEnum):
    """Roles, held through a dated grant for a node and its subtree."""

    MEMBER = "member"
    BRANCH_SECRETARY = "branch_secretary"
    TRAINER = "trainer"
    REVIEWER = "reviewer"
    NODE_ADMINISTRATOR = "node_administrator"
    ROSTER_OFFICER = "roster_officer"
    SECURITY_OFFICER = "security_officer"
    AUDITOR = "auditor"
    SYSTEM_ADMINISTRATOR = "system_administrator"


@dataclass(frozen=True)
class Scope:
    """A role for one node and everything below it.

    `path` is the node's materialised path of row ids, ``/1/7/42/``: closed by a slash, so that it
    can never match a stranger whose id merely begins alike.
    """

    role: Role
    organisation_id: int
    path: str


@dataclass(frozen=True)
class Actor:
    """Immutable snapshot of the acting person, taken once per request or job.

    `account_id` and `member_id` are row ids; both are None for anonymous requests and for the system itself. `scopes`
    are the rights usable now: none before the second step, none on a public screen.
    """

    account_id: int | None = None
    member_id: int | None = None
    scopes: tuple[Scope, ...] = ()
    label: str = ""
    network: str = ""

    @property
    def is_anonymous(self) -> bool:
        return self.account_id is None and self.label != "system"

    @property
    def is_system(self) -> bool:
        return self.account_id is None and self.label == "system"

    def has(self, *roles: Role) -> bool:
        """Whether any of the roles is held anywhere."""
        return any(scope.role in roles for scope in self.scopes)

    def paths(self, *roles: Role) -> tuple[str, ...]:
        """The subtrees in which any of the roles is held, widest first, without those inside others."""
        found = sorted({s.path for s in self.scopes if s.role in roles}, key=len)
        kept: list[str] = []
        for path in found:
            if not any(path.startswith(wider) for wider in kept):
                kept.append(path)
        return tuple(kept)

    def may(self, path: str, *roles: Role) -> bool:
        """Whether any of the roles is held for the node at `path` or for a node above it."""
        return _under(path, self.paths(*roles))


def _under(path: str, roots: Iterable[str]) -> bool:
    return any(path.startswith(root) for root in roots)


NOBODY = Actor()
SYSTEM = Actor(label="system")
