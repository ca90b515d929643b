"""flask evidence …: verify an evidence pack."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.errors import Invalid
from academy.core.runtime import Runtime
from academy.reports import api as reports

group = AppGroup("evidence", help="Evidence packs.")

SHOWN = 100


@group.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(file: Path) -> None:
    """Work a pack's definition out again and say what differs; exit code 1 if anything does."""
    runtime: Runtime = current_app.extensions["academy"]
    try:
        with runtime.db.read(snapshot=True) as tx:
            found = reports.check_pack(tx, file)
    except Invalid as error:
        raise click.ClickException(str(error.message)) from error
    for line in found[:SHOWN]:
        click.echo(line)
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more")
    click.echo(f"{len(found)} differences")
    sys.exit(1 if found else 0)
