"""The roster's lock: one for every change of people or the tree."""

from sqlalchemy import select, update

from academy.core.database import Tx
from academy.core.unique import get_or_create
from academy.people.models import RosterState

_COUNTED = (
    update(RosterState)
    .where(RosterState.id == 1)
    .values(version=RosterState.version + 1)
    .returning(RosterState.version)
    .execution_options(synchronize_session=False)
)


def take_roster_lock(tx: Tx) -> int:
    """Lock the roster until the transaction ends, and count one change; returns the new version.

    Two moves, two imports or a move and a transfer then run one after the other, each seeing the other's result.
    """
    version = tx.scalar(_COUNTED)
    if version is None:  # the first change of all
        get_or_create(tx, RosterState, {"id": 1}, version=0)
        version = tx.scalars(_COUNTED).one()
    return version


def roster_version(tx: Tx) -> int:
    """The number of changes so far."""
    return tx.scalar(select(RosterState.version).where(RosterState.id == 1)) or 0
