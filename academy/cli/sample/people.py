"""The city's tree and its members, inserted in bulk: twenty thousand in seconds."""

import dataclasses
import datetime as dt
import random
from collections.abc import Callable
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, update

from academy.cli.sample import names
from academy.core import clock
from academy.core.crypto import Sealer
from academy.core.database import Base, Tx
from academy.core.ids import new_id
from academy.people import api as people
from academy.people.api import MemberStatus, OrganisationKind
from academy.people.models import Exemption, Member, Membership, MemberTerm, Organisation, OrganisationSpell

FOUNDED = dt.date(2015, 1, 1)
TOWNS = 150
SECTOR_SHARES = {
    "town": {"rural": 62, "government": 8, "institution": 7, "enterprise": 3, "private": 10, "education_health": 10},
    "street": {
        "community": 42,
        "government": 12,
        "institution": 10,
        "enterprise": 9,
        "private": 17,
        "education_health": 10,
    },
}
# Average size of a branch, years of the middle member, share of people away for work.
CHARACTER = {
    "rural": (1.25, 58, 0.14),
    "community": (1.35, 55, 0.04),
    "government": (0.9, 41, 0.0),
    "institution": (0.7, 43, 0.0),
    "enterprise": (0.9, 42, 0.01),
    "private": (0.45, 35, 0.07),
    "education_health": (1.2, 42, 0.0),
}


@dataclasses.dataclass
class Node:
    """An organisation of the sample under construction."""

    code: str
    name: str
    level: str
    sector: str | None
    parent: "Node | None"
    id: int = 0
    path: str = ""
    size: int = 0
    zeal: float = 0.0
    """Share of this branch that studies, from 0 to 1; coverage follows it."""


@dataclasses.dataclass
class City:
    """The rows created, for the steps that follow."""

    root: Node
    counties: list[Node]
    towns: list[Node]
    branches: list[Node]
    secretaries: dict[int, int]
    """Member id of the secretary by branch id."""


