"""flask db …: the schema."""

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.house import House
from academy.library.service import seed_categories

if TYPE_CHECKING:  # large, and a web process that is up to date never needs it
    from alembic.config import Config

group = AppGroup("db", help="The database's schema.")


def alembic_config(url: str) -> "Config":
    """Alembic's configuration for a database URL, without an ini file."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "migrations")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


@group.command("upgrade")
def upgrade() -> None:
    """Bring the database to the newest schema; a new one gets its first shelves."""
    bring_up_to_date(current_app.extensions["academy"])
    click.echo("schema is current")


def bring_up_to_date(house: House) -> None:
    """Run whatever migrations are missing; two processes at once take turns."""
    from alembic import command

    with house.db.write_lock():
        command.upgrade(alembic_config(house.db.url.render_as_string(hide_password=False)), "head")
    with house.db.begin() as tx:
        seed_categories(tx)


@group.command("check")
def check() -> None:
    """Say whether the schema is what the models say; exit code 1 when it is not."""
    from alembic import command
    from alembic.util.exc import CommandError

    house: House = current_app.extensions["academy"]
    config = alembic_config(house.db.url.render_as_string(hide_password=False))
    try:
        command.check(config)
    except CommandError as error:
        raise click.ClickException(str(error)) from None
