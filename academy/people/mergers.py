"""Merging one organisation into another: preview, merge, undo."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import Message, msg, nmsg
from academy.core.paging import Page, page_of
from academy.jobs import api as jobs
from academy.people import lock, organisations
from academy.people.access import require_access
from academy.people.events import MembersChanged
from academy.people.models import Member, Membership, Merger, Organisation
from academy.people.organisations import TREE_EDITORS, mark_closed, move_organisation, past, still_open
from academy.people.queries import is_present, subtrees

BLOCK = 5000
SHOWN = 10


@dataclass(frozen=True)
class MergerPreview:
    """Effect of a merger: number of people, names, nodes."""

    people: int
    names: list[str]
    """The first few of them."""
    children: list[Organisation]
    into_people: int
    seen: int
    """The roster's version; a confirmation is valid for this version only."""
    warning: Message | None
    """Warnings, such as a different level."""


def merger_candidates(
    tx: Tx, paths: Sequence[str], node: Organisation, text: str, *, any_level: bool = False, page: int = 1
) -> Page[Organisation]:
    """Nodes that could absorb a node, by a part of their name or by code; of its level unless requested otherwise."""
    query = select(Organisation).where(
        subtrees(paths),
        Organisation.closed_on.is_(None),
        Organisation.id != node.id,
        ~Organisation.path.startswith(node.path, autoescape=True),
    )
    if not any_level:
        query = query.where(Organisation.level == node.level)
    if text := text.strip()[:60]:
        query = query.where(or_(Organisation.name.contains(text, autoescape=True), Organisation.code == text))
    # Neighbours first: they are nearly always meant.
    near = (Organisation.parent_id != node.parent_id, Organisation.path)
    return page_of(tx, query.order_by(*near), page, 20)


def preview_merger(tx: Tx, node: Organisation, into: Organisation) -> MergerPreview:
    """Count and list what would be moved.

    Raises:
        Invalid: `into` is the node itself or below it, or the node is the root.
        Conflict: one of the two is closed.
    """
    _fitting(tx, node, into)
    here = (Member.organisation_id == node.id, is_present())
    children = _children(tx, node)
    warning = None
    if node.level != into.level:
        warning = msg("两个组织不是同一级，党员会直接转到上级或下级组织，请再核对一遍。")
    return MergerPreview(
        people=tx.scalar(select(func.count()).where(*here)) or 0,
        names=list(tx.scalars(select(Member.name).where(*here).order_by(Member.id).limit(SHOWN))),
        children=children,
        into_people=tx.scalar(select(func.count()).where(Member.organisation_id == into.id, is_present())) or 0,
        seen=lock.roster_version(tx),
        warning=warning,
    )


def merge_organisation(
    tx: Tx,
    actor: Actor,
    node: Organisation,
    into: Organisation,
    *,
    on: dt.date | None = None,
    seen: int | None = None,
    any_level: bool = False,
) -> Merger:
    """Move a node's members and child nodes to `into` from a day on, and close the node.

    `seen` is the version of the roster that the officer's preview showed.

    Raises:
        Invalid: `into` is the node itself or below it, is of another level without confirmation, or somebody joined the
            node after that day.
        Conflict: one of the two is closed, or the roster has changed since the preview.
    """
    day = past(on)
    version = lock.take_roster_lock(tx)
    if seen is not None and version != seen + 1:
        raise Conflict(msg("名册在预览之后有了变动，请再看一遍预览。"))
    _fitting(tx, node, into)
    for place in (node, into):
        require_access(actor, place.path, f"organisation:{place.public_id}", *TREE_EDITORS)
    if node.level != into.level and not any_level:
        raise Invalid(fields={"into": msg("两个组织不是同一级。确实要这样并，请勾选“不同级也可以”。")})
    children = _children(tx, node)
    for child in children:
        move_organisation(tx, actor, child, into, on=day)
    carried = _carry_members(tx, node, into, day) | {"children": [child.id for child in children]}
    mark_closed(tx, node, day)
    merger = Merger(
        organisation_id=node.id, into_id=into.id, merged_on=day, carried=carried, merged_by=actor.account_id
    )
    tx.add(merger)
    tx.flush()
    record(
        tx,
        actor,
        "organisation.merged",
        f"organisation:{node.public_id}",
        into=into.public_id,
        members=len(carried["members"]),
        children=len(children),
        on=day.isoformat(),
    )
    _changed(tx, carried["members"])
    return merger


