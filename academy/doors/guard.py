"""Who may enter: every route wears exactly one of these, or a contract test fails."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from academy.core.actor import Role
from academy.core.errors import NotFound, SecondStepRequired, SignInRequired
from academy.doors.context import actor, house, identity

# A village's secretary sees one branch and has no spare telephone; whoever sees or changes more needs both.
TWO_STEPS = tuple(role for role in Role if role not in {Role.MEMBER, Role.BRANCH_SECRETARY})

V = TypeVar("V", bound=Callable[..., Any])


def public(view: V) -> V:
    """Anybody, signed in or not."""
    view.__policy__ = "public"  # type: ignore[attr-defined]
    return view


def signed_in(view: V) -> V:
    """Anybody with an account."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if actor().is_anonymous:
            raise SignInRequired
        return view(*args, **kwargs)

    guarded.__policy__ = "signed_in"  # type: ignore[attr-defined]
    return guarded  # type: ignore[return-value]


def office(*roles: Role) -> Callable[[V], V]:
    """Holders of one of the roles, for whichever node; `access_*` narrows to the thing asked for."""

    def decorate(view: V) -> V:
        @functools.wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if actor().is_anonymous:
                raise SignInRequired
            if not actor().has(*roles):
                raise NotFound
            me, settings = identity(), house().settings
            needed = settings.second_step and not settings.demo and actor().has(*TWO_STEPS)
            if needed and me is not None and not me.strong:
                raise SecondStepRequired
            return view(*args, **kwargs)

        guarded.__policy__ = "office:" + ",".join(sorted(roles))  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate
