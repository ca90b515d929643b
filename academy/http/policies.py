"""Access policies: every route declares exactly one, or the application does not start."""

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
    """Whom a route admits. Which objects it then shows, `access_*` decides."""

    is_public: bool = False
    """Whether anonymous requests are admitted."""
    roles: frozenset[Role] = frozenset()
    """Roles of which one is needed; empty: none."""

    def admits(self, who: Actor) -> bool:
        """Whether this person is admitted."""
        if self.roles:
            return who.has(*self.roles)
        return self.is_public or not who.is_anonymous

    def admits_role(self, role: Role | None) -> bool:
        """Whether a holder of the role is admitted; None is an anonymous client."""
        return self.is_public or (role is not None and (not self.roles or role in self.roles))

    def guard(self, view: V) -> V:
        """The view, wrapped in this policy."""
        if self.is_public:
            return view

        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            self.check()
            return view(*args, **kwargs)

        return guarded  # type: ignore[return-value]

    def check(self) -> None:
        """Check the present actor.

        Raises:
            SignInRequired: the policy needs an account and nobody is signed in.
            SecondStepRequired: the actor holds the role but has not done the second step.
            NotFound: the actor holds none of the roles.
        """
        who = actor()
        if self.admits(who):
            return
        if who.is_anonymous:
            raise SignInRequired
        # Without the second step the actor holds no role; if the role would be admitted, redirect to the second step.
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
    """Holders of one of the roles, for any node."""
    return Policy(roles=frozenset(roles))