def merger_of(tx: Tx, node: Organisation) -> tuple[Merger, Organisation] | None:
    """The merger that closed a node, and the node that absorbed it; None where there is none or it was undone."""
    row = tx.execute(
        select(Merger, Organisation)
        .join(Organisation, Organisation.id == Merger.into_id)
        .where(Merger.organisation_id == node.id, Merger.undone_at.is_(None))
        .order_by(Merger.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row is not None and node.closed_on is not None else None


def undo_merger(tx: Tx, actor: Actor, node: Organisation) -> int:
    """Reopen a merged node with everybody who is still in the node that absorbed it, as if nothing had happened.

    Members and nodes that have moved on since stay where they are; child nodes return from today on. Returns how many
    members came back.

    Raises:
        Conflict: the node was not closed by a merger, or that was undone already.
    """
    lock.take_roster_lock(tx)
    tx.refresh(node)
    found = merger_of(tx, node)
    if found is None:
        raise Conflict(msg("这个组织不是因合并而撤销的，或者已经恢复过了。"))
    merger, into = found
    for place in (node, into):
        require_access(actor, place.path, f"organisation:{place.public_id}", *TREE_EDITORS)
    merger.undone_at, merger.undone_by = clock.now(), actor.account_id
    organisations.reopen(tx, node, merger.merged_on)
    back = _carry_back(tx, merger, node, into)
    for child in tx.scalars(
        select(Organisation).where(
            Organisation.id.in_(merger.carried["children"]),
            Organisation.parent_id == into.id,
            Organisation.closed_on.is_(None),
        )
    ).all():
        move_organisation(tx, actor, child, node)
    record(
        tx, actor, "organisation.merger_undone", f"organisation:{node.public_id}",
        into=into.public_id, members=len(back),
    )  # fmt: skip
    _changed(tx, back)
    return len(back)


def _fitting(tx: Tx, node: Organisation, into: Organisation) -> None:
    for place in (node, into):
        still_open(tx, place)
    if node.parent_id is None or into.path.startswith(node.path):
        raise Invalid(fields={"into": msg("不能并入自己或自己的下级。")})


def _children(tx: Tx, node: Organisation) -> list[Organisation]:
    query = select(Organisation).where(Organisation.parent_id == node.id, Organisation.closed_on.is_(None))
    return list(tx.scalars(query.order_by(Organisation.code)))


def _changed(tx: Tx, members: Sequence[int]) -> None:
    for start in range(0, len(members), BLOCK):
        jobs.publish(tx, MembersChanged(list(members[start : start + BLOCK])))
    for member in list(tx.identity_map.values()):
        if isinstance(member, Member):
            tx.refresh(member)


def _carry_members(tx: Tx, node: Organisation, into: Organisation, day: dt.date) -> dict[str, Any]:
    """End every open membership of the node and begin one in the other; members who left keep their last one."""
    held = tx.execute(
        select(Membership.member_id, Membership.valid_from).where(
            Membership.organisation_id == node.id, Membership.valid_to.is_(None)
        )
    ).all()
    late = [row for row in held if row.valid_from > day]
    if late:
        raise Invalid(
            fields={"on": nmsg("有 %(count)s 名党员在那天之后才转入，请改用更晚的日期。", len(late), count=len(late))}
        )
    mine = (Membership.organisation_id == node.id, Membership.valid_to.is_(None))
    quiet = {"synchronize_session": False}
    # A membership that began on that very day is corrected in place: one membership a day.
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
    members = sorted(row.member_id for row in held)
    everybody = set(tx.scalars(select(Member.id).where(Member.organisation_id == node.id)))
    _put(tx, Member.organisation_id == node.id, into)
    fresh = sorted(row.member_id for row in held if row.valid_from == day)
    return {"members": members, "fresh": fresh, "lasting": sorted(everybody - set(members))}


def _put(tx: Tx, which: Any, place: Organisation) -> None:
    quiet = {"synchronize_session": False}
    tx.execute(update(Member).where(which).values(organisation_id=place.id).execution_options(**quiet))


def _carry_back(tx: Tx, merger: Merger, node: Organisation, into: Organisation) -> list[int]:
    """Restore the earlier membership of those who still hold the one created by the merger."""
    quiet: dict[str, Any] = {"synchronize_session": False}
    fresh, back = set(merger.carried["fresh"]), []
    given = (Membership.organisation_id == into.id, Membership.valid_to.is_(None))
    for start in range(0, len(merger.carried["members"]), 500):
        part = merger.carried["members"][start : start + 500]
        since = Membership.valid_from == merger.merged_on
        still = set(tx.scalars(select(Membership.member_id).where(Membership.member_id.in_(part), since, *given)))
        corrected, ended = sorted(still & fresh), sorted(still - fresh)
        tx.execute(
            update(Membership)
            .where(Membership.member_id.in_(corrected), *given)
            .values(organisation_id=node.id)
            .execution_options(**quiet)
        )
        tx.execute(delete(Membership).where(Membership.member_id.in_(ended), *given).execution_options(**quiet))
        tx.execute(
            update(Membership)
            .where(
                Membership.member_id.in_(ended),
                Membership.organisation_id == node.id,
                Membership.valid_to == merger.merged_on,
            )
            .values(valid_to=None)
            .execution_options(**quiet)
        )
        _put(tx, Member.id.in_(still), node)
        back += sorted(still)
    for start in range(0, len(merger.carried["lasting"]), 500):
        part = merger.carried["lasting"][start : start + 500]
        gone = (Member.id.in_(part), Member.organisation_id == into.id, ~is_present())
        _put(tx, (gone[0] & gone[1] & gone[2]), node)
    return back
