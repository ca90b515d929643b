"""flask privacy …: what is held about people."""

import click
from flask import current_app
from flask.cli import AppGroup

from academy.accounts import second_step
from academy.core.db import Tx
from academy.core.house import House
from academy.members import resealing

group = AppGroup("privacy", help="What is held about people.")


@group.command("rotate")
def rotate() -> None:
    """Seal every phone and second step anew with the current key and cipher; then retired keys may be forgotten."""
    house: House = current_app.extensions["academy"]

    def write(tx: Tx) -> tuple[int, int, int]:
        waiting = resealing.count(tx)
        with click.progressbar(length=waiting, label="sealing") as bar:
            changed = resealing.reseal(tx, house.sealer, bar.update)
        return waiting, changed, second_step.reseal(tx, house.sealer)

    waiting, changed, factors = house.db.run_in_transaction(write)
    click.echo(f"{changed} of {waiting} sealed anew, {factors} second steps")
