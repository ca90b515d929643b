"""flask progress …: check that starts, completions and hours derived from the watch ledger are written, and repair
them."""

import sys

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.runtime import Runtime
from academy.learning import api as learning

group = AppGroup("progress", help="The watch ledger.")

SHOWN = 50


@group.command("verify")
def verify() -> None:
    """Derive starts and completions anew from every ledger row; exit code 1 if any is missing."""
    runtime: Runtime = current_app.extensions["academy"]
    found = 0
    for (member_id, item_id, version), what in learning.ledger_differences(runtime.db):
        found += 1
        if found <= SHOWN:
            click.echo(f"member {member_id} item {item_id} version {version}\t{what}")
    click.echo(f"{found} differences")
    sys.exit(1 if found else 0)


@group.command("repair")
@click.option("--all", "everything", is_flag=True, help="Check every ledger row, not only marked ones.")
def repair(everything: bool) -> None:
    """Write what follows from credit and was not written; exit code 1 if something failed again."""
    runtime: Runtime = current_app.extensions["academy"]
    found = [learning.repair_ledgers(runtime.db)]
    if everything:
        found.append(learning.derive_from_ledgers(runtime.db))
    failed = sum(one.failed for one in found)
    click.echo(f"{sum(one.done for one in found)} repaired, {failed} failed")
    sys.exit(1 if failed else 0)
