"""Access to people and organisations."""

from sqlalchemy import select

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.people.models import Exemption, Member, Organisation, RosterImport

ROSTER_KEEPERS = (Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER)
"""Roles that may change the roster."""

ROSTER_READERS = (*ROSTER_KEEPERS, Role.BRANCH_SECRETARY)
"""Roles that may see names."""


def require_access(actor: Actor, path: str, what: str, *roles: Role) -> None:
    """Check the actor's roles for the node at `path`.

    Raises:
        Forbidden: none of the roles is held there.
    """
    if not actor.is_system and not actor.may(path, *roles):
        raise Forbidden(what)


def access_organisation(tx: Tx, actor: Actor, public_id: str, *roles: Role) -> Organisation:
    """A node for which the actor holds one of the roles (any role that sees names, if none is given).

    Raises:
        NotFound: there is none.
        Forbidden: it is outside the actor's scope.
    """
    node = tx.scalar(select(Organisation).where(Organisation.public_id == public_id))
    if node is None:
        raise NotFound
    require_access(actor, node.path, f"organisation:{public_id}", *(roles or ROSTER_READERS))
    return node


def access_member(tx: Tx, actor: Actor, public_id: str, *roles: Role) -> Member:
    """A member whose organisation is in the actor's scope.

    Raises:
        NotFound: there is none.
        Forbidden: the member is outside the scope.
    """
    row = tx.execute(
        select(Member, Organisation.path)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Member.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    require_access(actor, row.path, f"member:{public_id}", *(roles or ROSTER_READERS))
    found: Member = row[0]
    return found


def access_exemption(tx: Tx, actor: Actor, public_id: str, *roles: Role) -> Exemption:
    """An exemption of a member in the actor's scope.

    Raises:
        NotFound: there is none, or it is not the actor's to see; the attempt is audited.
    """
    row = tx.execute(
        select(Exemption, Organisation.path)
        .join(Member, Member.id == Exemption.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(Exemption.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    require_access(actor, row.path, f"exemption:{public_id}", *(roles or ROSTER_KEEPERS))
    found: Exemption = row[0]
    return found


def access_roster(tx: Tx, actor: Actor, public_id: str) -> RosterImport:
    """A roster file of a node in the actor's scope: colleagues may continue each other's imports.

    Raises:
        NotFound: there is none, or it is not the actor's to see; the attempt is audited.
    """
    row = tx.execute(
        select(RosterImport, Organisation.path)
        .join(Organisation, Organisation.id == RosterImport.organisation_id)
        .where(RosterImport.public_id == public_id)
    ).first()
    if row is None:
        raise NotFound
    require_access(actor, row.path, f"roster:{public_id}", *ROSTER_KEEPERS)
    found: RosterImport = row[0]
    return found
