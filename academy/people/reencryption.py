"""Re-encryption of personal fields after a change of the data key or the cipher."""

from collections.abc import Callable

from sqlalchemy import bindparam, func, select, update

from academy.core.actor import SYSTEM
from academy.core.audit import record
from academy.core.crypto import Sealer
from academy.core.database import Tx
from academy.people.members import PHONE_FIELD
from academy.people.models import Member

BATCH = 2_000


def count_sealed_members(tx: Tx) -> int:
    """How many members have a sealed field."""
    return tx.scalar(select(func.count()).where(Member.phone_sealed.is_not(None))) or 0


def reseal_members(tx: Tx, sealer: Sealer, on_progress: Callable[[int], None] = lambda done: None) -> int:
    """Re-encrypt with the newest key what was sealed otherwise; `on_progress` is called with the number checked since.

    One transaction, because the blind index changes with the key: half of it would hide half of the people from a
    search by phone. 180,000 members take a few seconds.

    Raises:
        cryptography.exceptions.InvalidTag: a value was sealed with a key that is not configured.
    """
    changed, last = 0, 0
    members = select(Member.id, Member.phone_sealed).where(Member.phone_sealed.is_not(None)).order_by(Member.id)
    anew = (
        update(Member.__table__)  # type: ignore[arg-type]
        .where(Member.__table__.c.id == bindparam("key"))
        .values(phone_sealed=bindparam("sealed"), phone_index=bindparam("index"))
    )
    while rows := tx.execute(members.where(Member.id > last).limit(BATCH)).all():
        last = rows[-1][0]
        updates = []
        for member_id, sealed in rows:
            if sealed is not None and not sealer.is_current(sealed):
                phone = sealer.open(sealed, context=PHONE_FIELD)
                index = sealer.blind_index(phone, context=PHONE_FIELD)
                updates.append({"key": member_id, "sealed": sealer.seal(phone, context=PHONE_FIELD), "index": index})
        if updates:
            tx.connection().execute(anew, updates)
        changed += len(updates)
        on_progress(len(rows))
    record(tx, SYSTEM, "privacy.resealed", "members:all", changed=changed)
    return changed
