"""flask search …: the index. It is disposable: everything in it comes from the tables."""

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.house import House
from academy.search import doctor as doctors
from academy.search import queries
from academy.search.engine import backend

group = AppGroup("search", help="The search index.")


def _house() -> House:
    house: House = current_app.extensions["academy"]
    return house


@group.command("rebuild")
def rebuild() -> None:
    """Make the index anew from the tables, beside the one in use."""
    house = _house()
    with house.db.read() as tx:
        total, segmenter = len(queries.published_ids(tx)), queries.segmenter(tx)
    with click.progressbar(length=total, label="indexing") as bar:
        done = backend(house).rebuild(queries.all_lectures(house.db), segmenter, lambda _: bar.update(1))
    click.echo(f"{done} courses")


@group.command("merge")
def merge() -> None:
    """Make the index compact; readers go on meanwhile."""
    backend(_house()).merge()
    click.echo("merged")


@group.command("doctor")
@click.option("--mend", is_flag=True, help="Re-index what differs; rebuild an index that cannot be read.")
def doctor(mend: bool) -> None:
    """Compare the index with the tables; exit with 1 if they differ and are not mended."""
    report = doctors.examine(_house(), mend=mend)
    click.echo(report.describe())
    if not report.healthy and not mend:
        raise SystemExit(1)
