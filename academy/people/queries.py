"""Reads about people and the tree. Subtrees are ranges of paths, never prefixes of codes."""

import datetime as dt
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ARRAY, ColumnElement, Select, and_, bindparam, false, func, not_, or_, select
from sqlalchemy.orm import aliased

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.paging import Page, count_of, page_of
from academy.people import rules
from academy.people.models import Exemption, Member, Membership, Organisation, OrganisationSpell
from academy.people.name_spelling import clean_name

PAGE = 50
LONGEST_SEARCH = 200
"""Maximum characters of a search text: no name is longer, and SQLite refuses a LIKE of more than 50 kB."""


def subtree(path: str) -> ColumnElement[bool]:
    """Condition: the node at `path` and everything below it; a range served by the index on `path`."""
    return and_(Organisation.path >= path, Organisation.path < path[:-1] + "0")


def subtrees(paths: Sequence[str]) -> ColumnElement[bool]:
    """Condition: any of several subtrees; false for none."""
    return or_(*(subtree(path) for path in paths)) if paths else Organisation.id.is_(None)


def members_under(path: str) -> ColumnElement[bool]:
    """Condition: present members of the node at `path` or below it."""
    return Member.organisation_id.in_(select(Organisation.id).where(subtree(path)))


def is_present() -> ColumnElement[bool]:
    """Condition: active or floating members."""
    return Member.status.in_(rules.PRESENT_STATUSES)


def among(tx: Tx, column: Any, values: Sequence[str | int]) -> ColumnElement[bool]:
    """Condition: the column is one of many values, passed as one parameter, so that the statement stays short."""
    if tx.get_bind().dialect.name == "postgresql":
        return cast(ColumnElement[bool], column == func.any(bindparam(None, list(values), ARRAY(column.type))))
    listed = func.json_each(json.dumps(values)).table_valued("value")
    return cast(ColumnElement[bool], column.in_(select(listed.c.value)))


@dataclass(frozen=True)
class ChildNode:
    """A child node, with the number of members in its subtree."""

    public_id: str
    code: str
    name: str
    kind: str
    level: str
    sector: str | None
    members: int
    closed_on: dt.date | None


def children_of(tx: Tx, node: Organisation, *, closed: bool = False) -> list[ChildNode]:
    """Direct children by code, each with its members; two queries however many there are."""
    query = select(Organisation).where(Organisation.parent_id == node.id).order_by(Organisation.code)
    if not closed:
        query = query.where(Organisation.closed_on.is_(None))
    counts: dict[str, int] = {}
    for path, count in tx.execute(
        select(Organisation.path, func.count(Member.id))
        .join(Member, Member.organisation_id == Organisation.id)
        .where(subtree(node.path), is_present())
        .group_by(Organisation.path)
    ):
        below = path[len(node.path) :].split("/", 1)[0]
        counts[below] = counts.get(below, 0) + count
    return [
        ChildNode(c.public_id, c.code, c.name, c.kind, c.level, c.sector, counts.get(str(c.id), 0), c.closed_on)
        for c in tx.scalars(query)
    ]


def ancestors_of(tx: Tx, node: Organisation) -> list[Organisation]:
    """From the root down to the node itself: the breadcrumb."""
    ids = [int(part) for part in node.path.strip("/").split("/")]
    return list(tx.scalars(select(Organisation).where(Organisation.id.in_(ids)).order_by(Organisation.depth)))


def organisations_at(tx: Tx, paths: Sequence[str]) -> list[Organisation]:
    """The nodes at exactly these paths: an officer's starting points."""
    return list(tx.scalars(select(Organisation).where(Organisation.path.in_(paths)).order_by(Organisation.path)))


def find_organisations(tx: Tx, paths: Sequence[str], text: str, page: int = 1) -> Page[Organisation]:
    """Open nodes inside the subtrees whose name contains the text or whose code is the text."""
    text = text[:LONGEST_SEARCH]
    query = select(Organisation).where(
        subtrees(paths),
        Organisation.closed_on.is_(None),
        or_(Organisation.name.contains(text, autoescape=True), Organisation.code == text),
    )
    return page_of(tx, query.order_by(Organisation.path), page, PAGE)


def members_of(
    tx: Tx,
    node: Organisation,
    *,
    text: str = "",
    phone_index: str | None = None,
    status: str = "",
    direct: bool = False,
    page: int = 1,
) -> Page[Member]:
    """Members of a node and everything below it; `text` is part of a name or a complete number.

    `phone_index` is the blind index of a complete phone: a phone is found only by its complete number.
    """
    query: Select[tuple[Member]] = select(Member)
    query = query.where(Member.organisation_id == node.id if direct else members_under(node.path))
    query = query.where(Member.status == status) if status in rules.STATUSES else query.where(is_present())
    text = clean_name(text[:LONGEST_SEARCH])
    if text:
        match = or_(Member.name.contains(text, autoescape=True), Member.number == text)
        query = query.where(or_(match, Member.phone_index == phone_index) if phone_index else match)
    return page_of(tx, query.order_by(Member.id), page, PAGE)


def looks_like_phone(text: str) -> bool:
    """Whether a text may be a phone, so that the blind index is queried."""
    return re.fullmatch(r"[\d\s\-+()]{10,20}", text.strip()) is not None


