"""flask privacy …: personal data."""

import click
from flask import current_app
from flask.cli import AppGroup

from academy.accounts import api as accounts
from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.notifications import api as notifications
from academy.people import api as people

group = AppGroup("privacy", help="Personal data.")


@group.command("rotate")
def rotate() -> None:
    """Seal every phone, mail address and second step anew with the current key and cipher; then retired keys may be
    forgotten."""
    runtime: Runtime = current_app.extensions["academy"]

    def write(tx: Tx) -> tuple[int, int, int, int]:
        waiting = people.count_sealed_members(tx)
        with click.progressbar(length=waiting, label="sealing") as bar:
            changed = people.reseal_members(tx, runtime.sealer, bar.update)
        factors = accounts.reseal_second_steps(tx, runtime.sealer)
        return waiting, changed, factors, notifications.reseal_addresses(tx, runtime.sealer)

    waiting, changed, factors, addresses = runtime.db.run_in_transaction(write)
    click.echo(f"{changed} of {waiting} sealed anew, {factors} second steps, {addresses} mail addresses")
