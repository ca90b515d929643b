"""Changes of the organisation tree, each dated, audited and published as an event."""

import datetime as dt

from sqlalchemy import String, func, literal, select, update

from academy.core import clock
from academy.core.actor import Actor, Role
from academy.core.audit import record
from academy.core.database import Tx
from academy.core.errors import Conflict, Invalid
from academy.core.i18n import msg
from academy.jobs import api as jobs
from academy.people import lock, rules, sectors
from academy.people.access import require_access
from academy.people.events import MembersChanged, OrganisationMoved
from academy.people.models import Member, Organisation, OrganisationKind, OrganisationSpell
from academy.people.queries import is_present, subtree
from academy.people.rules import checked, read_name, read_organisation_code

TREE_EDITORS = (Role.NODE_ADMINISTRATOR,)
"""Roles that may change the tree below a node."""


def create_organisation(
    tx: Tx,
    actor: Actor,
    *,
    code: str,
    name: str,
    kind: str = OrganisationKind.BRANCH,
    level: str = "branch",
    sector: str | None = None,
    parent: Organisation | None = None,
    opened_on: dt.date | None = None,
) -> Organisation:
    """Create a node below `parent`; the root has none.

    Raises:
        Invalid: a value cannot be accepted, or the code is taken; with a message for each field.
        Conflict: the parent is closed.
    """
    if parent is None:
        require_access(actor, "/", "organisation:root", Role.SYSTEM_ADMINISTRATOR)
    else:
        require_access(actor, parent.path, f"organisation:{parent.public_id}", *TREE_EDITORS)
    values = checked(code=(read_organisation_code, code), name=(lambda text: read_name(text, longest=120), name))
    _known(tx, kind=kind, level=level, sector=sector)
    day = past(opened_on)
    lock.take_roster_lock(tx)
    if tx.scalar(select(Organisation.id).where(Organisation.code == values["code"])):
        raise Invalid(fields={"code": msg("组织代码 %(code)s 已经有了。", code=values["code"])})
    if parent is not None:
        tx.refresh(parent)
        if parent.closed_on is not None:
            raise Conflict(msg("“%(name)s”已经撤销，不能再设下级组织。", name=parent.name))
    node = Organisation(
        code=values["code"],
        name=values["name"],
        kind=kind,
        level=level,
        sector=sector or None,
        parent_id=parent.id if parent else None,
        depth=parent.depth + 1 if parent else 0,
        opened_on=day,
    )
    tx.add(node)
    tx.flush()
    node.path = f"{parent.path if parent else '/'}{node.id}/"
    tx.add(OrganisationSpell(organisation_id=node.id, parent_id=node.parent_id, name=node.name, valid_from=day))
    tx.flush()
    record(tx, actor, "organisation.created", f"organisation:{node.public_id}", code=node.code)
    return node


def rename_organisation(
    tx: Tx, actor: Actor, node: Organisation, name: str, *, on: dt.date | None = None
) -> Organisation:
    """Rename a node from a day on; the earlier name stays in its spells."""
    require_access(actor, node.path, f"organisation:{node.public_id}", *TREE_EDITORS)
    name = str(checked(name=(lambda text: read_name(text, longest=120), name))["name"])
    day = past(on)
    lock.take_roster_lock(tx)
    still_open(tx, node)
    if name != node.name:
        node.name = name
        _turn_spell(tx, node, day)
        record(tx, actor, "organisation.renamed", f"organisation:{node.public_id}", on=day.isoformat())
    return node


def move_organisation(
    tx: Tx,
    actor: Actor,
    node: Organisation,
    new_parent: Organisation,
    *,
    seen_parent_id: int | None = None,
    on: dt.date | None = None,
) -> Organisation:
    """Move a node and all below it to another parent from a day on.

    `seen_parent_id` is the parent that the person saw when deciding.

    Raises:
        Conflict: somebody else has moved it meanwhile.
        Invalid: the new parent is the node itself or below it, or is closed.
    """
    day = past(on)
    lock.take_roster_lock(tx)
    expected = node.parent_id if seen_parent_id is None else seen_parent_id
    still_open(tx, node)
    tx.refresh(new_parent)
    if node.parent_id is None:
        raise Invalid(fields={"parent": msg("最上级组织不能移动。")})
    if node.parent_id != expected:
        raise Conflict(msg("“%(name)s”刚刚被别人移动过，请看过现在的位置再决定。", name=node.name))
    for place in (node.path, new_parent.path):
        require_access(actor, place, f"organisation:{node.public_id}", *TREE_EDITORS)
    if new_parent.closed_on is not None:
        raise Invalid(fields={"parent": msg("“%(name)s”已经撤销。", name=new_parent.name)})
    if new_parent.path.startswith(node.path):
        raise Invalid(
            fields={
                "parent": msg(
                    "不能把“%(name)s”移到自己或自己的下级“%(parent)s”下面。", name=node.name, parent=new_parent.name
                )
            }
        )
    if new_parent.id == node.parent_id:
        return node
    old_path = node.path
    rewrite_paths(tx, node, new_parent)
    _turn_spell(tx, node, day)
    record(
        tx,
        actor,
        "organisation.moved",
        f"organisation:{node.public_id}",
        old_path=old_path,
        new_path=node.path,
        on=day.isoformat(),
    )
    jobs.publish(tx, OrganisationMoved(node.id, old_path, node.path))
    return node


