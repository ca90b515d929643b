"""Classrooms: added, offered no longer."""

from academy.classes import access, rules
from academy.classes.models import Classroom
from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or


def add_classroom(tx: Tx, actor: Actor, *, name: str, seats: int, address: str = "") -> Classroom:
    """Add a classroom.

    Raises:
        Invalid: no name, a taken one, or seats out of range.
        Forbidden: the actor does not keep the calendar.
    """
    access.require_school_office(actor, "classrooms:all")
    kept = tidy_text(name, rules.CLASSROOM_LENGTH + 1)
    wrong = {}
    if not 1 <= len(kept) <= rules.CLASSROOM_LENGTH:
        wrong["name"] = msg("名称请写 1 到 %(most)s 个字。", most=rules.CLASSROOM_LENGTH)
    if not 1 <= seats <= rules.MOST_SEATS:
        wrong["seats"] = msg("座位数请填写 1 到 %(most)s。", most=rules.MOST_SEATS)
    if wrong:
        raise Invalid(fields=wrong)
    made = Classroom(name=kept, seats=seats, address=tidy_text(address, rules.ADDRESS_LENGTH))
    with unique_or(tx, Invalid(fields={"name": msg("已经有这个教室了。")})):
        tx.add(made)
    record(tx, actor, "classroom.added", f"classroom:{made.public_id}")
    return made


def retire_classroom(tx: Tx, actor: Actor, row: Classroom) -> None:
    """Offer a classroom no longer, or again; lectures that were there keep it."""
    access.require_school_office(actor, f"classroom:{row.public_id}")
    lock_row(tx, row)
    row.retired_at = None if row.retired_at else clock.now()
    tx.flush()
    record(tx, actor, "classroom.retired" if row.retired_at else "classroom.restored", f"classroom:{row.public_id}")
