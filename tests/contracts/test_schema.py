"""The migrations make exactly the tables that the models describe, on both databases, and can be undone."""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from academy.cli.database import alembic_config
from academy.core.db import Base, Database
from academy.core.house import House


def test_migrations_make_what_the_models_say(house: House) -> None:
    with house.db.read() as tx:
        context = MigrationContext.configure(
            tx.connection(), opts={"compare_type": True, "target_metadata": Base.metadata}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_constraints_follow_the_naming_convention(house: House) -> None:
    with house.db.read() as tx:
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
