"""flask db …: the schema."""

import click
from alembic import command
from alembic.config import Config
from flask import current_app
from flask.cli import AppGroup

from academy.core.house import House

group = AppGroup("db", help="The database's schema.")


def alembic_config(url: str) -> Config:
    """Alembic's configuration for a database URL, without an ini file."""
    config = Config()
    config.set_main_option("script_location", "migrations")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@group.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema."""
    house: House = current_app.extensions["academy"]
    command.upgrade(alembic_config(house.db.url.render_as_string(hide_password=False)), "head")
    click.echo("schema is current")
