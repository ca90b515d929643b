"""flask faculty …: verify, simulate, verify-note."""

import datetime as dt
import json
import sys
from typing import BinaryIO

import click
from flask import current_app
from flask.cli import AppGroup

from academy.core import clock
from academy.core.runtime import Runtime
from academy.faculty import api as faculty

group = AppGroup("faculty", help="The leaders' lecture programme.")

SHOWN = 50


@group.command("verify")
@click.option("--on", "days", multiple=True, type=click.DateTime(["%Y-%m-%d"]), help="As of this day; today if none.")
def verify_(days: tuple[dt.datetime, ...]) -> None:
    """Recount obligations, hours, material and consents from the rows; exit code 1 if anything differs."""
    runtime: Runtime = current_app.extensions["academy"]
    found = []
    with runtime.db.read(snapshot=True) as tx:
        for day in [one.date() for one in days] or [clock.today()]:
            differences = faculty.recount_differences(tx, day)
            click.echo(f"{day}\t{len(differences)} differences")
            found += differences
    for difference in found[:SHOWN]:
        click.echo(str(difference))
    if len(found) > SHOWN:
        click.echo(f"… and {len(found) - SHOWN} more")
    sys.exit(1 if found else 0)


@group.command("simulate")
@click.option("--years", type=click.IntRange(1, 30), default=5, show_default=True)
@click.option("--lecturers", type=click.IntRange(1, 2000), default=150, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def simulate_(years: int, lecturers: int, seed: int) -> None:
    """Let a made-up school teach for some years and compare what is counted with its diary: one line of JSON."""
    result = faculty.simulate(years, lecturers, seed)
    for difference in result.differences[:SHOWN]:
        click.echo(difference, err=True)
    line: dict[str, float] = {"years": years, "lecturers": lecturers, "seed": seed, **result.counts}
    line |= {"checks": result.checks, "differences": len(result.differences), "seconds": round(result.seconds, 1)}
    click.echo(json.dumps(line))
    sys.exit(1 if result.differences else 0)


@group.command("verify-note")
@click.argument("file", type=click.File("rb"))
@click.option("--key", help="Public key in Base64: check with it alone, without the database.")
def verify_note_(file: BinaryIO, key: str | None) -> None:
    """Check a personnel note, PDF or JSON: what it says as one line of JSON; exit code 1 unless it is valid."""
    data = file.read(faculty.LARGEST_NOTE + 1)
    if key is not None:
        checked = faculty.check_offline(data, [key])
    else:
        runtime: Runtime = current_app.extensions["academy"]
        with runtime.db.read() as tx:
            checked = faculty.check_note(tx, data)
    line = {"state": checked.state.value, "key": checked.key_id, "reason": checked.reason, "note": checked.document}
    click.echo(json.dumps(line, ensure_ascii=False))
    sys.exit(0 if checked.state == faculty.NoteState.VALID else 1)
