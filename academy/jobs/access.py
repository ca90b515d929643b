"""Access to failed jobs: operators only."""

from academy.core.actor import Actor, Role
from academy.core.errors import Forbidden

OPERATORS = (Role.SYSTEM_ADMINISTRATOR,)


def allow_operator(actor: Actor, what: str) -> None:
    """Raises Forbidden for everybody else."""
    if not actor.has(*OPERATORS):
        raise Forbidden(what)
