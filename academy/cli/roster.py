"""flask roster …: import of roster and tree files without the browser; the same dry run, the same rules."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core.actor import SYSTEM
from academy.core.database import Tx
from academy.core.errors import AcademyError
from academy.core.i18n import Message
from academy.core.runtime import Runtime
from academy.jobs import api as jobs
from academy.people import api as people
from academy.people.api import RosterImport
from academy.roster import api as roster

group = AppGroup("roster", help="Import rosters and organisation trees.")


def _run(runtime: Runtime, made: RosterImport) -> RosterImport:
    """Run the import's job here, unless a worker has claimed it."""
    if made.job_id:
        jobs.run_job(runtime, made.job_id)
    with runtime.db.read() as tx:
        return roster.import_of_id(tx, made.id)


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--organisation", "code", required=True, help="Code of the node whose roster this is.")
@click.option("--tree", is_flag=True, help="The file is about organisations.")
@click.option("--complete", is_flag=True, help="Members who are not in the file have left.")
@click.option("--apply", "do", is_flag=True, help="Apply it when there are no errors.")
def import_(file: Path, code: str, tree: bool, complete: bool, do: bool) -> None:
    """Check FILE and print what would change and every bad row; with --apply, do it: all or nothing."""
    runtime: Runtime = current_app.extensions["academy"]
    try:
        with file.open("rb") as stream:
            received = roster.receive_file(runtime.settings, stream)

        def begin(tx: Tx) -> RosterImport:
            node = people.find_organisation(tx, ["/"], code)
            if node is None:
                raise click.ClickException(f"no organisation {code!r}")
            kind = "tree" if tree else "members"
            return roster.begin_import(
                tx, SYSTEM, node, received=received, filename=file.name, complete=complete, kind=kind
            )

        made = _run(runtime, runtime.db.run_in_transaction(begin))
        _print(runtime, made)
        if made.state != "checked":
            raise click.ClickException("refused: nothing was changed")
        if do:
            checked = made.id
            made = runtime.db.run_in_transaction(
                lambda tx: roster.confirm_import(tx, SYSTEM, roster.import_of_id(tx, checked))
            )
            made = _run(runtime, made)
            click.echo(made.state)
    except AcademyError as error:
        raise click.ClickException(str(error)) from error


def _print(runtime: Runtime, made: RosterImport) -> None:
    if made.problem:
        click.echo(str(Message.from_json(made.problem)))
    for kind, count in made.summary.items():
        if kind != "digest":
            click.echo(f"{kind}\t{count}")
    for block in roster.read_findings(runtime.settings, made).all("bad"):
        for bad in block:
            click.echo(f"{bad.line}\t{bad.number}\t" + "；".join(str(note) for note in bad.notes))
