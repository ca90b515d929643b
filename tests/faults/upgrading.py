"""Databases that are brought to a revision."""

from alembic import command

from academy.cli.database import alembic_config
from academy.core.database import Database


def upgrade(database: Database, revision: str) -> None:
    command.upgrade(alembic_config(database.url.render_as_string(hide_password=False)), revision)


def downgrade(database: Database, revision: str) -> None:
    command.downgrade(alembic_config(database.url.render_as_string(hide_password=False)), revision)