def exempt_on(day: dt.date) -> ColumnElement[bool]:
    """Condition: exemptions in force on a day: approved, begun, not ended, not revoked by the end of it."""
    end = clock.day_bounds(day)[1]
    return and_(
        Exemption.approved_at.is_not(None),
        Exemption.valid_from <= day,
        or_(Exemption.valid_to.is_(None), Exemption.valid_to > day),
        or_(Exemption.revoked_at.is_(None), Exemption.revoked_at >= end),
    )


def exemptions_of(tx: Tx, member_id: int) -> list[Exemption]:
    """All of a member's exemptions, newest first."""
    return list(
        tx.scalars(
            select(Exemption)
            .where(Exemption.member_id == member_id)
            .order_by(Exemption.valid_from.desc(), Exemption.id.desc())
        )
    )


def waiting_exemptions(
    tx: Tx, actor: Actor, paths: Sequence[str], page: int = 1, *, own: bool = False
) -> Page[tuple[Exemption, Member]]:
    """Undecided requests inside the subtrees, oldest first: those that this officer may decide, or (`own`) those that
    another has to, because the officer made them or is their subject."""
    return page_of(tx, _waiting_exemptions(actor, paths, own=own), page, PAGE)


def count_waiting_exemptions(tx: Tx, actor: Actor, paths: Sequence[str], *, own: bool = False) -> int:
    """How many requests `waiting_exemptions` lists."""
    return count_of(tx, _waiting_exemptions(actor, paths, own=own))


def _waiting_exemptions(actor: Actor, paths: Sequence[str], *, own: bool) -> Select[Exemption, Member]:
    mine = or_(
        func.coalesce(Exemption.requested_by == actor.account_id, false()),
        Exemption.member_id == (actor.member_id or 0),
    )
    return (
        select(Exemption, Member)
        .join(Member, Member.id == Exemption.member_id)
        .join(Organisation, Organisation.id == Member.organisation_id)
        .where(
            subtrees(paths),
            Exemption.approved_at.is_(None),
            Exemption.revoked_at.is_(None),
            mine if own else not_(mine),
        )
        .order_by(Exemption.id)
    )


def memberships_of(tx: Tx, member_id: int) -> list[tuple[Membership, Organisation]]:
    """A member's memberships, newest first."""
    rows = tx.execute(
        select(Membership, Organisation)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .where(Membership.member_id == member_id)
        .order_by(Membership.valid_from.desc(), Membership.id.desc())
    )
    return [(membership, node) for membership, node in rows]


def find_organisation(tx: Tx, paths: Sequence[str], code: str) -> Organisation | None:
    """The open node of this code inside the subtrees."""
    return tx.scalar(
        select(Organisation).where(
            Organisation.code == rules.tidy(code), Organisation.closed_on.is_(None), subtrees(paths)
        )
    )


def parents_of(tx: Tx, nodes: Sequence[Organisation]) -> dict[int, str]:
    """Names of the parents of some nodes, by row id."""
    ids = {node.parent_id for node in nodes if node.parent_id is not None}
    return dict(tx.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids))).all())


def spells_of(tx: Tx, node: Organisation) -> list[tuple[OrganisationSpell, str | None]]:
    """Names and parents of a node through time, newest first."""
    parent = aliased(Organisation)
    rows = tx.execute(
        select(OrganisationSpell, parent.name)
        .outerjoin(parent, parent.id == OrganisationSpell.parent_id)
        .where(OrganisationSpell.organisation_id == node.id)
        .order_by(OrganisationSpell.valid_from.desc())
    )
    return [(spell, name) for spell, name in rows]


def organisation_of_id(tx: Tx, organisation_id: int) -> Organisation:
    """The node with a row id."""
    return tx.get_one(Organisation, organisation_id)


NEWEST = 20
"""Members looked at to learn how this city writes its numbers."""


def has_digit_numbers(tx: Tx) -> bool:
    """Whether member numbers are digits here, as far as the newest ones show: forms then offer a keypad."""
    newest = tx.scalars(select(Member.number).order_by(Member.id.desc()).limit(NEWEST))
    return all(number.isdigit() for number in newest)


def member_of_id(tx: Tx, member_id: int) -> Member:
    """The member of a row id.

    Raises:
        NoResultFound: there is none.
    """
    return tx.get_one(Member, member_id)


def find_member(tx: Tx, number: str) -> Member | None:
    """The member of this register number, of any status."""
    return tx.scalar(select(Member).where(Member.number == number))


def organisations_of_ids(tx: Tx, organisation_ids: Sequence[int]) -> list[Organisation]:
    """Nodes by row id, closed ones too, in the order of the tree."""
    return list(
        tx.scalars(select(Organisation).where(Organisation.id.in_(organisation_ids)).order_by(Organisation.path))
    )


def organisation_ids(tx: Tx, public_ids: Sequence[str]) -> list[int]:
    """Row ids of nodes by public id, ascending; unknown ones are left out."""
    query = select(Organisation.id).where(Organisation.public_id.in_(public_ids))
    return list(tx.scalars(query.order_by(Organisation.id)))


def organisation_ids_by_code(tx: Tx, codes: Sequence[str]) -> dict[str, int]:
    """Code → row id of nodes, closed ones too; unknown codes are left out."""
    query = select(Organisation.code, Organisation.id).where(Organisation.code.in_(codes))
    return dict(tx.execute(query).all())