def rewrite_paths(tx: Tx, node: Organisation, new_parent: Organisation) -> None:
    """Rewrite parent, path and depth of a node and of all below it."""
    old_path, new_path = node.path, f"{new_parent.path}{node.id}/"
    deeper = new_parent.depth + 1 - node.depth
    node.parent_id = new_parent.id
    tx.flush()
    tx.execute(
        update(Organisation)
        .where(subtree(old_path))
        .values(
            path=literal(new_path, String) + func.substr(Organisation.path, len(old_path) + 1),
            depth=Organisation.depth + deeper,
        )
        .execution_options(synchronize_session=False)
    )
    # Loaded objects of the subtree must read their new paths.
    for held in list(tx.identity_map.values()):
        if isinstance(held, Organisation):
            tx.refresh(held)


def set_sector(tx: Tx, actor: Actor, node: Organisation, sector: str | None) -> Organisation:
    """Set or remove the sector of a node."""
    require_access(actor, node.path, f"organisation:{node.public_id}", *TREE_EDITORS)
    if (sector or None) == node.sector:
        return node
    _known(tx, kind=node.kind, level=node.level, sector=sector)
    lock.take_roster_lock(tx)
    still_open(tx, node)
    old, node.sector = node.sector, sector or None
    tx.flush()
    record(tx, actor, "organisation.sector", f"organisation:{node.public_id}", old=old, new=node.sector)
    here = tx.scalars(select(Member.id).where(Member.organisation_id == node.id)).all()
    jobs.publish(tx, MembersChanged(list(here)))
    return node


def close_organisation(tx: Tx, actor: Actor, node: Organisation, *, on: dt.date | None = None) -> Organisation:
    """Close a node from a day on.

    Raises:
        Conflict: members or open nodes are still below it.
    """
    require_access(actor, node.path, f"organisation:{node.public_id}", *TREE_EDITORS)
    day = past(on)
    lock.take_roster_lock(tx)
    still_open(tx, node)
    below = tx.scalar(select(func.count()).where(Organisation.parent_id == node.id, Organisation.closed_on.is_(None)))
    people = tx.scalar(select(func.count()).where(Member.organisation_id == node.id, is_present()))
    if below or people:
        raise Conflict(
            msg(
                "“%(name)s”还有 %(below)s 个下级组织、%(people)s 名党员，请先转走再撤销。",
                name=node.name,
                below=below,
                people=people,
            )
        )
    mark_closed(tx, node, day)
    record(tx, actor, "organisation.closed", f"organisation:{node.public_id}", on=day.isoformat())
    return node


def mark_closed(tx: Tx, node: Organisation, day: dt.date) -> None:
    """Mark a node as closed from a day on and end its spell."""
    node.closed_on = day
    spell = _open_spell(tx, node)
    if spell is not None:
        spell.valid_to = day
    tx.flush()


def reopen(tx: Tx, node: Organisation, day: dt.date) -> None:
    """Undo a closing from a day on: the spell that ended then continues."""
    node.closed_on = None
    spell = tx.scalar(
        select(OrganisationSpell)
        .where(OrganisationSpell.organisation_id == node.id, OrganisationSpell.valid_to == day)
        .order_by(OrganisationSpell.id.desc())
        .limit(1)
    )
    if spell is not None:
        spell.valid_to = None
    else:
        tx.add(OrganisationSpell(organisation_id=node.id, parent_id=node.parent_id, name=node.name, valid_from=day))
    tx.flush()


def _turn_spell(tx: Tx, node: Organisation, day: dt.date) -> None:
    spell = _open_spell(tx, node)
    if spell is not None and day < spell.valid_from:
        raise Invalid(fields={"on": msg("日期不能早于上一次变动（%(day)s）。", day=spell.valid_from)})
    if spell is not None and day == spell.valid_from:
        # Twice on one day: one spell a day, with the day's last values.
        spell.name, spell.parent_id = node.name, node.parent_id
    else:
        if spell is not None:
            spell.valid_to = day
            tx.flush()
        tx.add(OrganisationSpell(organisation_id=node.id, parent_id=node.parent_id, name=node.name, valid_from=day))
    tx.flush()


def _open_spell(tx: Tx, node: Organisation) -> OrganisationSpell | None:
    return tx.scalar(
        select(OrganisationSpell).where(
            OrganisationSpell.organisation_id == node.id, OrganisationSpell.valid_to.is_(None)
        )
    )


def still_open(tx: Tx, node: Organisation) -> None:
    """Refresh the node under the lock.

    Raises:
        Conflict: it has been closed.
    """
    tx.refresh(node)
    if node.closed_on is not None:
        raise Conflict(msg("“%(name)s”已经撤销。", name=node.name))


def past(day: dt.date | None) -> dt.date:
    """The day itself, today when none is given.

    Raises:
        Invalid: it is in the future.
    """
    if day is not None and day > clock.today():
        raise Invalid(fields={"on": msg("日期不能晚于今天。")})
    return day or clock.today()


def _known(tx: Tx, *, kind: str, level: str, sector: str | None) -> None:
    wrong = {
        field: msg("请从列表里选择。")
        for field, value, known in (
            ("kind", kind, rules.ORGANISATION_KINDS),
            ("level", level, rules.ORGANISATION_LEVELS),
            ("sector", sector or "", {"": msg("（不分领域）"), **sectors.sector_names(tx, offered=True)}),
        )
        if value not in known
    }
    if wrong:
        raise Invalid(fields=wrong)
