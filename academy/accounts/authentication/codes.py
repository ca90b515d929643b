"""One-time codes as they are kept."""

from sqlalchemy import select, update

from academy.accounts.models import ActivationCode, RecoveryCode
from academy.core import keyed
from academy.core.database import Tx

MANY = 5_000
"""Rows of one transaction."""


def rekey(tx: Tx) -> int:
    """Key what earlier releases kept as plain hashes, so that a copy of the database no longer gives codes away.

    Returns how many there were; the codes themselves stay good.
    """
    done = 0
    for model in (ActivationCode, RecoveryCode):
        plain = select(model.id, model.digest).where(~model.digest.startswith("k")).limit(MANY)
        for row_id, digest in tx.execute(plain).all():
            tx.execute(update(model).where(model.id == row_id).values(digest=keyed.rekeyed(digest)))
            done += 1
    return done
