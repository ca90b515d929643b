"""Who may enter: every route declares exactly one policy, or the application does not start."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from academy.core.actor import Actor, Role
from academy.core.errors import NotFound, SecondStepRequired, SignInRequired
from academy.http.request_context import actor, identity

V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True)
class Policy:
    """Whom a route lets in. Which things it then shows, `access_*` decides."""

    is_public: bool = False
    """Whether nobody needs to be signed in."""
    roles: frozenset[Role] = frozenset()
    """Of which roles one is needed; empty: none."""

    def admits(self, who: Actor) -> bool:
        """Whether this person is let in."""
        if self.roles:
            return who.has(*self.roles)
        return self.is_public or not who.is_anonymous

    def admits_role(self, role: Role | None) -> bool:
        """Whether a holder of the role is let in; None is a stranger."""
        return self.is_public or (role is not None and (not self.roles or role in self.roles))

    def guard(self, view: V) -> V:
        """The view, behind this policy."""
        if self.is_public:
            return view

        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.check()
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    def check(self) -> None:
        """Let the present actor pass.

        Raises:
            SignInRequired: nobody is signed in, and somebody has to be.
            SecondStepRequired: the actor holds the role and still lacks the second step.
            NotFound: the actor holds none of the roles.
        """
        who = actor()
        if self.admits(who):
            return
        if who.is_anonymous:
            raise SignInRequired
        # Without the second step the actor holds nothing; whoever would be let in with it is led to it.
        me = identity()
        if me is not None and me.lacks_second_step and any(held.role in self.roles for held in me.offices):
            raise SecondStepRequired
        raise NotFound

    def __str__(self) -> str:
        if self.roles:
            return ", ".join(sorted(self.roles))
        return "public" if self.is_public else "signed in"


PUBLIC = Policy(is_public=True)
"""Anybody, signed in or not."""
SIGNED_IN = Policy()
"""Anybody with an account."""


def office(*roles: Role) -> Policy:
    """Holders of one of the roles, for whichever node."""
    return Policy(roles=frozenset(roles))
