"""Who may enter: every route wears exactly one of these, or a contract test fails."""

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from academy.core.actor import Role
from academy.core.errors import NotFound, SecondStepRequired, SignInRequired
from academy.http.request_context import actor, identity

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
                # Without the second step the actor holds nothing; whoever would be let in with it is led to it.
                me = identity()
                if me is not None and me.lacks_second_step and any(held.role in roles for held in me.offices):
                    raise SecondStepRequired
                raise NotFound
            return view(*args, **kwargs)

        guarded.__policy__ = "office:" + ",".join(sorted(roles))  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate
