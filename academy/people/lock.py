"""The roster's lock: one for every change of people or the tree."""

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from academy.core.database import Tx
from academy.people.models import RosterState


def take_roster_lock(tx: Tx) -> int:
    """Lock the roster until the transaction ends, and count one change; returns the new version.

    Two moves, two imports or a move and a transfer then run one after the other, each seeing the other's result.

    Raises:
        RuntimeError: the row of the lock is missing and cannot be inserted.
    """
    for _ in range(2):
        version = tx.scalar(
            update(RosterState)
            .where(RosterState.id == 1)
            .values(version=RosterState.version + 1)
            .returning(RosterState.version)
            .execution_options(synchronize_session=False)
        )
        if version is not None:
            return version
        try:
            with tx.begin_nested():
                tx.add(RosterState(id=1, version=0))
        except IntegrityError:
            continue
    raise RuntimeError("the roster's state row cannot be made")


def roster_version(tx: Tx) -> int:
    """The number of changes so far."""
    return tx.scalar(select(RosterState.version).where(RosterState.id == 1)) or 0
