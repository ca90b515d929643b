"""Import of organisations: checked for cycles and unknown parents first, then created parents first."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import sqlalchemy
from sqlalchemy import bindparam, insert, select, update

from academy.core import clock
from academy.core.actor import Actor
from academy.core.database import Tx
from academy.core.i18n import Message, msg
from academy.core.ids import new_ids
from academy.core.runtime import Runtime
from academy.people import api as people
from academy.people.api import Unreadable
from academy.people.models import Organisation, OrganisationSpell
from academy.roster.check import CheckOutcome, ProgressCallback
from academy.roster.findings import RowFinding, RowFindings
from academy.roster.sheet_table import Row, SheetTable

organisations = cast(sqlalchemy.Table, Organisation.__table__)
spells = cast(sqlalchemy.Table, OrganisationSpell.__table__)
NEXT_LEVEL = {"city": "county", "county": "town", "town": "town", "branch": "group", "group": "group"}


def check_tree(
    runtime: Runtime,
    node_id: int,
    mapping: dict[str, int],
    table: SheetTable,
    target: Path,
    on_progress: ProgressCallback,
) -> CheckOutcome:
    """Compare a table of organisations with the tree below a node and write findings."""
    with runtime.db.read() as tx:
        began_at = people.roster_version(tx)
        top = tx.get_one(Organisation, node_id)
        known = {node.code: node for node in tx.scalars(select(Organisation))}
        read_sector, names = people.sector_reader(tx), people.sector_names(tx)
    rows = [_read(line, cells, mapping, read_sector) for line, cells in table.rows]
    for line, _, _, wrong in rows:
        wrong += _odd(line, table, mapping)
    on_progress(400)
    parents = _parents(rows, known, top)
    seen: dict[str, int] = {}
    found = []
    for line, cells, values, wrong in rows:
        code = values.get("code", "")
        if code:
            first = seen.setdefault(code, line)
            if first != line:
                wrong.append(msg("组织代码 %(code)s 与第 %(line)s 行重复。", code=code, line=first))
        wrong += _out_of_place(values, known, top, parents)
        found.append(_judge(line, cells, values, wrong, known, top, names))
    on_progress(800)
    writer = RowFindings(target).begin()
    writer.add(found)
    digest = hashlib.sha256(repr([finding[:8] for finding in found]).encode()).hexdigest()
    return CheckOutcome(writer.finish(), began_at, digest)


def _read(
    line: int, cells: Row, mapping: dict[str, int], read_sector: Callable[[str], str | None]
) -> tuple[int, Row, dict[str, Any], list[Message]]:
    readers = {
        "code": people.read_organisation_code,
        "name": lambda text: people.read_name(text, longest=120),
        "parent": lambda text: people.read_organisation_code(text) if text.strip() else None,
        "kind": people.read_organisation_kind,
        "sector": read_sector,
    }
    values: dict[str, Any] = {}
    wrong: list[Message] = []
    for field, place in mapping.items():
        try:
            values[field] = readers[field](cells[place] if place < len(cells) else "")
        except Unreadable as error:
            wrong.append(error.reason)
    if values.get("kind", "") is None:
        wrong.append(msg("没有填类型。"))
    return line, cells, values, wrong


def _odd(line: int, table: SheetTable, mapping: dict[str, int]) -> list[Message]:
    """Errors of a line's cells."""
    places = [place for place in mapping.values() if (line, place) in table.formulas]
    found = [msg("第 %(columns)s 列是公式，请改成数值。", columns=str(place + 1)) for place in sorted(places)]
    return found + ([table.faults[line]] if line in table.faults else [])


def _parents(rows: list[Any], known: dict[str, Organisation], top: Organisation) -> dict[str, str]:
    """code → parent's code as it would be after the import; a blank parent is the top."""
    by_id = {node.id: node.code for node in known.values()}
    parents = {code: by_id[node.parent_id] for code, node in known.items() if node.parent_id is not None}
    for _, _, values, _ in rows:
        if values.get("code") and values["code"] != top.code:
            parents[values["code"]] = values.get("parent") or top.code
    return parents


def _out_of_place(
    values: dict[str, Any], known: dict[str, Organisation], top: Organisation, parents: dict[str, str]
) -> list[Message]:
    code, parent = values.get("code"), values.get("parent")
    if not code or code == top.code:
        return []
    old = known.get(code)
    if old is not None and not old.path.startswith(top.path):
        return [msg("组织代码 %(code)s 不在您的管理范围内。", code=code)]
    if old is not None and old.closed_on is not None:
        return [msg("组织 %(code)s 已经撤销。", code=code)]
    trail = [code]
    while (up := parents.get(trail[-1])) is not None and up != top.code:
        if up in trail:
            ring = " → ".join([*trail[trail.index(up) :], up])
            return [msg("上级关系绕成了圈：%(ring)s。", ring=ring)]
        trail.append(up)
    if up == top.code:
        return []
    last = trail[-1]
    if last not in known:
        return [msg("没有上级代码 %(code)s。", code=last if last != code else parent)]
    return [msg("上级 %(code)s 不在您的管理范围内。", code=parent)]


