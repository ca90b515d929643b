"""flask db …: the schema."""

from typing import TYPE_CHECKING

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.runtime import Runtime
from academy.faculty import api as faculty
from academy.library import api as library

if TYPE_CHECKING:  # large, and not needed by a web process whose schema is up to date
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
    """Bring the database to the newest schema; a new one gets the initial categories and rules."""
    bring_up_to_date(current_app.extensions["academy"])
    click.echo("schema is current")


def bring_up_to_date(runtime: Runtime) -> None:
    """Run missing migrations; two processes at once take turns."""
    from alembic import command

    owner = runtime.settings.migration_url or runtime.db.url.render_as_string(hide_password=False)
    with runtime.db.write_lock():
        command.upgrade(alembic_config(owner), "head")
        if runtime.settings.migration_url and not runtime.db.is_sqlite:
            limit_service_account(
                owner, runtime.db.url.username or "", makes_indexes=runtime.settings.search_backend != "whoosh"
            )
    runtime.db.run_in_transaction(lambda tx: library.seed_categories(tx))
    runtime.db.run_in_transaction(faculty.seed_rules)
    runtime.db.run_in_transaction(faculty.seed_forms)


def limit_service_account(owner_url: str, account: str, *, makes_indexes: bool) -> None:
    """Grant the service account reading and writing of rows only: it cannot alter tables, and cannot change rows of the
    audit trail (it may delete those past their retention).

    `makes_indexes`: the search backend creates tables of its own beside the academy's.
    """
    from academy.core.database import Database

    database = Database(owner_url)
    with database.engine.begin() as connection:
        name = connection.dialect.identifier_preparer.quote(account)
        mine = [
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
            f"REVOKE CREATE ON SCHEMA public FROM {name}",
            f"GRANT USAGE{', CREATE' if makes_indexes else ''} ON SCHEMA public TO {name}",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
            f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
            # Chain values are assigned after the insert; all other columns are immutable.
            f"REVOKE UPDATE ON audit_entries FROM {name}",
            f"GRANT UPDATE (seq, chain) ON audit_entries TO {name}",
            f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {name}",
        ]
        for statement in mine:
            connection.exec_driver_sql(statement)
    database.dispose()


@group.command("check")
def check() -> None:
    """Compare the schema with the models; exit code 1 when they differ."""
    from alembic import command
    from alembic.util.exc import CommandError

    runtime: Runtime = current_app.extensions["academy"]
    config = alembic_config(runtime.db.url.render_as_string(hide_password=False))
    try:
        command.check(config)
    except CommandError as error:
        raise click.ClickException(str(error)) from None
