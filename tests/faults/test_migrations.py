"""Migrations back to nothing, and what single ones promise about the rows they meet."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

from academy.accounts.models import SecondFactor
from academy.cli.database import alembic_config
from academy.core.database import Database
from tests.support import templates

pytestmark = pytest.mark.faults


def test_an_upgrade_can_be_undone(tmp_path: Path) -> None:
    templates.migrated(tmp_path / "x.db")
    url = f"sqlite:///{tmp_path / 'x.db'}"
    command.downgrade(alembic_config(url), "base")
    database = Database(url)
    with database.read() as tx:
        assert set(inspect(tx.connection()).get_table_names()) <= {"alembic_version"}
    database.dispose()


def test_second_steps_in_use_before_the_rule_of_approval_stay_in_use(tmp_path: Path) -> None:
    """An upgrade shuts no officer out; what nobody had confirmed yet waits like any other."""
    url = f"sqlite:///{tmp_path / 'x.db'}"
    command.upgrade(alembic_config(url), "0022")
    database = Database(url)
    then = "2026-03-01 08:00:00.000000"
    account = text(
        "INSERT INTO accounts (id, public_id, username, display_name, state, elder_mode, created_at) "
        "VALUES (:id, :id, :id, '', 'active', 0, :then)"
    )
    factor = text(
        "INSERT INTO second_factors (account_id, secret_sealed, last_step, created_at, confirmed_at) "
        "VALUES (:id, x'00', 0, :then, :confirmed)"
    )
    with database.begin() as tx:
        for number, confirmed in ((1, then), (2, None)):
            tx.execute(account, {"id": number, "then": then})
            tx.execute(factor, {"id": number, "then": then, "confirmed": confirmed})
    database.dispose()
    command.upgrade(alembic_config(url), "head")
    database = Database(url)
    with database.read() as tx:
        kept = tx.execute(select(SecondFactor.account_id, SecondFactor.confirmed_at, SecondFactor.approved_at)).all()
    database.dispose()
    assert [(row.account_id, row.approved_at is not None) for row in kept] == [(1, True), (2, False)]
    assert kept[0].approved_at == kept[0].confirmed_at