def branch_count(members: int) -> int:
    """Branches of a city of that many members: 1,200 for 20,000 and 8,000 for 180,000."""
    if members <= 20_000:
        return max(TOWNS, min(1_200, members // 10))
    return min(8_000, 1_200 + round((members - 20_000) * 6_800 / 160_000))


def make_city(tx: Tx, sealer: Sealer, members: int, lot: random.Random, report: Callable[[str], None]) -> City:
    """Insert tree, members, memberships."""
    root = Node("01", f"中共{names.CITY}委员会", "city", None, None)
    counties = [Node(f"01{i:02d}", f"中共{name}委员会", "county", None, root) for i, name in _from_one(names.COUNTIES)]
    place = names.places(lot)
    towns = _towns(counties, place, lot)
    branches = _branches(towns, branch_count(members), place, lot)
    _insert_nodes(tx, [[root], counties, towns, branches])
    report(f"{1 + len(counties) + len(towns) + len(branches):,} organisations")
    _deal_sizes(branches, members, lot)
    secretaries = _insert_members(tx, sealer, branches, lot)
    report(f"{members:,} members")
    return City(root, counties, towns, branches, secretaries)


def _from_one(items: list[str]) -> "enumerate[str]":
    return enumerate(items, start=1)


def _towns(counties: list[Node], place: Any, lot: random.Random) -> list[Node]:
    towns = []
    for number in range(TOWNS):
        county = counties[number % len(counties)]
        street = county.name.endswith("区委员会") and lot.random() < 0.7
        rank = "街道" if street else ("镇" if lot.random() < 0.7 else "乡")
        name = f"{next(place)}{rank}"
        head = "工作委员会" if street else "委员会"
        towns.append(Node(f"{county.code}{number // len(counties) + 1:02d}", f"中共{name}{head}", "town", None, county))
    return towns


def _branches(towns: list[Node], count: int, place: Any, lot: random.Random) -> list[Node]:
    branches, taken = [], set[tuple[str, str]]()
    for number in range(count):
        town = towns[number % len(towns)]
        shares = SECTOR_SHARES["street" if "街道" in town.name else "town"]
        sector = lot.choices(list(shares), list(shares.values()))[0]
        short = town.name.removeprefix("中共").removesuffix("委员会").removesuffix("工作")
        name, tries = "", 0
        while not name or (town.code, name) in taken:
            tries += 1
            name = names.workplace(lot, sector, short, next(place) if sector in {"rural", "community"} else "")
            if tries > 6:
                name += f"第{tries}"
        taken.add((town.code, name))
        node = Node(f"{town.code}{number // len(towns) + 1:03d}", f"{name}党支部", "branch", sector, town)
        node.zeal = _zeal(town, sector, lot)
        branches.append(node)
    return branches


def _zeal(town: Node, sector: str, lot: random.Random) -> float:
    """Study activity of a branch: varies by county and town, by sector, and by branch."""
    if not town.zeal:
        town.zeal = min(0.97, max(0.15, lot.gauss(0.66, 0.16)))
    bias = {"government": 0.14, "private": -0.15, "rural": -0.05}.get(sector, 0.03)
    return min(0.99, max(0.03, lot.gauss(town.zeal + bias, 0.13)))


def _insert_nodes(tx: Tx, levels: list[list[Node]]) -> None:
    table = table_of(Organisation)
    for depth, nodes in enumerate(levels):
        rows = [
            {
                "public_id": new_id(),
                "code": node.code,
                "name": node.name,
                "kind": OrganisationKind.BRANCH if node.level == "branch" else OrganisationKind.COMMITTEE,
                "level": node.level,
                "sector": node.sector,
                "parent_id": node.parent.id if node.parent else None,
                "depth": depth,
                "path": "",
                "opened_on": FOUNDED,
            }
            for node in nodes
        ]
        tx.execute(insert(table), rows)
        found = tx.execute(select(table.c.code, table.c.id).where(table.c.depth == depth))
        ids = {row.code: row.id for row in found}
        for node in nodes:
            node.id = ids[node.code]
            node.path = f"{node.parent.path if node.parent else '/'}{node.id}/"
        tx.execute(
            update(table).where(table.c.id == bindparam("row")).values(path=bindparam("new_path")),
            [{"row": node.id, "new_path": node.path} for node in nodes],
        )
    spells = [
        {
            "organisation_id": node.id,
            "parent_id": node.parent.id if node.parent else None,
            "name": node.name,
            "valid_from": FOUNDED,
        }
        for nodes in levels
        for node in nodes
    ]
    tx.execute(insert(table_of(OrganisationSpell)), spells)


def _deal_sizes(branches: list[Node], members: int, lot: random.Random) -> None:
    weights = [CHARACTER[b.sector or "rural"][0] * lot.lognormvariate(0, 0.45) for b in branches]
    scale = (members - 3 * len(branches)) / sum(weights)
    for branch, weight in zip(branches, weights, strict=True):
        branch.size = 3 + max(0, int(weight * scale))
    for _ in range(members - sum(b.size for b in branches)):
        lot.choice(branches).size += 1


def _insert_members(tx: Tx, sealer: Sealer, branches: list[Node], lot: random.Random) -> dict[int, int]:
    today, now = clock.today(), clock.now()
    rows: list[dict[str, Any]] = []
    for branch in branches:
        for place in range(branch.size):
            rows.append(_member(branch, place, len(rows) + 1, today, now, sealer, lot))
    table = table_of(Member)
    for start in range(0, len(rows), 10_000):
        tx.execute(insert(table), rows[start : start + 10_000])
    found = tx.execute(select(table.c.id, table.c.number, table.c.organisation_id, table.c.position)).all()
    since = {row["number"]: row["position_since"] or row["joined_on"] for row in rows}
    links = [
        {"member_id": id_, "organisation_id": home, "valid_from": max(FOUNDED, since[number])}
        for id_, number, home, _position in found
    ]
    for start in range(0, len(links), 20_000):
        tx.execute(insert(table_of(Membership)), links[start : start + 20_000])
    _insert_terms(tx, rows, {number: id_ for id_, number, _home, _position in found}, lot)
    return {home: id_ for id_, _number, home, position in found if position == "党支部书记"}


AWAY = ("外省务工", "省城务工", "随子女居住", "在外经商", "外地求学")


def _insert_terms(tx: Tx, rows: list[dict[str, Any]], ids: dict[str, int], lot: random.Random) -> None:
    """Since when officers hold their positions, and since when and where floating members are away."""
    today = clock.today()
    held = []
    for row in rows:
        member = ids[row["number"]]
        if row["position"]:
            kind, since = people.post_of(row["position"]), row["position_since"]
            held.append(_term(member, people.POSITION_TERM, row["position"], kind, "", since))
        if row["status"] == MemberStatus.FLOATING:
            since = max(row["joined_on"], today - dt.timedelta(days=lot.randrange(20, 1200)))
            held.append(
                _term(member, people.STATUS_TERM, str(row["status"]), str(row["status"]), lot.choice(AWAY), since)
            )
    for start in range(0, len(held), 20_000):
        tx.execute(insert(table_of(MemberTerm)), held[start : start + 20_000])


def _term(member: int, what: str, value: str, kind: str, note: str, since: dt.date) -> dict[str, Any]:
    return {"member_id": member, "what": what, "value": value, "kind": kind, "note": note, "valid_from": since}


POSITIONS = ("党支部书记", "副书记", "组织委员", "宣传委员")


def _member(
    branch: Node, place: int, serial: int, today: dt.date, now: dt.datetime, sealer: Sealer, lot: random.Random
) -> dict[str, Any]:
    _size, middle, away = CHARACTER[branch.sector or "rural"]
    officer = place < len(POSITIONS) and (place == 0 or branch.size > 3 + 3 * place)
    age = min(97.0, max(19.5, lot.gauss(min(middle, 52) if officer else middle, 8 if officer else 15)))
    born = today - dt.timedelta(days=int(age * 365.25))
    joined = born + dt.timedelta(days=int(365.25 * min(age - 0.4, max(18.6, lot.gauss(28, 7)))))
    name, gender = names.person(lot)
    phone = f"1400{serial:07d}" if lot.random() < 0.9 else None
    floats = not officer and age < 60 and lot.random() < away * 1.6
    return {
        "public_id": new_id(),
        "number": f"20{serial:08d}",
        "name": name,
        "gender": gender,
        "birth_date": born,
        "education": lot.choices(("小学", "初中", "高中", "大专", "本科", "研究生"), _schooling(age, branch.sector))[0],
        "joined_on": joined,
        "status": MemberStatus.FLOATING if floats else MemberStatus.ACTIVE,
        "position": POSITIONS[place] if officer else None,
        "position_since": max(joined, today - dt.timedelta(days=lot.randrange(60, 1500))) if officer else None,
        "phone_sealed": sealer.seal(phone, context="member.phone") if phone else None,
        "phone_index": sealer.blind_index(phone, context="member.phone") if phone else None,
        "organisation_id": branch.id,
        "created_at": now,
        "updated_at": now,
    }


def _schooling(age: float, sector: str | None) -> tuple[int, ...]:
    if sector in {"rural", "community"}:
        return (30, 40, 22, 6, 2, 0) if age > 60 else (4, 28, 32, 24, 12, 0)
    return (2, 10, 28, 36, 22, 2) if age > 60 else (0, 2, 8, 28, 50, 12)


def exempt_some(tx: Tx, lot: random.Random, requested_by: int, approved_by: int) -> int:
    """Exemptions of most of the very old and a few of the ill; requested by one account, approved by another."""
    table, today = table_of(Member), clock.today()
    rows = []
    for member_id, born in tx.execute(select(table.c.id, table.c.birth_date)):
        age = (today - born).days / 365.25
        reason = (
            "年老体弱" if age > 78 and lot.random() < 0.7 else "长期患病，不能参加学习" if lot.random() < 0.012 else ""
        )
        if reason:
            rows.append(
                {
                    "public_id": new_id(),
                    "member_id": member_id,
                    "reason": reason,
                    "valid_from": today - dt.timedelta(days=lot.randrange(200, 900)),
                    "valid_to": None if reason == "年老体弱" else today + dt.timedelta(days=lot.randrange(120, 500)),
                    "requested_by": requested_by,
                    "approved_by": approved_by,
                    "approved_at": clock.now(),
                }
            )
    if rows:
        tx.execute(insert(table_of(Exemption)), rows)
    return len(rows)


def table_of(model: type[Base]) -> Table:
    """The table behind a model, for inserting rows in bulk."""
    table = model.__table__
    assert isinstance(table, Table)
    return table


def has_organisations(tx: Tx) -> bool:
    """Whether there is any organisation."""
    return tx.scalar(select(Organisation.id).limit(1)) is not None
