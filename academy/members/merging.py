"""One organisation becomes part of another."""

import datetime as dt

from sqlalchemy import insert, select, update

from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.db import Tx
from academy.core.errors import Invalid
from academy.core.i18n import msg
from academy.jobs import publish
from academy.members import roster_lock
from academy.members.access import allow
from academy.members.facts import MembersChanged
from academy.members.models import Member, Membership, Organisation
from academy.members.tree import GARDENERS, move_organisation, past, shut, still_open

BLOCK = 5000


def merge_organisation(
    tx: Tx, actor: Actor, node: Organisation, into: Organisation, *, on: dt.date | None = None
) -> Organisation:
    """Have `into` take over a node's members and child nodes from a day on, and close the node.

    Raises:
        Invalid: `into` is the node itself or below it, or somebody joined the node after that day.
        Conflict: one of the two is closed.
    """
    day = past(on)
    roster_lock.take(tx)
    for place in (node, into):
        still_open(tx, place)
        allow(actor, place.path, f"organisation:{place.public_id}", *GARDENERS)
    if node.parent_id is None or into.path.startswith(node.path):
        raise Invalid(fields={"into": msg("不能并入自己或自己的下级。")})
    children = tx.scalars(
        select(Organisation).where(Organisation.parent_id == node.id, Organisation.closed_on.is_(None))
    ).all()
    for child in children:
        move_organisation(tx, actor, child, into, on=day)
    moved = _carry_members(tx, node, into, day)
    shut(tx, node, day)
    record(
        tx,
        actor,
        "organisation.merged",
        f"organisation:{node.public_id}",
        into=into.public_id,
        members=len(moved),
        children=len(children),
        on=day.isoformat(),
    )
    for start in range(0, len(moved), BLOCK):
        publish(tx, MembersChanged(moved[start : start + BLOCK]))
    return into


def _carry_members(tx: Tx, node: Organisation, into: Organisation, day: dt.date) -> list[int]:
    """Everybody's open membership ends there and begins here; who has left keeps where they last were."""
    held = tx.execute(
        select(Membership.member_id, Membership.valid_from).where(
            Membership.organisation_id == node.id, Membership.valid_to.is_(None)
        )
    ).all()
    late = [row for row in held if row.valid_from > day]
    if late:
        raise Invalid(fields={"on": msg("有 %(count)s 名党员在那天之后才转入，请改用更晚的日期。", count=len(late))})
    mine = (Membership.organisation_id == node.id, Membership.valid_to.is_(None))
    quiet = {"synchronize_session": False}
    # A membership that began that very day is corrected in place: a day has one answer.
    tx.execute(
        update(Membership)
        .where(*mine, Membership.valid_from == day)
        .values(organisation_id=into.id)
        .execution_options(**quiet)
    )
    tx.execute(update(Membership).where(*mine).values(valid_to=day).execution_options(**quiet))
    anew = [row.member_id for row in held if row.valid_from < day]
    for start in range(0, len(anew), BLOCK):
        tx.execute(
            insert(Membership),
            [
                {"member_id": member_id, "organisation_id": into.id, "valid_from": day}
                for member_id in anew[start : start + BLOCK]
            ],
        )
    tx.execute(
        update(Member)
        .where(Member.organisation_id == node.id)
        .values(organisation_id=into.id)
        .execution_options(**quiet)
    )
    for member in list(tx.identity_map.values()):
        if isinstance(member, Member):
            tx.refresh(member)
    return sorted(row.member_id for row in held)
