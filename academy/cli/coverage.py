"""flask coverage …: recount, repair, settle."""

import functools
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.database import Tx
from academy.core.runtime import Runtime
from academy.trainings import api as trainings
from academy.trainings.api import Training

group = AppGroup("coverage", help="Coverage figures.")

SHOWN = 50


def _trainings(tx: Tx, public_id: str | None) -> list[Training]:
    found = trainings.counting_trainings(tx, public_id)
    if public_id and not found:
        raise click.ClickException(f"no open or closed training {public_id}")
    return found


@group.command("verify")
@click.option("--training", "public_id", help="Only this one.")
def verify_(public_id: str | None) -> None:
    """Recount every figure of every day from the rows; exit code 1 if any differs."""
    runtime: Runtime = current_app.extensions["academy"]
    found = 0
    with runtime.db.read(snapshot=True) as tx:
        for training in _trainings(tx, public_id):
            differences = trainings.recount_differences(tx, training)
            for difference in differences[:SHOWN]:
                click.echo(str(difference))
            if len(differences) > SHOWN:
                click.echo(f"… and {len(differences) - SHOWN} more")
            found += len(differences)
            click.echo(f"{training.public_id}\t{len(differences)} differences")
    sys.exit(1 if found else 0)


@group.command("rebuild")
@click.option("--training", "public_id", help="Only this one.")
def rebuild(public_id: str | None) -> None:
    """Write progress and figures anew from the rows, one training a transaction."""
    runtime: Runtime = current_app.extensions["academy"]
    with runtime.db.read() as tx:
        ids = [training.public_id for training in _trainings(tx, public_id)]

    def write(tx: Tx, training_id: str) -> None:
        for training in trainings.counting_trainings(tx, training_id):
            trainings.rebuild_training(tx, training)

    for one in ids:
        runtime.db.run_in_transaction(functools.partial(write, training_id=one))
        click.echo(f"{one}\trebuilt")


@group.command("settle")
def settle() -> None:
    """Apply every pending change to the cells."""
    runtime: Runtime = current_app.extensions["academy"]
    total = 0
    while True:
        moved = runtime.db.run_in_transaction(trainings.settle_cells)
        total += moved
        if not moved:
            break
    click.echo(f"{total} changes settled")
