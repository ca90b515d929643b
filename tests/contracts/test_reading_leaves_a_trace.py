"""Whoever is shown another person's name has left a row in the trail: every page, every role, real people."""

import re

import pytest
from sqlalchemy import func, select

from academy.core.actor import Role
from academy.core.audit import AuditEntry
from academy.people.models import Member
from tests.contracts.access_calls import address
from tests.contracts.access_kinds import KINDS, PERSONAL
from tests.contracts.access_matrix import SENT, Row, rows
from tests.contracts.access_world import World

OFFICES = (Role.BRANCH_SECRETARY, Role.NODE_ADMINISTRATOR, Role.ROSTER_OFFICER, Role.SECURITY_OFFICER)
LEAST = {Role.NODE_ADMINISTRATOR: 8, Role.BRANCH_SECRETARY: 4, Role.ROSTER_OFFICER: 3}
EVEN_SO = {
    "audit.index": "the trail itself; looking something up in it is a row of its own",
    "reports.fetch": "the file was asked for, which is a row of its own",
}


BY_POST = {Role.NODE_ADMINISTRATOR: 4, Role.BRANCH_SECRETARY: 1, Role.ROSTER_OFFICER: 3}
REFUSED = {
    "POST /members/<public_id>": {"verb": "transfer", "organisation": "？"},
    "POST /members/<public_id>/corrections": {"kind": "register"},
}
"""Forms that are refused by more than nonsense in every field."""


def routes(method: str, role: Role) -> list[Row]:
    """What the role is let in to; the access matrix sees to it that it is shown nothing else."""
    return [
        row
        for row in rows()
        if row.method == method and row.marks[role] != "." and not row.address.startswith(("/m/", "/static/"))
    ]


@pytest.fixture(scope="module")
def named(world: World) -> World:
    """The same city, in which every person has a name that is found in any page."""
    with world.runtime.db.begin() as tx:
        for number, person in enumerate(tx.scalars(select(Member).order_by(Member.id))):
            person.name = f"识别{number:04d}号"
    return world


@pytest.mark.parametrize("role", OFFICES)
def test_a_page_with_somebodys_name_leaves_a_row(named: World, role: Role) -> None:
    world, silent, seen = named, [], 0
    client, mine = world.app.test_client(use_cookies=False), name_of(world, role)
    for row in routes("GET", role):
        ids = KINDS[row.kind](world, "mine" if row.kind in PERSONAL else "inside", role)
        rule = world.rules[row.method, row.address]
        try:
            path = re.sub(r"<(?:\w+(?:\([^)]*\))?:)?(\w+)>", lambda m, ids=ids: str(ids[m[1]]), row.address)
        except KeyError:
            continue
        before = count(world)
        with client.get(path, headers=world.credentials(role)) as answer:
            if answer.status_code != 200 or answer.mimetype not in {"text/html", "application/json"}:
                continue
            shown = set(re.findall(r"识别\d{4}号", answer.get_data(as_text=True))) - {mine}
        seen += bool(shown)
        if shown and count(world) == before and rule.endpoint not in EVEN_SO:
            silent.append((rule.endpoint, sorted(shown)[:2]))
    assert silent == []
    assert seen >= LEAST.get(role, 0), "names stand on pages"


@pytest.mark.parametrize("role", OFFICES)
def test_a_form_that_is_refused_and_shows_people_leaves_a_row(named: World, role: Role) -> None:
    """What is wrong with a form is told on a page, and the page may be somebody's."""
    silent, seen, mine = [], set(), name_of(named, role)
    client = named.app.test_client(use_cookies=False)
    for row in routes("POST", role):
        ids = KINDS[row.kind](named, "mine" if row.kind in PERSONAL else "inside", role)
        # The right button, and nothing beside it that could be kept.
        route = f"{row.method} {row.address}"
        filled = SENT.get(route, {}).get("data", {})
        nonsense = {name: value if name == "verb" else "？" for name, value in filled.items()}
        form = REFUSED.get(route, nonsense)
        savepoint = named.connection.begin_nested()
        before = count(named)
        with client.post(address(named, row, ids), data=form, headers=named.credentials(role)) as answer:
            shown = set(re.findall(r"识别\d{4}号", answer.get_data(as_text=True))) - {mine}
        if shown:
            endpoint = named.rules[row.method, row.address].endpoint
            seen.add(endpoint)
            if count(named) == before and endpoint not in EVEN_SO:
                silent.append((endpoint, answer.status_code, sorted(shown)[:2]))
        savepoint.rollback()
    assert silent == []
    assert len(seen) >= BY_POST.get(role, 0), seen


def name_of(world: World, role: Role) -> str:
    with world.runtime.db.read() as tx:
        return tx.get_one(Member, world.made["account", role].member_id).name


def count(world: World) -> int:
    with world.runtime.db.read() as tx:
        return tx.scalar(select(func.count()).select_from(AuditEntry)) or 0
