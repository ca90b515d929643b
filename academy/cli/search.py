"""flask search …: the index. It can be rebuilt at any time: everything in it comes from the tables."""

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.runtime import Runtime
from academy.search import api as search

group = AppGroup("search", help="The search index.")


def _runtime() -> Runtime:
    runtime: Runtime = current_app.extensions["academy"]
    return runtime


@group.command("rebuild")
def rebuild() -> None:
    """Make the index anew from the tables, beside the one in use."""
    runtime = _runtime()
    with runtime.db.read() as tx:
        total, segmenter = len(search.published_course_ids(tx)), search.load_segmenter(tx)
    with click.progressbar(length=total, label="indexing") as bar:
        done = search.search_backend(runtime).rebuild(
            search.stream_lectures(runtime.db), segmenter, lambda _: bar.update(1)
        )
    click.echo(f"{done} courses")


@group.command("merge")
def merge() -> None:
    """Make the index compact; readers go on meanwhile."""
    search.search_backend(_runtime()).merge()
    click.echo("merged")


@group.command("doctor")
@click.option("--mend", is_flag=True, help="Re-index what differs; rebuild an index that cannot be read.")
def doctor(mend: bool) -> None:
    """Compare the index with the tables; exit with 1 if they differ and are not mended."""
    report = search.check_index(_runtime(), mend=mend)
    click.echo(report.describe())
    if not report.healthy and not mend:
        raise SystemExit(1)
