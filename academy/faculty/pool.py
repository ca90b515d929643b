"""Membership of the pool: invitation, dated states and their undoing."""

import datetime as dt

from sqlalchemy import Select, delete, select

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.core.text import tidy_text
from academy.core.unique import lock_row, unique_or
from academy.faculty import access, posts, rules
from academy.faculty.kinds import LecturerLevel, PoolState
from academy.faculty.models import PoolMembership, PoolSpell
from academy.faculty.words import POOL_STATE_NAMES
from academy.library import api as library
from academy.people.api import Organisation

NAME_LENGTH, OFFICE_LENGTH, NOTE_LENGTH = 60, 120, 300
_TAKEN = msg("这位讲师已经在师资库里了。")


def invite_lecturer(
    tx: Tx, actor: Actor, *, name: str, office: str, unit: Organisation, level: LecturerLevel, since: dt.date
) -> PoolMembership:
    """Add somebody to the pool, invited from today on, with a post held since a day.

    Raises:
        Invalid: a field is empty, too long or out of range, or the lecturer is in the pool.
        Forbidden: the actor does not run the programme.
    """
    return enter_lecturer(
        tx, actor, name=name, office=office, unit=unit, level=level, since=since, state=PoolState.INVITED
    )


def enter_lecturer(
    tx: Tx,
    actor: Actor,
    *,
    name: str,
    office: str,
    unit: Organisation,
    level: LecturerLevel,
    since: dt.date,
    state: PoolState,
) -> PoolMembership:
    """Add somebody to the pool in a state from today on. Raises as `invite_lecturer`."""
    access.require_programme_office(actor, "pool:all")
    kept, title = named(name, office)
    lecturer = library.find_lecturer(tx, kept, title, is_leader=level != LecturerLevel.OTHER)
    if tx.scalar(select(PoolMembership.id).where(PoolMembership.lecturer_id == lecturer.id)) is not None:
        raise Invalid(fields={"name": _TAKEN})
    made = PoolMembership(lecturer_id=lecturer.id, state=state)
    with unique_or(tx, Invalid(fields={"name": _TAKEN})):
        tx.add(made)
    tx.add(PoolSpell(membership_id=made.id, state=state, valid_from=clock.today(), decided_by=actor.account_id))
    tx.flush()
    record(tx, actor, "lecturer.invited", f"pool:{made.public_id}", state=state)
    posts.add_post(tx, actor, made, unit=unit, level=level, title=title, since=since)
    return made


def named(name: str, office: str) -> tuple[str, str]:
    """A name and an office as they are kept.

    Raises:
        Invalid: one is missing or too long.
    """
    kept, title = tidy_text(name, NAME_LENGTH + 1), tidy_text(office, OFFICE_LENGTH + 1)
    wrong = {}
    if not 1 <= len(kept) <= NAME_LENGTH:
        wrong["name"] = msg("姓名请写 1 到 %(most)s 个字。", most=NAME_LENGTH)
    if not 1 <= len(title) <= OFFICE_LENGTH:
        wrong["office"] = msg("职务请写 1 到 %(most)s 个字。", most=OFFICE_LENGTH)
    if wrong:
        raise Invalid(fields=wrong)
    return kept, title


def change_pool_state(
    tx: Tx,
    actor: Actor,
    membership: PoolMembership,
    state: PoolState,
    *,
    since: dt.date,
    until: dt.date | None = None,
    note: str = "",
) -> None:
    """Begin another state on a day. A rest may have an agreed end: the lecturer is confirmed again on it.

    Raises:
        Conflict: that state does not follow the present one.
        Invalid: the day lies before the present state began, or the end before the day.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"pool:{membership.public_id}")
    lock_row(tx, membership)
    if state not in rules.POOL_MOVES[PoolState(membership.state)]:
        shown = POOL_STATE_NAMES[PoolState(membership.state)]
        raise Conflict(msg("这位讲师现在是“%(state)s”，不能这样改。请刷新页面。", state=shown))
    last = tx.scalars(_open_spell(membership)).one()
    if since <= last.valid_from:
        raise Invalid(fields={"since": msg("请填写 %(day)s 之后的日期。", day=last.valid_from)})
    if until is not None and (state != PoolState.RESTING or until <= since):
        raise Invalid(fields={"until": msg("暂停到哪一天，请填写开始之后的日期。")})
    kept = tidy_text(note, NOTE_LENGTH)
    last.valid_to = since
    tx.flush()
    at = clock.now()
    later = [(state, since, until)] if until is None else [(state, since, until), (PoolState.CONFIRMED, until, None)]
    for one, first, end in later:
        tx.add(
            PoolSpell(
                membership_id=membership.id,
                state=one,
                valid_from=first,
                valid_to=end,
                note=kept if one == state else "",
                decided_by=actor.account_id,
                decided_at=at,
            )
        )
    membership.state = later[-1][0]
    tx.flush()
    record(tx, actor, "lecturer.pool_state", f"pool:{membership.public_id}", state=state, since=since.isoformat())


def undo_pool_state(tx: Tx, actor: Actor, membership: PoolMembership) -> None:
    """Take back the newest decision about the state (a rest together with its agreed end).

    Raises:
        Conflict: there is only the invitation.
        Forbidden: the actor does not run the programme.
    """
    access.require_programme_office(actor, f"pool:{membership.public_id}")
    lock_row(tx, membership)
    spells = tx.scalars(
        select(PoolSpell).where(PoolSpell.membership_id == membership.id).order_by(PoolSpell.valid_from)
    ).all()
    # A rest and its agreed end were one decision.
    last = 2 if len(spells) > 2 and spells[-2].decided_at == spells[-1].decided_at else 1
    if len(spells) <= last:
        raise Conflict(msg("没有可以撤回的改动。"))
    before = spells[-last - 1]
    tx.execute(delete(PoolSpell).where(PoolSpell.id.in_([one.id for one in spells[-last:]])))
    before.valid_to = None
    membership.state = before.state
    tx.flush()
    record(tx, actor, "lecturer.pool_state_undone", f"pool:{membership.public_id}", state=before.state)


def _open_spell(membership: PoolMembership) -> Select[PoolSpell]:
    return select(PoolSpell).where(PoolSpell.membership_id == membership.id, PoolSpell.valid_to.is_(None))
