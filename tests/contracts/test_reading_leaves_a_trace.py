"""Whoever is shown another person's name has left a row in the trail: every page, every role, real people."""

import re

import pytest
from sqlalchemy import func, select

from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.members.models import Member
from tests.contracts.access_matrix import Row, rows
from tests.contracts.access_world import KINDS, PERSONAL, World
from tests.contracts.test_access_matrix import world  # noqa: F401 - a fixture

OFFICES = (Role.BRANCH_SECRETARY, Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER, Role.SECURITY_OFFICER)
LEAST = {Role.NODE_ADMINISTRATOR: 8, Role.BRANCH_SECRETARY: 4, Role.ROSTER_OFFICER: 3}
EVEN_SO = {
    "audit.index": "the trail itself; looking something up in it is a row of its own",
    "reports.fetch": "the file was asked for, which is a row of its own",
}


def pages() -> list[Row]:
    return [row for row in rows() if row.method == "GET" and not row.address.startswith("/m/")]


@pytest.mark.parametrize("role", OFFICES)
def test_a_page_with_somebodys_name_leaves_a_row(world: World, role: Role) -> None:  # noqa: F811
    silent, seen = [], 0
    client = world.app.test_client(use_cookies=False)
    with world.house.db.begin() as tx:
        for number, person in enumerate(tx.scalars(select(Member).order_by(Member.id))):
            person.name = f"识别{number:04d}号"
        mine = tx.get_one(Member, world.made["account", role].member_id).name
    for row in pages():
        ids = KINDS[row.kind](world, "mine" if row.kind in PERSONAL else "inside", role)
        rule = world.rules[row.method, row.address]
        try:
            path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda m, ids=ids: ids[m[1]], row.address)
        except KeyError:
            continue
        before = count(world)
        with client.get(path, headers=world.credentials(role)) as answer:
            if answer.status_code != 200 or answer.mimetype not in {"text/html", "application/json"}:
                continue
            shown = set(re.findall(r"识别\d{4}号", answer.text)) - {mine}
        seen += bool(shown)
        if shown and count(world) == before and rule.endpoint not in EVEN_SO:
            silent.append((rule.endpoint, sorted(shown)[:2]))
    assert silent == []
    assert seen >= LEAST.get(role, 0), "names stand on pages"


def count(world: World) -> int:  # noqa: F811
    with world.house.db.read() as tx:
        return tx.scalar(select(func.count()).select_from(AuditEntry)) or 0
