"""The list of sectors is the city's own."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from academy.core.actor import SYSTEM, Role
from academy.core.audit import AuditEntry
from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.people import rules, sectors
from academy.people.api import create_organisation
from academy.people.models import Organisation, Sector
from tests.conftest import sign_in
from tests.support import factories as make


def enter(app: Flask, runtime: Runtime, role: Role) -> tuple[FlaskClient, Organisation]:
    client = app.test_client()
    with runtime.db.begin() as tx:
        top = make.organisation(tx, level="city")
        who = make.account(tx, None, *((r, top) for r in {role, Role.NODE_ADMINISTRATOR}))
        sign_in(client, make.session_token(tx, who))
    return client, top


def test_a_sector_is_added_used_renamed_and_retired(app: Flask, runtime: Runtime) -> None:
    client, top = enter(app, runtime, Role.SYSTEM_ADMINISTRATOR)
    assert "两新组织" in client.get("/sectors").text
    assert client.post("/sectors", data={"name": "网络行业", "name_en": "Internet"}).status_code == 303
    twice = client.post("/sectors", data={"name": "网络行业"})
    assert twice.status_code == 422 and "已经有这个领域了" in twice.text
    with runtime.db.read() as tx:
        made = tx.scalars(select(Sector).where(Sector.name == "网络行业")).one()
        assert made.place == 8
        assert sectors.sector_reader(tx)("网络行业") == made.code == sectors.sector_reader(tx)("internet")
        assert sectors.sector_reader(tx)("国企") == "enterprise"
        with pytest.raises(rules.Unreadable):
            sectors.sector_reader(tx)("火星")
    new = f"/organisations/{top.public_id}/new"
    fields = {"code": "N1", "name": "网约配送党支部", "kind": "branch", "level": "branch", "sector": made.code}
    assert client.post(new, data=fields).status_code == 303
    client.post("/sectors", data={"verb": "rename", "code": made.code, "name": "新就业群体"})
    client.post("/sectors", data={"verb": "up", "code": made.code})
    client.post("/sectors", data={"verb": "retire", "code": made.code})
    assert made.code not in client.get(new).text, "offered no more"
    assert "新就业群体" in client.get(f"/organisations/{top.public_id}").text, "and still named"
    with runtime.db.begin() as tx:
        assert [s.code for s in sectors.list_sectors(tx)].index(made.code) == 6
        assert sectors.count_organisations_by_sector(tx)[made.code] == 1
        node = tx.scalars(select(Organisation).where(Organisation.code == "N1")).one()
        with pytest.raises(Invalid):
            create_organisation(tx, SYSTEM, code="N2", name="某支部", sector=made.code, parent=node)
        assert tx.scalars(select(AuditEntry.verb).where(AuditEntry.target == f"sector:{made.code}")).all() == [
            "sector.added", "sector.renamed", "sector.moved", "sector.retired",
        ]  # fmt: skip


def test_an_organisation_changes_its_sector_by_form_and_others_keep_out(app: Flask, runtime: Runtime) -> None:
    client, top = enter(app, runtime, Role.NODE_ADMINISTRATOR)
    assert client.get("/sectors").status_code == 404
    with runtime.db.begin() as tx:
        branch = make.organisation(tx, tx.get_one(Organisation, top.id))
    change = f"/organisations/{branch.public_id}/change"
    assert client.post(change, data={"verb": "sector", "sector": "community"}).status_code == 303
    assert client.post(change, data={"verb": "sector", "sector": "mars"}).status_code == 422
    with runtime.db.read() as tx:
        assert tx.get_one(Organisation, branch.id).sector == "community"