def _judge(
    line: int,
    cells: Row,
    values: dict[str, Any],
    wrong: list[Message],
    known: dict[str, Organisation],
    top: Organisation,
    names: dict[str, str],
) -> RowFinding:
    code, name = values.get("code", ""), str(values.get("name") or "")
    parent = top.code if not values.get("parent") else values["parent"]
    if wrong:
        return RowFinding(line, "bad", code, name, values.get("parent") or "", notes=wrong, cells=cells)
    written = {"org_kind": values["kind"], "org_sector": values.get("sector"), "org_parent": parent}
    old = known.get(code)
    if old is None:
        return RowFinding(line, "added", code, name, parent, None, None, written)
    notes: list[Message] = []
    if name != old.name:
        notes.append(msg("名称：%(old)s → %(new)s", old=old.name, new=name))
    if written["org_kind"] != old.kind:
        notes.append(
            msg(
                "类型：%(old)s → %(new)s",
                old=people.ORGANISATION_KINDS[old.kind],
                new=people.ORGANISATION_KINDS[written["org_kind"]],
            )
        )
    if written["org_sector"] not in (None, old.sector):
        notes.append(msg("领域改为%(new)s", new=names[written["org_sector"]]))
    parent_id = known[parent].id if parent in known else None
    moved = code != top.code and old.parent_id != parent_id
    kind = "moved" if moved else "changed" if notes else "unchanged"
    return RowFinding(line, kind, code, name, parent, old.id, parent_id, written, notes=notes)


def apply_tree(tx: Tx, actor: Actor, top: Organisation, plan: RowFindings) -> dict[str, int]:
    """Apply the findings. The caller holds the roster's lock and commits."""
    added = [finding for block in plan.all("added") for finding in block]
    placed = {
        row.code: row.id
        for row in tx.execute(select(Organisation.code, Organisation.id).where(people.subtree(top.path)))
    }
    waiting = added
    while waiting:
        ready = [finding for finding in waiting if finding.place in placed]
        if not ready:
            raise RuntimeError("a checked tree has organisations whose parents never come")
        _plant(tx, ready, placed)
        waiting = [finding for finding in waiting if finding.number not in placed]
    counts = {"added": len(added), "changed": 0, "moved": 0, "left": 0}
    for kind in ("changed", "moved"):
        for finding in (one for block in plan.all(kind) for one in block):
            node = tx.get_one(Organisation, finding.target_id)
            values = finding.details or {}
            people.rename_organisation(tx, actor, node, finding.name)
            node.kind, node.sector = values["org_kind"], values.get("org_sector") or node.sector
            counts[kind] += 1
    _hang(tx, actor, [one for block in plan.all("moved") for one in block], placed)
    return counts


def _hang(tx: Tx, actor: Actor, moved: list[RowFinding], placed: dict[str, int]) -> None:
    """Move nodes to their parents, in an order without intermediate cycles."""
    while moved:
        stuck = []
        for finding in moved:
            node = tx.get_one(Organisation, finding.target_id)
            parent = tx.get_one(Organisation, placed[finding.place])
            if parent.path.startswith(node.path):
                stuck.append(finding)
            else:
                people.move_organisation(tx, actor, node, parent)
        if len(stuck) == len(moved):
            raise RuntimeError("a checked tree cannot be planted")
        moved = stuck


def _plant(tx: Tx, ready: list[RowFinding], placed: dict[str, int]) -> None:
    today = clock.today()
    above = {
        row.id: row
        for start in range(0, len(ready), 5000)
        for row in tx.execute(
            select(Organisation.id, Organisation.path, Organisation.depth, Organisation.level).where(
                Organisation.id.in_({placed[finding.place] for finding in ready[start : start + 5000]})
            )
        )
    }
    rows = []
    for finding, public_id in zip(ready, new_ids(len(ready)), strict=True):
        values = finding.details or {}
        parent = above[placed[finding.place]]
        level = values["org_kind"] if values["org_kind"] in ("branch", "group") else NEXT_LEVEL[parent.level]
        rows.append(
            {
                "public_id": public_id,
                "code": finding.number,
                "name": finding.name,
                "kind": values["org_kind"],
                "level": level,
                "sector": values.get("org_sector"),
                "parent_id": parent.id,
                "path": "",
                "depth": parent.depth + 1,
                "opened_on": today,
            }
        )
    connection = tx.connection()
    connection.execute(insert(organisations), rows)
    codes = [finding.number for finding in ready]
    made: list[Any] = []
    for start in range(0, len(codes), 5000):
        made += tx.execute(
            select(Organisation.id, Organisation.code, Organisation.parent_id, Organisation.name).where(
                Organisation.code.in_(codes[start : start + 5000])
            )
        ).all()
    connection.execute(
        update(organisations).where(organisations.c.id == bindparam("b_id")).values(path=bindparam("b_path")),
        [{"b_id": row.id, "b_path": f"{above[row.parent_id].path}{row.id}/"} for row in made],
    )
    connection.execute(
        insert(spells),
        [
            {"organisation_id": row.id, "parent_id": row.parent_id, "name": row.name, "valid_from": today}
            for row in made
        ],
    )
    placed.update({row.code: row.id for row in made})
