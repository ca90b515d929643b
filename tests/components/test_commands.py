"""Accounts and rosters from the command line."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from academy.accounts import queries, service
from academy.core.runtime import Runtime
from academy.people.models import Member
from tests.support import factories as make

PASSWORD = "春天的第一课2026"


def test_an_account_is_made_and_given_a_role(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        make.organisation(tx, level="city").code = "C"
    run = app.test_cli_runner().invoke
    assert "太容易" in run(args=["accounts", "create", "boss", "--name", "管理员", "--password", "12345678"]).output
    assert run(args=["accounts", "create", "boss", "--name", "管理员", "--password", PASSWORD]).exit_code == 0
    assert "已经有了" in run(args=["accounts", "create", "boss", "--name", "管", "--password", PASSWORD]).output
    assert run(args=["accounts", "grant", "boss", "auditor", "C"]).output == "boss is auditor of C\n"
    assert "三员" in run(args=["accounts", "grant", "boss", "security_officer", "C"]).output
    assert "auditor\tC" in run(args=["accounts", "show", "boss"]).output
    token = service.sign_in(runtime, "boss", PASSWORD)
    assert run(args=["accounts", "revoke", "boss", "auditor"]).exit_code == 0
    with runtime.db.read() as tx:
        assert queries.identity_of(tx, token) is None


def test_a_roster_is_imported_or_refused(app: Flask, runtime: Runtime, tmp_path: Path) -> None:
    with runtime.db.begin() as tx:
        make.organisation(tx, level="city").code = "C"
    good, bad = tmp_path / "好.csv", tmp_path / "坏.csv"
    good.write_text("编号,姓名,组织代码\nA1,赵小满,C\n", encoding="gb18030")
    bad.write_text("编号,姓名,组织代码\nA2,赵小满,D\n", encoding="utf-8")
    run = app.test_cli_runner().invoke
    refused = run(args=["roster", "import", str(bad), "--organisation", "C", "--apply"])
    assert refused.exit_code == 1 and "没有组织代码 D" in refused.output
    looked = run(args=["roster", "import", str(good), "--organisation", "C"])
    assert looked.exit_code == 0 and "added\t1" in looked.output
    done = run(args=["roster", "import", str(good), "--organisation", "C", "--apply"])
    assert done.output.endswith("applied\n")
    with runtime.db.read() as tx:
        assert tx.scalar(select(func.count(Member.id))) == 1


@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_a_code_is_printed_for_a_member(app: Flask, runtime: Runtime) -> None:
    with runtime.db.begin() as tx:
        make.member(tx, make.organisation(tx, level="city"), number="A7")
    run = app.test_cli_runner().invoke
    code = run(args=["accounts", "code", "A7"]).output.strip()
    assert service.activate_account(runtime, "A7", code, PASSWORD)
