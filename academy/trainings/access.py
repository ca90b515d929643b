"""Access to trainings and coverage."""

from sqlalchemy import or_, select

from academy.core.actor import Actor, Role
from academy.core.database import Tx
from academy.core.errors import Forbidden, NotFound
from academy.people.models import Organisation
from academy.trainings.models import Training, TrainingState

VIEWING_ROLES = (Role.NODE_ADMINISTRATOR, Role.BRANCH_SECRETARY, Role.AUDITOR)
MANAGING_ROLES = (Role.NODE_ADMINISTRATOR,)
REMINDING_ROLES = (Role.NODE_ADMINISTRATOR, Role.BRANCH_SECRETARY)


def access_training(tx: Tx, actor: Actor, public_id: str) -> Training:
    """A training that concerns a node in the actor's scope; drafts only for those who may change them.

    Raises:
        NotFound: there is none, or (audited) it is out of scope.
    """
    training, holder = _find(tx, public_id)
    if actor.is_system or actor.may(holder.path, *MANAGING_ROLES):
        return training
    near = any(holder.path.startswith(p) or p.startswith(holder.path) for p in actor.paths(*VIEWING_ROLES))
    if training.state in (TrainingState.DRAFT, TrainingState.OPENING) or not near:
        raise Forbidden(f"training:{public_id}")
    return training


def access_own_training(tx: Tx, actor: Actor, public_id: str) -> Training:
    """A training that the actor may change.

    Raises:
        NotFound: there is none, or (audited) it is out of scope.
    """
    training, holder = _find(tx, public_id)
    if not actor.is_system and not actor.may(holder.path, *MANAGING_ROLES):
        raise Forbidden(f"training:{public_id}")
    return training


def access_coverage(
    tx: Tx, actor: Actor, training_id: str, organisation_id: str, *roles: Role
) -> tuple[Training, Organisation]:
    """A training and a node inside both the actor's scope (by one of the roles) and the training's node.

    Raises:
        NotFound: there is none, or (audited) it is outside.
    """
    training = access_training(tx, actor, training_id)
    node = tx.scalar(select(Organisation).where(Organisation.public_id == organisation_id))
    if node is None:
        raise NotFound
    holder = tx.get_one(Organisation, training.organisation_id)
    mine = actor.is_system or actor.may(node.path, *(roles or VIEWING_ROLES))
    if not mine or not node.path.startswith(holder.path):
        raise Forbidden(f"organisation:{organisation_id}")
    return training, node


def access_holder(tx: Tx, actor: Actor, organisation_id: str) -> Organisation:
    """A node for which the actor may create trainings.

    Raises:
        NotFound: there is none, or (audited) it is outside.
    """
    node = tx.scalar(select(Organisation).where(Organisation.public_id == organisation_id))
    if node is None:
        raise NotFound
    if not actor.is_system and not actor.may(node.path, *MANAGING_ROLES):
        raise Forbidden(f"organisation:{organisation_id}")
    return node


def view_roots(tx: Tx, actor: Actor) -> list[Organisation]:
    """The top nodes of the actor's scope."""
    paths = actor.paths(*VIEWING_ROLES)
    if not paths:
        return []
    query = select(Organisation).where(or_(*(Organisation.path == path for path in paths)))
    return list(tx.scalars(query.order_by(Organisation.depth, Organisation.id)))


def shown_node(tx: Tx, training: Training, node: Organisation) -> Organisation:
    """The node in which an officer of `node` sees a training: the one that holds it, where that lies below."""
    holder = tx.get_one(Organisation, training.organisation_id)
    return holder if holder.path.startswith(node.path) else node


def _find(tx: Tx, public_id: str) -> tuple[Training, Organisation]:
    training = tx.scalar(select(Training).where(Training.public_id == public_id))
    if training is None:
        raise NotFound
    return training, tx.get_one(Organisation, training.organisation_id)
