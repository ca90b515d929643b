"""The migrations make exactly the tables that the models describe, on both databases, and can be undone."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text

from academy.accounts.models import SecondFactor
from academy.cli.database import alembic_config
from academy.core.database import Base, Database
from academy.core.runtime import Runtime


def test_migrations_make_what_the_models_say(runtime: Runtime) -> None:
    with runtime.db.read() as tx:
        context = MigrationContext.configure(
            tx.connection(), opts={"compare_type": True, "target_metadata": Base.metadata}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_constraints_follow_the_naming_convention(runtime: Runtime) -> None:
    with runtime.db.read() as tx:
        found = inspect(tx.connection())
        for table in Base.metadata.tables:
            for index in found.get_indexes(table):
                assert str(index["name"]).startswith(("ix_", "uq_")), (table, index["name"])
            for constraint in found.get_check_constraints(table):
                assert str(constraint["name"]).startswith("ck_"), (table, constraint["name"])
            for key in found.get_foreign_keys(table):
                assert str(key["name"]).startswith("fk_"), (table, key["name"])


def test_every_model_says_why_it_exists() -> None:
    silent = [mapper.class_.__name__ for mapper in Base.registry.mappers if not (mapper.class_.__doc__ or "").strip()]
    assert silent == []


def test_an_upgrade_can_be_undone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    command.upgrade(alembic_config(url), "head")
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
