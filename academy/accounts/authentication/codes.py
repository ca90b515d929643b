"""Stored form of one-time codes."""

from sqlalchemy import select, update

from academy.accounts.models import ActivationCode, RecoveryCode
from academy.core import keyed
from academy.core.database import Tx

MANY = 5_000
"""Rows of one transaction."""


def rekey(tx: Tx) -> int:
    """Key the plain hashes of earlier releases, so that a copy of the database does not reveal codes.

    Returns how many were keyed; the codes themselves stay valid.
    """
    done = 0
    for model in (ActivationCode, RecoveryCode):
        plain = select(model.id, model.digest).where(~model.digest.startswith("k")).limit(MANY)
        for row_id, digest in tx.execute(plain).all():
            tx.execute(update(model).where(model.id == row_id).values(digest=keyed.rekeyed(digest)))
            done += 1
    return done
